"""What comes back after a sending: which delivery it speaks of, and what that means for its subscriber. What a message
is, `kb.clock.mail.receiving` says.

A delivery is known by its key alone, which stands in the envelope sender and in the Message-ID and which nobody can
guess: an address proves nothing, since anyone can write us that somebody's mailbox is gone.

    failure for good of the mailbox ──► delivery "came back", one refusal counted for its subscriber (`subscribing.note_refused`)
    failure by a policy (`sending.verdicts`), or for now, given up ──► delivery "came back"        delayed ──► noted only        complaint ──► unsubscribed
"""  # noqa: E501

from __future__ import annotations

import enum
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from kb.clock.mail.fields import addresses_in
from kb.clock.mail.receiving import BOUNCE, COMPLAINT, DELAYED, Received
from kb.clock.mail.reports import without_addresses
from kb.newsletter.choices import OPEN_DELIVERIES, ConsentEvent, ConsentSource, DeliveryState
from kb.newsletter.models import Bounce, Consent, Delivery
from kb.newsletter.sending.verdicts import is_about_mailbox
from kb.newsletter.subscribers import subscribing

# Mail systems give up after five days; what is older than this tells nothing about a mailbox of today.
COUNTED_FOR = timedelta(days=90)
_KEY = re.compile(r"[A-Za-z0-9_-]{16,40}")
_MAY_COME_BACK = OPEN_DELIVERIES | {DeliveryState.SENT}
# Since then the person told us that the mailbox is there, or gave another one.
_ANEW = (ConsentEvent.GIVEN, ConsentEvent.RESUMED, ConsentEvent.CHANGED)


class Outcome(enum.StrEnum):
    """What was done about a message."""

    COUNTED = "counted"  # a refusal for good, which counts for its subscriber
    CAME_BACK = "came back"  # not delivered, but nothing is counted: for now, too old, or settled otherwise since
    DELAYED = "delayed"
    COMPLAINED = "complained"  # and unsubscribed
    KNOWN = "known"  # read before
    UNMATCHED = "unmatched"  # of no delivery of ours
    IGNORED = "ignored"  # no report at all


@dataclass(frozen=True, slots=True)
class Event:
    """What is told about one message of ours. identity: the same for the same report told again; status:
    "5.1.1" or "".
    """

    kind: str
    identity: str
    keys: tuple[str, ...]
    status: str = ""
    words: str = ""

    @property
    def is_for_good(self) -> bool:
        return not self.status.startswith("4")


def note(received: Received) -> Outcome:
    """Writes down what a message that came in tells. The same one again changes nothing."""
    event = event_of(received)
    return note_event(event) if event else Outcome.IGNORED


def look(received: Received) -> Outcome:
    """What `note` would do, without doing it."""
    event = event_of(received)
    if event is None:
        return Outcome.IGNORED
    if Bounce.objects.filter(message_hash=_hashed(event.identity)).exists():
        return Outcome.KNOWN
    delivery = delivery_of(event.keys)
    if delivery is None:
        return Outcome.UNMATCHED
    if event.kind == BOUNCE:
        return Outcome.COUNTED if delivery.state in _MAY_COME_BACK and _counts(delivery, event) else Outcome.CAME_BACK
    return Outcome.COMPLAINED if event.kind == COMPLAINT else Outcome.DELAYED


def event_of(received: Received) -> Event | None:
    """What a returned message means for us; None where it is no failure, delay or complaint (an automatic answer, a
    receipt, a person's mail)."""
    if received.kind not in (BOUNCE, DELAYED, COMPLAINT):
        return None
    gravest = next((refusal for refusal in received.refusals if refusal.status == received.status), None)
    words = " ".join(f"{received.status} {gravest.words if gravest else ''}".split())
    return Event(
        kind=received.kind,
        identity=received.message_id or received.digest,
        keys=(*_keys_of_envelope(received.envelope), *_keys_of_ids(received.returned_ids)),
        status=received.status,
        words=words,
    )


def note_event(event: Event) -> Outcome:
    """In one transaction: all of it, or nothing and it is told again."""
    try:
        with transaction.atomic():
            delivery = delivery_of(event.keys)
            if delivery is None:
                return Outcome.UNMATCHED
            Bounce.objects.create(
                message_hash=_hashed(event.identity), kind=event.kind[:20], status=event.status[:12], delivery=delivery
            )
            return _settle(delivery, event)
    except IntegrityError:
        if Bounce.objects.filter(message_hash=_hashed(event.identity)).exists():
            return Outcome.KNOWN
        raise


def delivery_of(keys: Iterable[str]) -> Delivery | None:
    """The first that one of the keys is of.

    Some servers write an envelope sender in small letters; that is looked for last.
    """
    asked = list(dict.fromkeys(key for key in keys if _KEY.fullmatch(key)))[:50]
    rows = Delivery.objects.select_related("subscriber")
    found = {delivery.key: delivery for delivery in rows.filter(key__in=asked)}
    exact = next((found[key] for key in asked if key in found), None)
    if exact or not asked or asked[0] != asked[0].lower():
        return exact
    small = list(rows.filter(key__iexact=asked[0])[:2])
    return small[0] if len(small) == 1 else None


def _settle(delivery: Delivery, event: Event) -> Outcome:
    subscriber = delivery.subscriber
    if event.kind == COMPLAINT:
        if subscriber:
            subscribing.unsubscribe(subscriber, ConsentSource.COMPLAINT)
        return Outcome.COMPLAINED
    if event.kind == DELAYED:
        return Outcome.DELAYED
    words = without_addresses(event.words)[:500]
    mine = Delivery.objects.filter(pk=delivery.pk, state__in=_MAY_COME_BACK)
    settled = mine.update(state=DeliveryState.BOUNCED, error=words, claimed_until=None)
    if not settled or not subscriber or not _counts(delivery, event):
        return Outcome.CAME_BACK
    subscribing.note_refused(subscriber, words)
    return Outcome.COUNTED


def _counts(delivery: Delivery, event: Event) -> bool:
    """Whether the mailbox of today refuses: it and no policy, for good, not long ago, and not about an address or a
    pause that is over.
    """
    if not event.is_for_good or not is_about_mailbox(event.words, status=event.status) or delivery.subscriber is None:
        return False
    sent_at = delivery.sent_at or timezone.now()
    if sent_at < timezone.now() - COUNTED_FOR:
        return False
    return not Consent.objects.filter(subscriber=delivery.subscriber, event__in=_ANEW, at__gt=sent_at).exists()


def _keys_of_envelope(addresses: Iterable[str]) -> tuple[str, ...]:
    """bounces+<key>@host, whatever host a relay made of ours."""
    ours = next(iter(addresses_in(settings.NEWSLETTER_BOUNCES)), "").partition("@")[0].lower()
    if not ours:
        return ()
    locals_of = (address.strip('"').rpartition("@")[0] for address in addresses)
    return tuple(local[len(ours) + 1 :] for local in locals_of if local.lower().startswith(f"{ours}+"))


def _keys_of_ids(message_ids: Iterable[str]) -> tuple[str, ...]:
    """<key@domain>; the domain may have been another then."""
    return tuple(word.strip("<> ").partition("@")[0] for word in message_ids)


def _hashed(identity: str) -> str:
    return hashlib.sha256(identity.encode("utf-8", "replace")).hexdigest()
