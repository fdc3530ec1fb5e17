"""Which address is answered by what: users, teams, keys, channels, switches and health."""

from django.urls import URLPattern, URLResolver, path

from couveuse.web.areas.settings import audit, endpoints, health, index, keys, outgoing, switches, tokens

urlpatterns: list[URLPattern | URLResolver] = [
    path("settings", index.index, name="settings"),
    path("settings/keys", keys.keys, name="settings_keys"),
    path("settings/keys/<int:number>/revoke", keys.revoke),
    path("settings/tokens", tokens.tokens, name="settings_tokens"),
    path("settings/tokens/<int:number>/revoke", tokens.revoke),
    path("settings/switches", switches.show, name="settings_switches"),
    path("settings/switches/<str:name>", switches.turn),
    path("settings/outgoing", outgoing.show, name="settings_outgoing"),
    path("settings/outgoing/replay", outgoing.replay_all),
    path("settings/outgoing/mail/try", outgoing.try_mail),
    path("settings/outgoing/<int:number>", outgoing.one),
    path("settings/outgoing/<int:number>/replay", outgoing.replay),
    path("settings/outgoing/endpoints", endpoints.add),
    path("settings/outgoing/endpoints/<str:id>", endpoints.one),
    path("settings/outgoing/endpoints/<str:id>/rotate", endpoints.rotate),
    path("settings/outgoing/endpoints/<str:id>/disable", endpoints.disable),
    path("settings/outgoing/endpoints/<str:id>/enable", endpoints.enable),
    path("settings/outgoing/endpoints/<str:id>/try", endpoints.try_out),
    path("settings/outgoing/addresses", endpoints.add_address),
    path("settings/outgoing/addresses/<str:name>/remove", endpoints.remove_address),
    path("settings/outgoing/addresses/<str:name>/try", endpoints.try_address),
    path("settings/health", health.show, name="settings_health"),
    path("settings/audit", audit.show, name="settings_audit"),
]
