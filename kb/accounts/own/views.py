"""The pages of one's own account: who I am, my addresses, my sessions.

Password and second factor are allauth's; my data is in `personal_data.views`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.core.ratelimit import consume
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from kb.accounts import addresses
from kb.accounts.linking import forget_token, keep_token, kept_token, secret_address
from kb.accounts.login.adapter import remember_language
from kb.accounts.login.forms import AddressForm, ProfileForm
from kb.accounts.own.ways import ways
from kb.accounts.sessions.ending import PersonRequest, end_other_sessions
from kb.accounts.sessions.second_factor import has_second_factor
from kb.site.limiting import too_many

PURPOSE = "address"


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: PersonRequest) -> HttpResponse:
    """Name, language, contact and messages, and the ways to the rest of the account."""
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        user = form.save()
        with override(user.language):
            messages.success(request, _("Saved."))
            response = HttpResponseRedirect(reverse("account_index"))
        remember_language(response, user.language)
        return response
    if form.errors:
        request.user.refresh_from_db()  # the frame of the page shows who is logged in, not what was typed
    context = {
        "form": form,
        "second_factor": has_second_factor(request.user),
        "my_data_url": _address("account_my_data"),
        "ways": ways(),
    }
    return render(request, "accounts/index.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def own_addresses(request: PersonRequest) -> HttpResponse:
    """The addresses of whoever asks; each button of the page is one of ACTIONS, on a row of their own."""
    if request.method == "POST":
        return _change_addresses(request)
    return _show_addresses(request, AddressForm())


@reauthentication_required(app="allauth.account")
def _change_addresses(request: PersonRequest) -> HttpResponse:
    action = next((name for name in ACTIONS if name in request.POST), None)
    if not consume(request, action="manage_email", user=request.user):
        return too_many(request)
    if action is None:
        return _add(request)
    row = next((row for row in addresses.own_addresses(request.user) if str(row.pk) == request.POST[action]), None)
    if row is None:
        raise Http404
    return ACTIONS[action](request, row) or HttpResponseRedirect(reverse("account_addresses"))


def _add(request: PersonRequest) -> HttpResponse:
    form = AddressForm(request.POST)
    if form.is_valid():
        if not consume(request, action="add_address", user=request.user):
            return too_many(request)
        try:
            addresses.ask_for(request.user, form.cleaned_data["email"])
        except ValidationError as refused:
            form.add_error("email", refused)
        else:
            messages.success(
                request, _("We have written to this address. Open the link of the message to confirm that it is yours.")
            )
            return HttpResponseRedirect(reverse("account_addresses"))
    return _show_addresses(request, form)


def _choose(request: PersonRequest, row: Any) -> None:
    if not row.verified:
        messages.error(request, _("Confirm this address first, with the link we sent to it."))
        return
    addresses.change_address(request.user, row.email, verified=True)
    messages.success(request, _("The site writes to %(email)s from now on.") % {"email": row.email})


def _remove(request: PersonRequest, row: Any) -> None:
    if addresses.remove(row):
        messages.success(request, _("%(email)s is removed: nobody logs in with it any more.") % {"email": row.email})
    else:
        messages.error(request, _("This is your main address. Choose another one first."))


def _send(request: PersonRequest, row: Any) -> HttpResponse | None:
    if row.verified:
        return None
    if not consume(request, action="add_address", user=request.user):
        return too_many(request)
    addresses.write_link(row)
    messages.success(
        request, _("We have written to this address. Open the link of the message to confirm that it is yours.")
    )
    return None


ACTIONS: dict[str, Callable[[PersonRequest, Any], HttpResponse | None]] = {
    "choose": _choose,
    "remove": _remove,
    "send": _send,
}


def _show_addresses(request: PersonRequest, form: AddressForm) -> HttpResponse:
    return render(request, "accounts/addresses.html", {"form": form, "rows": addresses.own_addresses(request.user)})


@secret_address
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_address(request: HttpRequest, token: str = "") -> HttpResponse:
    """The page of a link that proves an address: a GET shows, a POST confirms.

    Whoever reads the mail need not be logged in.
    """
    if request.method != "POST" and token and addresses.row_of(token):
        return keep_token(request, PURPOSE, token, reverse("account_address_confirm"))
    row = addresses.row_of(token or kept_token(request, PURPOSE))
    if row is None or not row.user.is_active:
        return render(request, "accounts/address_dead.html", status=410)
    if request.method != "POST":
        return render(request, "accounts/address_confirm.html", {"row": row})
    if not consume(request, action="confirm_address"):
        return too_many(request)
    if not addresses.confirm(row):
        return render(request, "accounts/address_dead.html", {"taken": True}, status=409)
    forget_token(request, PURPOSE)
    messages.success(request, _("%(email)s is confirmed: you can log in with it.") % {"email": row.email})
    return HttpResponseRedirect(reverse("account_addresses"))


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sessions(request: PersonRequest) -> HttpResponse:
    """Says what a session is; the button ends the others."""
    if request.method == "POST":
        end_other_sessions(request)
        messages.success(request, _("You are logged out everywhere else."))
        return HttpResponseRedirect(reverse("account_sessions"))
    return render(request, "accounts/sessions.html")


def _address(name: str) -> str | None:
    try:
        return reverse(name)
    except NoReverseMatch:
        return None
