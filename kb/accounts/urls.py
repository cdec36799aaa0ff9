"""Addresses of the accounts, under the word for "account": ours and allauth's views at words of the site's three
languages.

Signing up is closed (accounts are made by editors), and allauth's own page of addresses is left out: ours is
`owning.own_addresses`. What asks to confirm the password asks for a log-in first: allauth would keep what a stranger
sends in a session made for it.
"""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from django.contrib.auth.decorators import login_required as own
from django.urls import path, re_path
from django.utils.text import format_lazy

from kb.accounts.linking import fresh_session
from kb.accounts.login import arriving, entering, passkeys
from kb.accounts.own import views as owning
from kb.accounts.personal_data.views import urlpatterns as personal_urlpatterns
from kb.languages import word

_log_in, _confirm, _password = word("log-in"), word("confirm"), word("password")
_forgotten, _done = word("forgotten"), word("done")
_address, _passkeys = word("address"), word("passkeys")
_invitation = word("invitation")
_factor, _codes = word("second-factor"), word("recovery-codes")

urlpatterns = [
    path("", owning.index, name="account_index"),
    path(format_lazy("{}/", _address), owning.own_addresses, name="account_addresses"),
    path(format_lazy("{}/{}/", _address, _confirm), owning.confirm_address, name="account_address_confirm"),
    path(format_lazy("{}/{}/<str:token>/", _address, _confirm), owning.confirm_address, name="account_address_link"),
    path(format_lazy("{}/", word("sessions")), owning.sessions, name="account_sessions"),
    path(format_lazy("{}/{}/", _log_in, _passkeys), entering.log_in_by_passkey, name="mfa_login_webauthn"),
    path(format_lazy("{}/{}/", _confirm, _passkeys), passkeys.confirm, name="mfa_reauthenticate_webauthn"),
    path(format_lazy("{}/", _passkeys), passkeys.own, name="mfa_list_webauthn"),
    path(format_lazy("{}/{}/", _passkeys, word("add")), own(passkeys.add), name="mfa_add_webauthn"),
    path(format_lazy("{}/<int:pk>/", _passkeys), own(passkeys.rename), name="mfa_edit_webauthn"),
    path(
        format_lazy("{}/<int:pk>/{}/", _passkeys, word("take-away")),
        own(passkeys.remove),
        name="mfa_remove_webauthn",
    ),
    path(format_lazy("{}/", _log_in), entering.log_in, name="account_login"),
    path(format_lazy("{}/code/", _log_in), mfa.authenticate, name="mfa_authenticate"),
    path(format_lazy("{}/", word("log-out")), account.logout, name="account_logout"),
    path(format_lazy("{}/", word("inactive")), account.account_inactive, name="account_inactive"),
    path(format_lazy("{}/", word("new-account")), account.signup, name="account_signup"),
    path(format_lazy("{}/", _invitation), arriving.invitation, name="account_invitation_page"),
    path(format_lazy("{}/{}/", _invitation, word("new")), arriving.ask_again, name="account_invitation_again"),
    path(format_lazy("{}/{}/", _invitation, word("sent")), arriving.asked, name="account_invitation_asked"),
    path(format_lazy("{}/<str:token>/", _invitation), arriving.invitation, name="account_invitation"),
    *personal_urlpatterns,
    path(format_lazy("{}/", _confirm), account.reauthenticate, name="account_reauthenticate"),
    path(format_lazy("{}/code/", _confirm), mfa.reauthenticate, name="mfa_reauthenticate"),
    path(format_lazy("{}/", _password), account.password_change, name="account_change_password"),
    path(format_lazy("{}/{}/", _password, word("new")), account.password_set, name="account_set_password"),
    path(format_lazy("{}/{}/", _password, _forgotten), account.password_reset, name="account_reset_password"),
    path(
        format_lazy("{}/{}/{}/", _password, _forgotten, word("sent")),
        account.password_reset_done,
        name="account_reset_password_done",
    ),
    path(
        format_lazy("{}/{}/{}/", _password, _forgotten, _done),
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    re_path(
        format_lazy("^{}/{}/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$", _password, _forgotten),
        fresh_session(account.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path(format_lazy("{}/", _factor), mfa.index, name="mfa_index"),
    path(format_lazy("{}/{}/", _factor, word("set-up")), own(totp.activate_totp), name="mfa_activate_totp"),
    path(
        format_lazy("{}/{}/", _factor, word("take-away")),
        own(totp.deactivate_totp),
        name="mfa_deactivate_totp",
    ),
    path(
        format_lazy("{}/{}/", _factor, _codes),
        own(recovery_codes.view_recovery_codes),
        name="mfa_view_recovery_codes",
    ),
    path(
        format_lazy("{}/{}/{}/", _factor, _codes, word("new")),
        own(recovery_codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path(
        format_lazy("{}/{}/{}/", _factor, _codes, word("file")),
        own(recovery_codes.download_recovery_codes),
        name="mfa_download_recovery_codes",
    ),
]
