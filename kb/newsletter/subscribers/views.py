"""Pages of the subscription: signing up, confirming, changing, leaving, and a member's own.

A GET never changes anything (mail scanners open every link). The address of the one-click POST (RFC 8058) needs no
session: its token is the right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from allauth.core.ratelimit import consume
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from kb.accounts.linking import forget_token, is_of, keep_token, kept_token, mark_of, secret_address
from kb.accounts.sessions.ending import PersonRequest
from kb.languages import current_language, word
from kb.newsletter.choices import ConsentSource, SubscriberState
from kb.newsletter.message.addresses import folded, masked
from kb.newsletter.message.links import Purpose, subscriber_of
from kb.newsletter.models import Subscriber
from kb.newsletter.subscribers import subscribing
from kb.newsletter.subscribers.forms import (
    ChangeLanguageForm,
    EraseForm,
    NewAddressForm,
    OwnSubscriptionForm,
    SubscribeForm,
)
from kb.site.limiting import too_many

CONFIRM, CHANGE = "newsletter.confirm", "newsletter.change"
METHODS = ["GET", "HEAD", "POST"]


def _page(request: HttpRequest, name: str, context: Mapping[str, Any] | None = None, status: int = 200) -> HttpResponse:
    return render(
        request, f"newsletter/subscription/{name}.html", {"section": "newsletter", **(context or {})}, status=status
    )


# Signing up


@never_cache
@require_http_methods(METHODS)
def subscribe(request: HttpRequest) -> HttpResponse:
    """The form; whoever sends it is told the same, whatever the address is to us."""
    form = SubscribeForm(request.POST or None)
    words = subscribing.wording(current_language())
    if request.method == "POST":
        if not consume(request, action="newsletter"):
            return too_many(request)
        if form.is_valid():
            given = form.cleaned_data
            subscribing.ask(given["email"], given["language"], wording=words if given["read"] else "")
            return HttpResponseRedirect(reverse("newsletter:subscribe_sent"))
    return _page(request, "subscribe", {"form": form, "wording": words})


@require_safe
def asked(request: HttpRequest) -> HttpResponse:
    return _page(request, "sent", {"days": subscribing.LINK_DAYS})


@secret_address
@require_http_methods(METHODS)
def confirm(request: HttpRequest, token: str = "") -> HttpResponse:
    """The page of a link that confirms: a GET shows, a POST does it, once."""
    if request.method != "POST" and subscribing.row_of(token):
        return keep_token(request, CONFIRM, token, reverse("newsletter:confirm"))
    kept = token or kept_token(request, CONFIRM)
    row = subscribing.row_of(kept)
    if row is None or not is_of(request, kept):
        return _page(request, "confirm_dead", status=410)
    if request.method != "POST":
        context = {
            "subscriber": row,
            "address": masked(row.new_email or row.email),
            "former": masked(row.email),
            "of": mark_of(kept),
        }
        context["wording"] = subscribing.wording(current_language())
        return _page(request, "confirm", context)
    return _confirmed(request, kept)


def _confirmed(request: HttpRequest, kept: str) -> HttpResponse:
    if not consume(request, action="newsletter"):
        return too_many(request)
    try:
        subscriber = subscribing.confirm(kept, wording=subscribing.wording(current_language()))
    except subscribing.AddressTaken as taken:
        return _page(request, "confirm_dead", {"taken": str(taken)}, status=409)
    if subscriber is None:
        return _page(request, "confirm_dead", status=410)
    forget_token(request, CONFIRM)
    messages.success(
        request, _("L'Échos-CASS will be sent to %(address)s from now on.") % {"address": masked(subscriber.email)}
    )
    return HttpResponseRedirect(reverse("newsletter:subscription_done"))


@never_cache
@require_safe
def done(request: HttpRequest) -> HttpResponse:
    return _page(request, "done")


# Leaving


@csrf_exempt
@secret_address
@require_http_methods(METHODS)
def unsubscribe(request: HttpRequest, token: str = "") -> HttpResponse:
    """One button, which the mail programme may press by itself; pressing it again changes nothing.

    The answer of a POST is no redirect.
    """
    subscriber = subscriber_of(token, Purpose.UNSUBSCRIBE)
    if subscriber is None:
        return _page(request, "link_dead", status=404)
    if request.method == "POST":
        subscribing.unsubscribe(subscriber)
    left = subscriber.state == SubscriberState.UNSUBSCRIBED
    return _page(request, "unsubscribe", {"address": masked(subscriber.email), "token": token, "left": left})


# Changing by a signed link


@secret_address
@require_http_methods(METHODS)
def change(request: HttpRequest, token: str = "") -> HttpResponse:
    """Language, address, leaving, being erased; each button is one of ACTIONS."""
    if request.method != "POST" and subscriber_of(token):
        return keep_token(request, CHANGE, token, reverse("newsletter:change"))
    subscriber = subscriber_of(token or kept_token(request, CHANGE))
    if subscriber is None or not is_of(request, subscriber.key):
        return _page(request, "link_dead", status=404)
    if request.method != "POST":
        return _show(request, subscriber)
    if not consume(request, action="newsletter"):
        return too_many(request)
    action = ACTIONS.get(request.POST.get("action", ""), _show)
    return action(request, subscriber)


def _language(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    form = ChangeLanguageForm(request.POST)
    if not form.is_valid():
        return _show(request, subscriber, language_form=form)
    subscribing.change_language(subscriber, form.cleaned_data["language"])
    return _said(
        request, _("Saved: the next issue comes in %(language)s.") % {"language": subscriber.get_language_display()}
    )


def _address(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    form = NewAddressForm(request.POST)
    if not form.is_valid():
        return _show(request, subscriber, address_form=form)
    subscribing.ask_new_address(subscriber, form.cleaned_data["email"])
    return _said(
        request, _("We have written to the new address. Nothing changes until the link in that message is used.")
    )


def _leave(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    subscribing.unsubscribe(subscriber)
    return _said(request, _("You are unsubscribed: no further issue is sent to you."))


def _lift(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    subscribing.lift(subscriber)
    return _said(request, _("Issues will be sent to you again from now on."))


def _ask_again(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    subscribing.ask(subscriber.email, subscriber.language, wording=subscribing.wording(current_language()))
    return _said(request, _("We have written to your address. Open the link in that message to subscribe again."))


def _erase(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    form = EraseForm(request.POST)
    if not form.is_valid():
        return _show(request, subscriber, erase_form=form)
    subscribing.erase(subscriber)
    forget_token(request, CHANGE)
    messages.success(
        request,
        _("Your address is erased. We no longer keep it, and lists that we are given later will not bring it back."),
    )
    return HttpResponseRedirect(reverse("newsletter:subscription_done"))


ACTIONS: dict[str, Callable[[HttpRequest, Subscriber], HttpResponse]] = {
    "language": _language,
    "address": _address,
    "leave": _leave,
    "lift": _lift,
    "ask": _ask_again,
    "erase": _erase,
}


def _said(request: HttpRequest, sentence: str) -> HttpResponse:
    messages.success(request, sentence)
    return HttpResponseRedirect(reverse("newsletter:change"))


def _show(request: HttpRequest, subscriber: Subscriber, **forms) -> HttpResponse:
    context = {
        "subscriber": subscriber,
        "address": masked(subscriber.email),
        "of": mark_of(subscriber.key),
        "language_form": ChangeLanguageForm(initial={"language": subscriber.language}, auto_id="language_%s"),
        "address_form": NewAddressForm(auto_id="address_%s"),
        "erase_form": EraseForm(auto_id="erase_%s"),
        "wording": subscribing.wording(current_language()),
        **forms,
    }
    return _page(request, "change", context)


# A member's own


@login_required
@never_cache
@require_http_methods(METHODS)
def own(request: PersonRequest) -> HttpResponse:
    """A member subscribes, or leaves, by a button of their own; nobody does it for them."""
    form = OwnSubscriptionForm(request.POST or None, initial={"language": request.user.language})
    words = subscribing.wording(current_language())
    if request.method == "POST":
        if not consume(request, action="newsletter"):
            return too_many(request)
        answer = _own_change(request, form, words)
        if answer is not None:
            return answer
    subscriptions = subscribing.own_subscriptions(request.user)
    main = next((one for one in subscriptions if one.email_key == folded(request.user.email)), None)
    context = {
        "form": form,
        "wording": words,
        "subscriptions": subscriptions,
        "is_subscribed": main is not None and main.state == SubscriberState.ACTIVE,
    }
    return _page(request, "own", context)


def _own_change(request: PersonRequest, form: OwnSubscriptionForm, words: str) -> HttpResponse | None:
    if "leave" in request.POST:
        mine = next(
            (one for one in subscribing.own_subscriptions(request.user) if str(one.pk) == request.POST["leave"]), None
        )
        if mine is not None:
            subscribing.unsubscribe(mine, ConsentSource.ACCOUNT)
            messages.success(
                request, _("You are unsubscribed: no further issue is sent to %(address)s.") % {"address": mine.email}
            )
        return HttpResponseRedirect(reverse("newsletter:own"))
    if not form.is_valid():
        return None
    if subscribing.subscribe_own(request.user, form.cleaned_data["language"], wording=words):
        messages.success(
            request, _("You are subscribed: the next issue comes to %(address)s.") % {"address": request.user.email}
        )
    else:
        messages.error(
            request,
            _("Confirm your main address first: in My addresses, have the message sent again and open its link."),
        )
    return HttpResponseRedirect(reverse("newsletter:own"))


_subscription, _unsubscribe = word("subscription"), word("unsubscribe")
_confirm, _change = word("confirm"), word("change")

urlpatterns = [
    path(format_lazy("{}/", _subscription), subscribe, name="subscribe"),
    path(format_lazy("{}/{}/", _subscription, word("sent")), asked, name="subscribe_sent"),
    path(format_lazy("{}/{}/", _subscription, word("done")), done, name="subscription_done"),
    path(format_lazy("{}/{}/", _subscription, word("account")), own, name="own"),
    path(format_lazy("{}/{}/", _subscription, _confirm), confirm, name="confirm"),
    path(format_lazy("{}/{}/<str:token>/", _subscription, _confirm), confirm, name="confirm_link"),
    path(format_lazy("{}/{}/", _subscription, _change), change, name="change"),
    path(format_lazy("{}/<str:token>/", _subscription), change, name="change_link"),
    path(format_lazy("{}/", _unsubscribe), unsubscribe, name="unsubscribe_bare"),
    path(format_lazy("{}/<str:token>/", _unsubscribe), unsubscribe, name="unsubscribe"),
]
