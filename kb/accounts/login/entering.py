"""The two ways in, by password and by passkey:
allauth's views behind the limit of how often one place may send them (`admitting`).
"""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.webauthn import views as webauthn
from django.http import HttpRequest, HttpResponse
from django.views.decorators.debug import sensitive_post_parameters

from kb.accounts.login import admitting, challenging
from kb.site.limiting import too_many


@sensitive_post_parameters()
def log_in(request: HttpRequest) -> HttpResponse:
    if request.method == "POST" and not admitting.try_page(request):
        return too_many(request)
    return account.login(request)


@sensitive_post_parameters()
def log_in_by_passkey(request: HttpRequest) -> HttpResponse:
    """GET gives a challenge, POST takes the answer to it."""
    if request.method != "POST":
        response = webauthn.login_webauthn(request)
        challenging.give(request, response)
        return response
    if not admitting.try_passkey(request):
        return too_many(request)
    challenging.take_back(request)
    response = webauthn.login_webauthn(request)
    challenging.forget(request, response)
    return response
