"""Which address is answered by what: signing in, invitations, one's own account, users."""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.socialaccount import views as social
from allauth.socialaccount.providers.openid_connect import views as oidc
from django.urls import URLPattern, URLResolver, path

from couveuse.web.areas.accounts import choosing, emails, entrance, own, recording, users
from couveuse.web.areas.accounts.passing import elsewhere, passed
from couveuse.web.areas.accounts.passing import own as of_own

__all__ = ["recording", "urlpatterns"]  # what is recorded is asked of signals, and has to be imported

_login = account.LoginView.as_view(extra_context={"elsewhere": entrance.elsewhere})

urlpatterns: list[URLPattern | URLResolver] = [
    path("welcome/<str:token>", entrance.welcome, name="welcome"),
    path("join/<str:token>", entrance.join, name="join"),
    path("account/password/reset/", entrance.forgot, name="account_reset_password"),
    path("account/password/reset/<str:token>/", entrance.reset, name="reset"),
    path("settings/me", own.me, name="me"),
    path("settings/me/choose", choosing.choose, name="choose"),
    path("settings/me/email", emails.email, name="own_email"),
    path("account/email/<str:token>/", emails.confirm, name="confirm_email"),
    path("settings/me/sessions/<int:number>/end", own.end_session, name="end_session"),
    path("settings/me/sessions/end-others", own.end_others, name="end_others"),
    path("account/password/change/", own.password, name="account_change_password"),
    path("settings/users", users.users, name="settings_users"),
    path("settings/users/invite", users.invite, name="invite"),
    path("settings/users/invitations/<int:number>/revoke", users.revoke, name="revoke_invitation"),
    path("settings/users/<int:number>", users.user, name="settings_user"),
    path("settings/users/<int:number>/change", users.change, name="change_user"),
    path("settings/users/<int:number>/email", emails.of_user, name="user_email"),
    path("settings/users/<int:number>/delete", users.delete, name="delete_user"),
    path("settings/users/<int:number>/link", users.link, name="reset_link"),
    path("settings/users/<int:number>/<str:word>", users.act, name="act_on_user"),
    # What allauth answers, by the names that it knows them by.
    path(
        "account/login/",
        passed(account.LoginView.as_view(extra_context={"elsewhere": entrance.elsewhere})),
        name="account_login",
    ),
    path("account/logout/", passed(account.logout), name="account_logout"),
    path("account/inactive/", passed(account.account_inactive), name="account_inactive"),
    path("account/reauthenticate/", of_own(account.reauthenticate), name="account_reauthenticate"),
    path("account/mfa/", own.to_me, name="mfa_index"),
    path("account/mfa/authenticate/", passed(mfa.authenticate), name="mfa_authenticate"),
    path("account/mfa/reauthenticate/", of_own(mfa.reauthenticate), name="mfa_reauthenticate"),
    path("account/mfa/totp/activate/", of_own(totp.activate_totp), name="mfa_activate_totp"),
    path("account/mfa/totp/deactivate/", of_own(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("account/mfa/recovery-codes/", of_own(codes.view_recovery_codes), name="mfa_view_recovery_codes"),
    path("account/mfa/recovery-codes/new/", of_own(codes.generate_recovery_codes), name="mfa_generate_recovery_codes"),
    path("account/mfa/passkeys/", own.to_me, name="mfa_list_webauthn"),
    path("account/mfa/passkeys/add/", of_own(webauthn.add_webauthn), name="mfa_add_webauthn"),
    path("account/mfa/passkeys/<int:pk>/rename/", of_own(webauthn.edit_webauthn), name="mfa_edit_webauthn"),
    path("account/mfa/passkeys/<int:pk>/remove/", of_own(webauthn.remove_webauthn), name="mfa_remove_webauthn"),
    path("account/mfa/passkeys/login/", passed(webauthn.login_webauthn), name="mfa_login_webauthn"),
    path(
        "account/mfa/passkeys/reauthenticate/",
        of_own(webauthn.reauthenticate_webauthn),
        name="mfa_reauthenticate_webauthn",
    ),
    path("account/oidc/<str:provider_id>/login/", elsewhere(oidc.login), name="openid_connect_login"),
    path("account/oidc/<str:provider_id>/login/callback/", elsewhere(oidc.callback), name="openid_connect_callback"),
    path("account/elsewhere/cancelled/", passed(social.login_cancelled), name="socialaccount_login_cancelled"),
    path("account/elsewhere/error/", passed(social.login_error), name="socialaccount_login_error"),
]
