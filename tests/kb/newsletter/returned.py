"""Deliveries that were sent, and what comes back of them."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

from django.utils import timezone

from kb.newsletter.choices import DeliveryState, SendingState
from kb.newsletter.models import Consent, Delivery, Sending, Subscriber
from tests.kb.clock.messages import refusal, report
from tests.kb.newsletter.builders import issue, subscriber

BOUNCES = "bounces@cass.example"
_reports = count(1)


def delivery(
    reader: Subscriber | None = None, *, state: str = DeliveryState.SENT, days_ago: float = 1, number: int = 14
) -> Delivery:
    """One message of the sending of an issue, taken by the server so many days ago; its reader agreed a year before."""
    reader = reader or subscriber()
    Consent.objects.filter(subscriber=reader).update(at=timezone.now() - timedelta(days=365))
    sending = Sending.objects.filter(issue__number=number).first()
    if sending is None:
        made = issue(number, live=True)
        sending = Sending.objects.create(
            issue=made, revision=made.latest_revision, state=SendingState.SENDING, starts_at=timezone.now()
        )
    at = timezone.now() - timedelta(days=days_ago)
    return Delivery.objects.create(
        sending=sending, subscriber=reader, language=reader.language, state=state, next_attempt_at=at, sent_at=at
    )


def bounce_of(
    sent: Delivery, *, by: str = "envelope", status: str = "5.1.1", action: str = "failed", **fields: str
) -> bytes:
    """A report whose key stands in the envelope address, or in the Message-ID of what came back."""
    address = sent.subscriber.email if sent.subscriber else "parti@example.org"
    fields.setdefault("message_id", f"<report-{next(_reports)}@relay.example>")
    fields.setdefault("to", f"bounces+{sent.key}@cass.example" if by == "envelope" else BOUNCES)
    fields.setdefault(
        "returned", f"Message-ID: <{sent.key}@cass.example>\nSubject: 14" if by == "message-id" else "Subject: 14"
    )
    return report(
        refusal(address, action=action, status=status, words=f"smtp; 550 {status} <{address}> refused"), **fields
    )
