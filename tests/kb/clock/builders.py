"""Rows of the clock for tests; a test says only what matters to it."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from kb.clock.choices import MailState
from kb.clock.mail.sealing import seal
from kb.clock.models import OutgoingMail

CONTENT = (
    b"Subject: Bonjour\nFrom: CASS <site@cass.example>\nTo: a@cass.example\nMessage-ID: <one@cass.example>\n\nUn mot.\n"
)


def mail(
    state: str = MailState.WAITING,
    *,
    address: str = "a@cass.example",
    content: bytes = CONTENT,
    age: timedelta = timedelta(0),
    **values,
):
    made_at = timezone.now() - age
    values = {
        "subject": "Bonjour",
        "created_at": made_at,
        "next_attempt_at": made_at,
        "sealed": seal(content) if content else b"",
        **values,
    }
    return OutgoingMail.objects.create(state=state, address=address, **values)
