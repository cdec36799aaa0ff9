"""The page of an invitation: a person chooses a password, is logged in and led on.

What an invitation is stands in `invitations`.
"""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.core.ratelimit import consume
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import override
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from kb.accounts.choices import InvitationState
from kb.accounts.linking import forget_token, keep_token, kept_token, secret_address
from kb.accounts.login import invitations
from kb.accounts.login.adapter import first_page
from kb.accounts.login.forms import ArrivalForm
from kb.accounts.models import Invitation
from kb.accounts.sessions.second_factor import has_second_factor
from kb.site.limiting import too_many

PURPOSE = "invitation"
GONE = frozenset({InvitationState.USED, InvitationState.REVOKED, InvitationState.EXPIRED, InvitationState.CLOSED})


@secret_address
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str = "") -> HttpResponse:
    """A GET shows, a POST accepts; the link itself leads to the page without its token."""
    if request.method != "POST" and token and invitations.find(token):
        return keep_token(request, PURPOSE, token, reverse("account_invitation_page"))
    found = invitations.find(token or kept_token(request, PURPOSE))
    state = invitations.state_of(found)
    if found is None or state != InvitationState.OPEN:
        return _show_dead(request, state)
    if request.user.is_authenticated and request.user.pk != found.user_id:
        return render(request, "accounts/invitation_other.html", {"invitation": found}, status=409)
    if request.method == "POST" and not consume(request, action="invitation"):
        return too_many(request)
    form = ArrivalForm(request.POST or None, user=found.user)
    if request.method == "POST" and form.is_valid():
        return _arrive(request, found, form.cleaned_data)
    return render(request, "accounts/invitation.html", {"form": form, "invitation": found})


@require_POST
def ask_again(request: HttpRequest) -> HttpResponse:
    """Sends a new invitation where one is due; the same answer whoever asks, with whatever link."""
    if not consume(request, action="invitation"):
        return too_many(request)
    invitations.ask_again(invitations.find(kept_token(request, PURPOSE)))
    forget_token(request, PURPOSE)
    return HttpResponseRedirect(reverse("account_invitation_asked"))


def asked(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/invitation_asked.html")


def _show_dead(request: HttpRequest, state: InvitationState) -> HttpResponse:
    return render(
        request, "accounts/invitation_dead.html", {"state": state.value}, status=410 if state in GONE else 404
    )


def _arrive(request: HttpRequest, found: Invitation, given: dict[str, Any]) -> HttpResponse:
    accepted = invitations.accept(found, password=given["password1"], name=given["name"], language=given["language"])
    if not accepted:
        found.refresh_from_db()
        return _show_dead(request, invitations.state_of(found))
    forget_token(request, PURPOSE)
    user = found.user
    record_authentication(request, user, method="invitation", email=user.email)
    with override(user.language):
        to = reverse("mfa_activate_totp") if user.is_staff and not has_second_factor(user) else first_page(user)
        return perform_login(request, Login(user=user, email=user.email, redirect_url=to))
