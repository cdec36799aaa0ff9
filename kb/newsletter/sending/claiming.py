"""A delivery in hand: claimed before its message is handed over, noted once the server has it, given back when its
worker died.

The three statements that every message needs are written out: Django's query builder takes three times as long over
them as the database does, and half of what a message costs would go there (`make bench`, row "newsletter"). They are
plain SQL of all our databases.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from kb.clock.mail.sending import PAUSES
from kb.newsletter.choices import DeliveryState, SendingState, SubscriberState
from kb.newsletter.models import Delivery, Sending

CLAIM = timedelta(minutes=5)  # longer than a slow mail server takes for one message

_LOOK = """
SELECT s.state, d.attempts, d.key, d.error, p.id, p.state, p.key, p.email, p.language, p.refusals
FROM newsletter_delivery d JOIN newsletter_sending s ON s.id = d.sending_id LEFT JOIN newsletter_subscriber p ON p.id = d.subscriber_id
WHERE d.id = %s AND d.state = %s AND d.next_attempt_at <= %s"""  # noqa: E501
_CLAIM = """
UPDATE newsletter_delivery SET state = %s, attempts = attempts + 1, claimed_until = %s, language = %s, error = ''
WHERE id = %s AND state = %s AND attempts = %s"""
_SENT = """
UPDATE newsletter_delivery SET state = %s, sent_at = %s, claimed_until = NULL WHERE id = %s AND state IN (%s, %s)"""


class NotRunning(Exception):
    """The sending was stopped meanwhile."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery in hand. attempts counts this one; refused_before: the server had refused it for good at an earlier
    one.

    refusals: of earlier issues, for good, to this subscriber.
    """

    pk: int
    attempts: int
    key: str
    language: str
    subscriber_id: int
    subscriber_key: str
    address: str
    refusals: int
    refused_before: bool


def claim(pk: int) -> Claimed | None:
    """One row, if it still waits, to somebody who still subscribes, in the language they read now; inside the caller's
    transaction.

    None where another worker has it, or nobody is to get it any more (it is left out then). Raises NotRunning.
    """
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, [pk, DeliveryState.WAITING.value, _moment(now)])
        row = cursor.fetchone()
        if row is None:
            return None
        sending_state, attempts, key, error, subscriber_id, state, subscriber_key, address, language, refusals = row
        if sending_state != SendingState.SENDING:
            raise NotRunning
        if state != SubscriberState.ACTIVE:
            Delivery.objects.filter(pk=pk, state=DeliveryState.WAITING).update(state=DeliveryState.LEFT_OUT, error="")
            return None
        cursor.execute(
            _CLAIM,
            [DeliveryState.SENDING.value, _moment(now + CLAIM), language, pk, DeliveryState.WAITING.value, attempts],
        )
        if not cursor.rowcount:
            return None
    return Claimed(
        pk, attempts + 1, key, language, subscriber_id, subscriber_key, address, refusals, error.startswith("5")
    )


def note_sent(pk: int) -> None:
    """The server has it.

    By its number alone: a claim that ran out while the server was thinking must not be sent again.
    """
    with connection.cursor() as cursor:
        open_states = [DeliveryState.WAITING.value, DeliveryState.SENDING.value]
        cursor.execute(_SENT, [DeliveryState.SENT.value, _moment(timezone.now()), pk, *open_states])


def free_claims() -> int:
    """Gives back what was in hand when a worker died; how many."""
    now = timezone.now()
    left = left_claimed(now)
    too_often = left.filter(attempts__gt=len(PAUSES)).update(
        state=DeliveryState.GAVE_UP, claimed_until=None, error="its sending did not end"
    )
    return too_often + left.update(state=DeliveryState.WAITING, claimed_until=None, next_attempt_at=now)


def left_claimed(now: datetime) -> QuerySet[Delivery]:
    """Deliveries whose claim ran out before they were noted. Only of sendings under way: ended ones have
    none, and would be looked through each minute for years.
    """
    unfinished = Sending.objects.exclude(state=SendingState.DONE)
    return Delivery.objects.filter(sending__in=unfinished, state=DeliveryState.SENDING, claimed_until__lt=now)


def _moment(value: datetime) -> datetime | str | None:
    return connection.ops.adapt_datetimefield_value(value)
