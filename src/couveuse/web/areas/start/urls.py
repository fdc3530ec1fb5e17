"""Which address is answered by what: the first five minutes, and files brought in."""

from django.urls import URLPattern, URLResolver, path

from couveuse.web.areas.start import brought, files, first, sending

urlpatterns: list[URLPattern | URLResolver] = [
    path("start", first.show, name="start"),
    path("start/list", first.put_away, name="start_list"),
    path("start/model", first.model, name="start_model"),
    path("start/send", sending.send, name="start_send"),
    path("start/arrived/<int:number>", sending.arrived, name="start_arrived"),
    path("start/sample.csv", first.sample, name="start_sample"),
    path("imports", brought.show, name="imports"),
    path("imports/new", files.new, name="import_new"),
    path("imports/files/<int:number>", files.file, name="import_file"),
    path("imports/files/<int:number>/look", files.look, name="import_look"),
    path("imports/files/<int:number>/away", files.away, name="import_away"),
    path("imports/files/<int:number>/work", files.work, name="import_work"),
    path("imports/<int:number>", brought.one, name="import"),
    path("imports/<int:number>/rejects.csv", brought.rejects_csv, name="import_rejects"),
    path("imports/<int:number>/undo", brought.undo, name="import_undo"),
]
