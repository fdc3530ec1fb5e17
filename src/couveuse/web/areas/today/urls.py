"""Which address is answered by what: what changed since yesterday, by role; and what a lead is here."""

from django.urls import URLPattern, URLResolver, path

from couveuse.web.areas.today import acknowledging, arrivals, model, today

urlpatterns: list[URLPattern | URLResolver] = [
    path("today", today.show, name="today"),
    path("today/arrivals", arrivals.show, name="today_arrivals"),
    path("today/alerts", acknowledging.unseen, name="today_alerts"),
    path("today/alerts/acknowledge", acknowledging.acknowledge_all, name="today_acknowledge_all"),
    path("today/alerts/<int:alert_id>/acknowledge", acknowledging.acknowledge, name="today_acknowledge"),
    path("model", model.show, name="model"),
]
