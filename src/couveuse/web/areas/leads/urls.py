"""Which address is answered by what: leads in lists, one lead, one company."""

from django.urls import URLPattern, URLResolver, path

from couveuse.web.areas.leads import company, deeds, erasing, holding, merging, record

urlpatterns: list[URLPattern | URLResolver] = [
    path("leads/<int:lead_id>", record.record, name="lead"),
    path("leads/<int:lead_id>/receipt", record.receipt, name="leads_receipt"),
    path("leads/<int:lead_id>/note", deeds.note, name="leads_note"),
    path("leads/<int:lead_id>/points", deeds.points, name="leads_points"),
    path("leads/<int:lead_id>/verdict", deeds.verdict, name="leads_verdict"),
    path("leads/<int:lead_id>/edit", deeds.edit, name="leads_edit"),
    path("leads/<int:lead_id>/link", deeds.link, name="leads_link"),
    path("leads/<int:lead_id>/relevant", deeds.relevant, name="leads_relevant"),
    path("leads/<int:lead_id>/alerts/<int:alert_id>", deeds.acknowledge, name="leads_acknowledge"),
    path("leads/<int:lead_id>/hold", holding.put_on_hold, name="leads_hold"),
    path("leads/<int:lead_id>/lift", holding.lift_hold, name="leads_lift"),
    path("leads/<int:lead_id>/tasks/<int:task_id>/later", holding.put_off, name="leads_put_off"),
    path("leads/<int:lead_id>/merge", merging.merge_leads, name="leads_merge"),
    path("leads/<int:lead_id>/merges/<int:merge_id>/undo", merging.undo, name="leads_unmerge"),
    path("leads/<int:lead_id>/erase", erasing.erase, name="leads_erase"),
    path("companies", company.all_companies, name="companies"),
    path("companies/<int:company_id>", company.company, name="company"),
]
