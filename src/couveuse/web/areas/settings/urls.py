"""Which address is answered by what: users, teams, keys, channels, switches and health."""

from django.urls import URLPattern, URLResolver, path

from couveuse.web.areas.settings import audit, index, keys, switches, tokens

urlpatterns: list[URLPattern | URLResolver] = [
    path("settings", index.index, name="settings"),
    path("settings/keys", keys.keys, name="settings_keys"),
    path("settings/keys/<int:number>/revoke", keys.revoke),
    path("settings/tokens", tokens.tokens, name="settings_tokens"),
    path("settings/tokens/<int:number>/revoke", tokens.revoke),
    path("settings/switches", switches.show, name="settings_switches"),
    path("settings/switches/<str:name>", switches.turn),
    path("settings/audit", audit.show, name="settings_audit"),
]
