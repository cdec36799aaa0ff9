"""What a mail service tells by its webhook, where django-anymail is installed and configured: the same as a report that
came by mail.

The address exists only with ANYMAIL_WEBHOOK_SECRET: without it anyone could tell us that a mailbox is gone.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from kb.clock.mail.receiving import BOUNCE, COMPLAINT, DELAYED
from kb.clock.mail.reports import status_of_prose
from kb.newsletter.choices import ConsentSource
from kb.newsletter.returns.bouncing import Event, Outcome, delivery_of, note_event
from kb.newsletter.subscribers import subscribing

APP = "anymail"
_KINDS = {"bounced": BOUNCE, "rejected": BOUNCE, "failed": BOUNCE, "deferred": DELAYED, "complained": COMPLAINT}
_UNSUBSCRIBED = "unsubscribed"
# Reasons of a service for which a later message may pass.
_FOR_NOW = frozenset(("timed_out", "blocked"))


def urlpatterns() -> list[URLPattern | URLResolver]:
    """For kb.urls: nothing, or /anymail/<service>/tracking/."""
    return [path("anymail/", include("anymail.urls"))] if APP in settings.INSTALLED_APPS and secret() else []


def secret() -> str:
    """The user:password the service has to give; "" for none."""
    said = getattr(settings, "ANYMAIL", {}).get("WEBHOOK_SECRET") or getattr(settings, "ANYMAIL_WEBHOOK_SECRET", "")
    return said if isinstance(said, str) else ",".join(said)


def listen() -> None:
    """Called when the site starts; does nothing where django-anymail is not among the apps."""
    if APP in settings.INSTALLED_APPS:
        from anymail.signals import tracking  # optional: only where the setting names it

        tracking.connect(note_tracking, dispatch_uid="kb.newsletter.webhooks")


def note_tracking(sender: Any, event: Any, esp_name: str, **ignored: Any) -> Outcome:
    """Receives anymail's tracking signal and notes what it says; a delivery is known by our Message-ID or by the key we
    gave as metadata, never by an address.
    """
    keys = _keys(event)
    if event.event_type == _UNSUBSCRIBED:
        return _unsubscribe(keys)
    if event.event_type not in _KINDS:
        return Outcome.IGNORED
    words = " ".join(str(event.mta_response or event.description or event.reject_reason or "").split())
    status = status_of_prose(words) or ("4.0.0" if event.reject_reason in _FOR_NOW else "")
    return note_event(
        Event(kind=_KINDS[event.event_type], identity=_identity(event, esp_name), keys=keys, status=status, words=words)
    )


def _unsubscribe(keys: tuple[str, ...]) -> Outcome:
    delivery = delivery_of(keys)
    if delivery is None or delivery.subscriber is None:
        return Outcome.UNMATCHED
    subscribing.unsubscribe(delivery.subscriber, ConsentSource.COMPLAINT)
    return Outcome.COMPLAINED


def _keys(event: Any) -> tuple[str, ...]:
    metadata = event.metadata if isinstance(event.metadata, dict) else {}
    message_id = str(event.message_id or "").strip("<> ").partition("@")[0]
    return tuple(str(key) for key in (metadata.get("delivery"), message_id) if key)


def _identity(event: Any, esp_name: str) -> str:
    """A service tells again what it did not hear us answer to, under the same event id."""
    return "|".join(
        str(word) for word in (esp_name, event.event_type, event.event_id or (event.message_id, event.timestamp))
    )
