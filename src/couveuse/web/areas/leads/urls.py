"""Which address is answered by what: leads in lists, one lead, one company."""

from django.urls import URLPattern, URLResolver, path

from couveuse.web.areas.leads import (
    company,
    deeds,
    erasing,
    finding,
    holding,
    list_add,
    list_bulk,
    list_export,
    list_page,
    merging,
    panel,
    record,
    views,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("find", finding.find, name="find"),
    path("leads", list_page.leads, name="leads"),
    path("leads/add", list_add.add, name="leads_add"),
    path("leads/added/<str:digest>", list_add.added, name="leads_added"),
    path("leads/bulk", list_bulk.bulk, name="leads_bulk"),
    path("leads/bulk/<int:job_id>", list_bulk.bulk_job, name="leads_bulk_job"),
    path("leads/export", list_export.export, name="leads_export"),
    path("leads/views", views.views, name="leads_views"),
    path("leads/views/<int:view_id>", views.change, name="leads_view"),
    path("leads/<int:lead_id>/panel", panel.panel, name="leads_panel"),
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
