"""Devices and places that a person has logged in from before. They prove nothing; what others try elsewhere does not
keep them out (`login.admitting`).

    device   a signed cookie, for each account: a random number and a stamp that a new password, or ending the sessions,
             makes worthless
    place    a keyed hash of account and network, in a row that goes after PLACE_KEPT

Only a log-in that came to its end makes either: whoever has the password but not the second factor gets none.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from kb.accounts.addresses import find_person, normal
from kb.accounts.models import KnownPlace
from kb.site.limiting import network_of

SALT = "kb.accounts.device"
DEVICE_KEPT_S = 365 * 24 * 3600
PLACE_KEPT = timedelta(days=180)
MOST_ACCOUNTS = 8  # in one browser, the last used
MOST_PLACES = 10  # of one person, the last used


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who an attempt is about and how well its sender is known. who: a key that is the same for all addresses of one
    person; typed: for this address.

    device: the number of a device that logged in before, or "". known_place: from where it comes the person logged in
    before, or is logged in now.
    """

    who: str
    typed: str
    network: str
    device: str
    known_place: bool

    @property
    def known(self) -> bool:
        return bool(self.device) or self.known_place


def recognise(request: HttpRequest, email: str) -> Visitor:
    """What is known of the sender of a log-in attempt, by the address that was typed.

    Three queries at its first call, whether the address is somebody's or not; none at the next ones.
    """
    kept = getattr(request, "_visitor", None)
    if kept is None or kept[0] != normal(email):
        kept = normal(email), _visitor(request, find_person(email), normal(email))
        request._visitor = kept  # type: ignore[attr-defined]
    return kept[1]


def recognise_person(request: HttpRequest, person: Any) -> Visitor:
    """What is known of the sender, for a person whose password was right. One query."""
    return _visitor(request, person, normal(person.email))


def _visitor(request: HttpRequest, person: Any, email: str) -> Visitor:
    network = network_of(request)
    number = person.pk if person is not None else 0
    is_there = KnownPlace.objects.filter(user=number, fingerprint=_fingerprint(number, network)).exists()
    here = request.user.is_authenticated and request.user.pk == number
    who = f"person:{number}" if person is not None else f"address:{email}"
    return Visitor(who, f"typed:{email}", network, device_of(request, person), is_there or here)


def device_of(request: HttpRequest, person: Any) -> str:
    """The number of this device if the person logged in from it; "" otherwise."""
    if person is None:
        return ""
    number, stamp = _kept(request).get(str(person.pk), ("", ""))
    return number if number and constant_time_compare(stamp, _stamp(person)) else ""


def any_device(request: HttpRequest) -> str:
    """The number of this device if anybody logged in from it; "" otherwise. One query, none without the cookie."""
    kept = _kept(request)
    people = get_user_model().objects.filter(pk__in=list(kept), is_active=True) if kept else ()
    return next((number for person in people if (number := device_of(request, person))), "")


def remember(request: HttpRequest, person: Any) -> None:
    """Notes that the person logged in from here: the place now, the device with the answer.

    Two queries; two more at a new place.
    """
    request._devices = _with(request, person)  # type: ignore[attr-defined]
    fingerprint, today = _fingerprint(person.pk, network_of(request)), timezone.localdate()
    own = KnownPlace.objects.filter(user=person)
    if not own.filter(fingerprint=fingerprint).update(last_day=today):
        KnownPlace.objects.bulk_create(
            [KnownPlace(user=person, fingerprint=fingerprint, last_day=today)], ignore_conflicts=True
        )
        latest = own.order_by("-last_day", "-pk").values_list("pk", flat=True)[:MOST_PLACES]
        own.exclude(pk__in=list(latest)).delete()


def forget(request: HttpRequest, person: Any) -> None:
    """This browser knows nothing of the account any more."""
    others = {number: kept for number, kept in _kept(request).items() if number != str(person.pk)}
    request._devices = others  # type: ignore[attr-defined]


def forget_places() -> str | None:
    """Removes places from which nobody logged in for PLACE_KEPT."""
    gone, _each = KnownPlace.objects.filter(last_day__lt=timezone.localdate() - PLACE_KEPT).delete()
    return f"{gone} places of log-ins removed" if gone else None


class DeviceMiddleware:
    """Gives the cookie along with the answer to a request that ended in a log-in, or in a new password."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        devices = getattr(request, "_devices", None)
        if devices:
            value = signing.dumps(devices, salt=SALT)
            response.set_cookie(
                settings.DEVICE_COOKIE_NAME,
                value,
                max_age=DEVICE_KEPT_S,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        elif devices is not None:
            response.delete_cookie(settings.DEVICE_COOKIE_NAME, samesite="Lax")
        return response


def remember_after(sender: Any, request: HttpRequest, user: Any, **more: Any) -> None:
    """Receives allauth's `password_changed` and `password_reset`: what the browser kept was made worthless by the new
    password.

    (The link to a new password went to an address of the person: who used it is not a stranger.)
    """
    remember(request, user)


def _with(request: HttpRequest, person: Any) -> dict[str, list[str]]:
    others = [(number, kept) for number, kept in _kept(request).items() if number != str(person.pk)]
    return dict([*others[-(MOST_ACCOUNTS - 1) :], (str(person.pk), [secrets.token_urlsafe(12), _stamp(person)])])


def _kept(request: HttpRequest) -> dict[str, list[str]]:
    """{number of an account: [number of the device, stamp]}; {} for a cookie that is not ours, or too old."""
    changed = getattr(request, "_devices", None)
    if changed is not None:
        return changed
    try:
        return signing.loads(request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""), salt=SALT, max_age=DEVICE_KEPT_S)
    except signing.BadSignature:
        return {}


def _stamp(person: Any) -> str:
    return salted_hmac(SALT, f"{person.pk}:{person.get_session_auth_hash()}", algorithm="sha256").hexdigest()[:20]


def _fingerprint(number: int, network: str) -> str:
    return salted_hmac("kb.accounts.place", f"{number}:{network}", algorithm="sha256").hexdigest()[:40]
