"""A mail service's webhook tells the same as a report by mail; its address is there only with its secret."""

from __future__ import annotations

import base64
import json
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone

from kb.newsletter.choices import DeliveryState, SubscriberState
from kb.newsletter.returns import webhooks
from kb.newsletter.returns.bouncing import Outcome
from tests.kb.newsletter.returned import delivery

pytestmark = pytest.mark.django_db


def event(kind: str, sent=None, **fields):
    """As anymail gives it to who listens."""
    said = {
        "event_id": None,
        "metadata": {},
        "mta_response": None,
        "description": None,
        "reject_reason": None,
        "timestamp": timezone.now(),
    }
    said["message_id"] = f"<{sent.key}@cass.example>" if sent else None
    return SimpleNamespace(event_type=kind, recipient="lectrice@example.org", **{**said, **fields})


@pytest.mark.parametrize("kind", ["bounced", "rejected", "failed"])
def test_a_failure_counts_once_however_often_it_is_told(kind):
    sent = delivery()
    told = event(kind, sent, event_id="e1", mta_response="550 5.1.1 no such user")
    assert [webhooks.note_tracking(None, told, "Postmark"), webhooks.note_tracking(None, told, "Postmark")] == [
        Outcome.COUNTED,
        Outcome.KNOWN,
    ]
    sent.refresh_from_db()
    assert (sent.state, sent.subscriber.refusals) == (DeliveryState.BOUNCED, 1)


def test_the_key_given_as_metadata_is_enough():
    sent = delivery()
    assert (
        webhooks.note_tracking(
            None, event("bounced", message_id="of-the-service", metadata={"delivery": sent.key}), "SendGrid"
        )
        == Outcome.COUNTED
    )


def test_an_address_alone_changes_nothing():
    sent = delivery()
    told = event("bounced", message_id="of-the-service")
    told.recipient = sent.subscriber.email
    assert webhooks.note_tracking(None, told, "Postmark") == Outcome.UNMATCHED
    sent.refresh_from_db()
    assert sent.state == DeliveryState.SENT


@pytest.mark.parametrize(
    "fields",
    [{"mta_response": "452 4.2.2 mailbox full"}, {"reject_reason": "timed_out"}, {"reject_reason": "blocked"}],
    ids=["status", "time", "block"],
)
def test_a_failure_for_now_does_not_count(fields):
    assert webhooks.note_tracking(None, event("bounced", delivery(), **fields), "Postmark") == Outcome.CAME_BACK


@pytest.mark.parametrize("kind", ["complained", "unsubscribed"])
def test_who_complains_or_leaves_at_the_service_is_unsubscribed(kind):
    sent = delivery()
    assert webhooks.note_tracking(None, event(kind, sent), "Postmark") == Outcome.COMPLAINED
    sent.subscriber.refresh_from_db()
    assert sent.subscriber.state == SubscriberState.UNSUBSCRIBED


@pytest.mark.parametrize("kind", ["queued", "sent", "delivered", "opened", "clicked", "unknown"])
def test_what_is_no_failure_is_ignored(kind):
    assert webhooks.note_tracking(None, event(kind, delivery()), "Postmark") == Outcome.IGNORED


@pytest.mark.parametrize(
    ("apps", "secret", "mounted"),
    [([], "", 0), (["anymail"], "", 0), ([], "user:password", 0), (["anymail"], "user:password", 1)],
    ids=["nothing", "no secret", "no app", "both"],
)
def test_there_is_no_address_without_the_secret(settings, apps, secret, mounted):
    pytest.importorskip("anymail", reason="django-anymail is not installed here")
    settings.INSTALLED_APPS = [*(app for app in settings.INSTALLED_APPS if app != "anymail"), *apps]
    settings.ANYMAIL = {"WEBHOOK_SECRET": secret}
    assert len(webhooks.urlpatterns()) == mounted


def test_a_service_tells_a_failure_through_the_real_webhook(settings):
    signals = pytest.importorskip("anymail.signals", reason="django-anymail is not installed here")
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "anymail"]
    settings.ANYMAIL = {"WEBHOOK_SECRET": "user:password"}
    settings.ROOT_URLCONF = "tests.kb.newsletter.webhook_urls"
    webhooks.listen()
    sent = delivery()
    told = {
        "RecordType": "Bounce",
        "Type": "HardBounce",
        "TypeCode": 1,
        "ID": 901542550,
        "MessageID": "2706ee8a-737c-4285-b032-ccd317af53ed",
        "Metadata": {"delivery": sent.key},
        "Email": sent.subscriber.email,
        "BouncedAt": "2026-11-23T10:00:00.0000000Z",
        "Details": "550 5.1.1 no such user",
    }
    try:
        refused = Client().post("/anymail/postmark/tracking/", json.dumps(told), content_type="application/json")
        sent.refresh_from_db()
        assert (refused.status_code, sent.state) == (400, DeliveryState.SENT)
        word = base64.b64encode(b"user:password").decode()
        taken = Client(headers={"authorization": f"Basic {word}"}).post(
            "/anymail/postmark/tracking/", json.dumps(told), content_type="application/json"
        )
    finally:
        signals.tracking.disconnect(dispatch_uid="kb.newsletter.webhooks")
    sent.refresh_from_db()
    assert (taken.status_code, sent.state, sent.subscriber.refusals) == (200, DeliveryState.BOUNCED, 1)
