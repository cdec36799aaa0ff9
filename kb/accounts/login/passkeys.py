"""Passkeys: a key in the telephone, the computer or on a stick that logs in by itself. allauth keeps and checks them;
here is what we ask of them.

Every key is one that finds the person by itself and asks for a finger, a face or a PIN: having it and being it are two
factors in one step, so that a session opened with it has passed the second factor. The ceremony in the browser is
kb/static/js/passkeys.js.
"""

from __future__ import annotations

from typing import Any

from allauth.mfa.webauthn import views
from allauth.mfa.webauthn.internal import auth
from django.http import HttpResponse, HttpResponseRedirect


class AddPasskeyView(views.AddWebAuthnView):
    """The page that adds a passkey, never a bare security key: the answer of the browser must prove that the device
    verified the person.
    """

    def get_context_data(self, **kwargs: Any) -> dict:
        context = super().get_context_data(**kwargs)
        return {**context, "options": auth.begin_registration(self.request.user, True)}


class ConfirmByPasskeyView(views.ReauthenticateWebAuthnView):
    """Comes back to its own page when a key does not fit."""

    def form_invalid(self, form: Any) -> HttpResponse:
        super().form_invalid(form)
        return HttpResponseRedirect(self.request.get_full_path())


add = AddPasskeyView.as_view()
confirm = ConfirmByPasskeyView.as_view()
own = views.list_webauthn
rename = views.edit_webauthn
remove = views.remove_webauthn
