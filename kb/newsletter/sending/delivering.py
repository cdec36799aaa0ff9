"""Handing an issue to its subscribers: their rows first, then a batch at a time over one connection, each message
claimed before and noted after.

    prepare ──► rows (waiting) ──claim, committed──► transport ──► sent          one transaction notes a message and claims the next
                   ▲                                    ├ refused for good ──► refused (held until something is accepted)
                   │ its claim ran out, later, no answer┤
                   └────────────────────────────────────┴ later, too often ──► gave_up
A worker killed between the server's yes and our note leaves one row claimed: it is tried again when the claim has run
out, under the same Message-ID.
So one person, the one whose message was in hand, may get it twice; nobody else, and nobody is missed. Who starts and
stops a sending is in `sending`.
"""  # noqa: E501

from __future__ import annotations

import logging
import re
import smtplib
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NoReturn

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend as SmtpBackend
from django.db import DatabaseError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from kb.clock.mail.sending import PAUSES, said_by
from kb.newsletter.choices import OPEN_DELIVERIES, DeliveryState, SendingState, SubscriberState, Trouble
from kb.newsletter.message import content as mailing
from kb.newsletter.message import links as signing
from kb.newsletter.message.encoding import BadAddress
from kb.newsletter.models import Delivery, Sending, Subscriber
from kb.newsletter.sending.claiming import Claimed, NotRunning, claim, note_sent
from kb.newsletter.sending.verdicts import Verdict, is_about_mailbox, verdict_of
from kb.newsletter.subscribers import subscribing

logger = logging.getLogger(__name__)

CHUNK = 1_000  # subscribers whose rows are written in one transaction
BATCH = 100  # messages at most before other long work gets its turn
BATCH_SECONDS = 10  # at a set rate, a batch is what these seconds allow
REFUSED_IN_A_ROW = 20  # for good, nothing accepted between: the server refuses us, not them
LATER_IN_A_ROW = 20
BROKEN_IN_A_ROW = 3
MOST_REFUSALS = 3  # of one address for good, each after an editor resumed: then it is the address
_MINUTE = timedelta(minutes=1)
TROUBLE_PAUSES = (
    _MINUTE,
    5 * _MINUTE,
    15 * _MINUTE,
    30 * _MINUTE,
)  # of the whole sending; the last one for as long as it takes
TEMPLATE_S = 60  # a template is made again after so long: what is no longer public leaves the messages that follow
NOTING_TRIES = 20


@dataclass(frozen=True, slots=True)
class Batch:
    """What one batch did: messages the server took, and when the next one may go; None where the clock asks for it."""

    sent: int = 0
    again_at: datetime | None = None


def deliver_batch(sending_id: int, *, goes_on: Callable[[], bool] = lambda: True) -> Batch:
    """Prepares what is not prepared, then sends one batch. Does nothing out of its turn or where the sending is
    stopped.

    `goes_on()` is asked before each message. Safe beside other workers.
    """
    sending = _take_turn(sending_id)
    if sending is None:
        return Batch()
    if not sending.issue.live:
        stop_by_itself(sending, Trouble.WITHDRAWN)
        return Batch()
    while goes_on() and prepare_chunk(sending):
        pass
    return _Handing(sending, goes_on).run()


def prepare_chunk(sending: Sending) -> bool:
    """Writes the rows of the next CHUNK subscribers; False when all have theirs, or the sending is stopped."""
    with transaction.atomic():
        fresh = Sending.objects.select_for_update().get(pk=sending.pk)
        if fresh.is_prepared or fresh.state != SendingState.SENDING:
            return False
        active = Subscriber.objects.filter(state=SubscriberState.ACTIVE, pk__gt=fresh.prepared_until).order_by("pk")
        people = list(active.values_list("pk", "language")[:CHUNK])
        now = timezone.now()
        rows = [
            Delivery(sending=fresh, subscriber_id=pk, language=language, next_attempt_at=now) for pk, language in people
        ]
        Delivery.objects.bulk_create(rows, ignore_conflicts=True)
        changed = {"prepared_until": people[-1][0]} if people else {"is_prepared": True}
        Sending.objects.filter(pk=fresh.pk).update(**changed)
    return bool(people)


def batch_size(rate: int) -> int:
    return max(1, min(BATCH, rate * BATCH_SECONDS // 60)) if rate else BATCH


def finish(sending: Sending) -> bool:
    """Closes a sending of which no delivery is open.

    What is held counts only if the server accepted something; else it stops for an editor.
    """
    running = Sending.objects.filter(pk=sending.pk, state=SendingState.SENDING, is_prepared=True)
    with transaction.atomic():
        if not running.select_for_update().exists() or sending.deliveries.filter(state__in=OPEN_DELIVERIES).exists():
            return False
        if accepted_since_resumed(sending):
            count_held(sending)
        elif refused := sending.deliveries.filter(is_held=True).order_by("pk").first():
            stop_by_itself(sending, Trouble.REFUSES_ALL, refused.error)
            return False
        return bool(
            running.update(
                state=SendingState.DONE, finished_at=timezone.now(), trouble="", troubles=0, note="", next_batch_at=None
            )
        )


def count_held(sending: Sending) -> None:
    """Something was accepted: the refusals before it were no quarrel with us;
    those that say there is no such mailbox count.
    """
    for delivery in sending.deliveries.filter(is_held=True).select_related("subscriber"):
        freed = sending.deliveries.filter(pk=delivery.pk, is_held=True).update(is_held=False)
        if freed and delivery.subscriber and is_about_mailbox(delivery.error):
            subscribing.note_refused(delivery.subscriber, delivery.error)


def accepted_since_resumed(sending: Sending) -> bool:
    accepted = sending.deliveries.filter(state__in=(DeliveryState.SENT, DeliveryState.BOUNCED))
    return accepted.filter(sent_at__gte=sending.resumed_at).exists() if sending.resumed_at else accepted.exists()


def stop_by_itself(sending: Sending, trouble: Trouble, said: str = "") -> None:
    """Stops, with the reason for editors. Refusals still held are undone: those addresses wait again,
    after the others.
    """
    with transaction.atomic():
        running = Sending.objects.filter(pk=sending.pk, state=SendingState.SENDING)
        running.update(state=SendingState.STOPPED, trouble=trouble, note=said[:500], next_batch_at=None)
        sending.deliveries.filter(is_held=True).update(
            state=DeliveryState.WAITING, is_held=False, next_attempt_at=timezone.now()
        )


def _take_turn(sending_id: int) -> Sending | None:
    """At a set rate, one batch at a time among all workers."""
    now = timezone.now()
    running = Sending.objects.filter(pk=sending_id, state=SendingState.SENDING)
    rate = running.values_list("rate", flat=True).first() or 0
    pause = timedelta(seconds=batch_size(rate) * 60 / rate) if rate else timedelta(0)
    in_turn = running.filter(Q(next_batch_at=None) | Q(next_batch_at__lte=now))
    if not in_turn.update(next_batch_at=now + pause):
        return None
    return Sending.objects.select_related("issue", "revision").get(pk=sending_id)


_templates: dict[tuple[int, str], tuple[float, mailing.MailTemplate]] = {}


def template_for(sending: Sending, language: str) -> mailing.MailTemplate:
    """The mail of the approved revision, made once per minute in this process."""
    key, now = (sending.revision_id, language), time.monotonic()
    made_at, template = _templates.get(key, (0.0, None))
    if template is None or now - made_at > TEMPLATE_S:
        template = mailing.template_of(sending.revision.as_object(), language)
        for old in [other for other, (moment, _template) in _templates.items() if now - moment > TEMPLATE_S]:
            del _templates[old]
        _templates[key] = (now, template)
    return template


_PLAIN = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?"
)


class Line:
    """One connection of MAIL_TRANSPORT. accepted: messages it took since it was opened."""

    def __init__(self) -> None:
        self._connection: BaseEmailBackend | None = None
        self.accepted = 0

    def open(self) -> None:
        """Raises what the transport raises."""
        if self._connection is None:
            connection = get_connection(settings.MAIL_TRANSPORT)
            connection.open()
            self._connection, self.accepted = connection, 0

    def hand_over(self, message: EmailMessage) -> None:
        """Raises what the transport raises; returns once the server has said yes.

        Django parses both addresses anew for each message, which takes as long as sending it; plain ones go to smtplib
        as they are.
        """
        assert self._connection is not None  # opened before anything is handed over
        addresses = [message.from_email, *message.to]
        if type(self._connection) is SmtpBackend and all(map(_PLAIN.fullmatch, addresses)):
            self._connection.connection.sendmail(
                addresses[0], addresses[1:], message.message().as_bytes(linesep="\r\n")
            )
        elif not self._connection.send_messages([message]):
            raise smtplib.SMTPException("the transport took nothing")
        self.accepted += 1

    def close(self) -> None:
        """A server that is slow to say goodbye has still taken its messages."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(smtplib.SMTPException, OSError):
                connection.close()


class _Over(Exception):
    """The batch ends here: the sending waits, or stopped."""


class _Handing:
    """One batch being handed over. What the server took last is noted in the transaction that claims the next."""

    def __init__(self, sending: Sending, goes_on: Callable[[], bool]) -> None:
        self.sending = sending
        self.goes_on = goes_on
        self.line = Line()
        self.taken: Claimed | None = None
        self.web: dict[str, signing.SignedLinks] = {}
        self.sent = 0
        self.later = self.broken = 0  # in a row
        self.held = sending.deliveries.filter(is_held=True).count()

    def run(self) -> Batch:
        due = self.sending.deliveries.filter(state=DeliveryState.WAITING, next_attempt_at__lte=timezone.now()).order_by(
            "next_attempt_at", "pk"
        )
        size = batch_size(self.sending.rate)
        rows = list(due.values_list("pk", "subscriber__language")[:size])
        try:
            self._make_templates({language for _pk, language in rows if language})
            for pk, _language in rows:
                self._send(pk)
        except _Over:
            pass
        finally:
            self._note_taken()
            self.line.close()
        return Batch(self.sent, self._next_turn(full=len(rows) == size))

    def _next_turn(self, *, full: bool) -> datetime | None:
        if not full and finish(self.sending):
            return None
        after = (
            Sending.objects.filter(pk=self.sending.pk, state=SendingState.SENDING)
            .values_list("next_batch_at", "trouble")
            .first()
        )
        return after[0] if after and (full or after[1]) else None

    def _make_templates(self, languages: set[str]) -> None:
        try:
            for language in languages:
                template_for(self.sending, language)
        except (
            Exception
        ) as error:  # the edge: whatever composing raises stops the sending where editors see it, and loses nothing
            self._break_off(error)

    def _break_off(self, error: Exception) -> NoReturn:
        logger.error("The messages of sending %s could not be made", self.sending.pk, exc_info=error)
        stop_by_itself(self.sending, Trouble.BROKEN, f"{type(error).__name__}: {error}")
        raise _Over from error

    def _send(self, pk: int) -> None:
        if not self.goes_on():
            raise _Over
        self._connect()
        claimed = self._note_and_claim(pk)
        if claimed is None:
            return
        message = self._message(claimed)
        if message is None:
            return
        try:
            self.line.hand_over(message)
        except Exception as error:  # the edge: whatever a transport raises is written down and judged
            self._note_refusal(claimed, error)
        else:
            self.taken = claimed
            self.sent += 1
            self.later = self.broken = 0

    def _connect(self) -> None:
        try:
            self.line.open()
        except Exception as error:  # the edge: no address is to blame for it
            self.line.close()
            refused = isinstance(error, (smtplib.SMTPResponseException, smtplib.SMTPNotSupportedError)) or hasattr(
                error, "status_code"
            )
            self._pause(Trouble.NOT_US if refused else Trouble.NO_ANSWER, said_by(error))

    def _message(self, claimed: Claimed) -> EmailMessage | None:
        """The message for this subscriber; None where the address is no address (noted as refused).

        Anything else that is wrong with it is wrong for everyone: the sending stops, and no subscriber is blamed.
        """
        try:
            message = template_for(self.sending, claimed.language).message(
                to=claimed.address, key=claimed.key, links=self._links(claimed)
            )
        except BadAddress as error:
            _in_hand(claimed).update(state=DeliveryState.REFUSED, claimed_until=None, error=str(error)[:500])
            return None
        except ValueError as error:
            _in_hand(claimed).update(state=DeliveryState.WAITING, claimed_until=None, attempts=claimed.attempts - 1)
            self._break_off(error)
        message.metadata = {
            "delivery": claimed.key
        }  # for a mail service, whose webhook says it again; SMTP knows nothing of it
        return message

    def _links(self, claimed: Claimed) -> signing.SignedLinks:
        """The addresses in one message: those of the subscriber, and those of the issue, made once per language."""
        web = self.web.get(claimed.language)
        if web is None:
            web = self.web[claimed.language] = signing.links_of(
                "", claimed.language, issue_number=self.sending.issue.number
            )
        return replace(
            signing.links_of(claimed.subscriber_key, claimed.language), web=web.web, other_languages=web.other_languages
        )

    # What is written down

    def _note_and_claim(self, pk: int) -> Claimed | None:
        try:
            with transaction.atomic():
                self._write_taken()
                claimed = self._claim(pk)
        except DatabaseError:
            logger.warning("The database did not answer between two messages; trying again", exc_info=True)
            self._note_taken()
            raise _Over from None
        self.taken = None
        return claimed

    def _claim(self, pk: int) -> Claimed | None:
        try:
            claimed = claim(pk)
        except NotRunning:
            raise _Over from None
        if claimed is not None and claimed.refusals:
            self._forgive(claimed.subscriber_id)
        return claimed

    def _forgive(self, subscriber_id: int) -> None:
        """Clears earlier refusals if a later issue was delivered and did not bounce.

        Acceptance alone proves nothing: a relay accepts everything.
        """
        subscriber = Subscriber.objects.get(pk=subscriber_id)
        taken = (
            subscriber.deliveries.filter(state=DeliveryState.SENT, sent_at__gt=subscriber.refused_at)
            if subscriber.refused_at
            else None
        )
        if taken is not None and taken.exclude(sending=self.sending).exists():
            subscribing.note_accepted(subscriber)

    def _write_taken(self) -> None:
        if self.taken is None:
            return
        note_sent(self.taken.pk)
        if self.held:
            count_held(self.sending)
            self.held = 0
        if self.sending.trouble:
            Sending.objects.filter(pk=self.sending.pk).update(trouble="", troubles=0, note="")
            self.sending.trouble, self.sending.troubles = "", 0

    def _note_taken(self) -> None:
        """The server has the message: our note of it is tried again for as long as a database may be locked."""
        for left in reversed(range(NOTING_TRIES)):
            try:
                with transaction.atomic():
                    self._write_taken()
                self.taken = None
                return
            except DatabaseError:
                if not left:
                    raise
                time.sleep(0.5)

    def _note_refusal(self, claimed: Claimed, error: Exception) -> None:
        verdict, said = verdict_of(error), said_by(error)[:500]
        if not isinstance(error, (smtplib.SMTPException, OSError)):
            logger.warning("Delivery %s could not be handed over: %s", claimed.pk, type(error).__name__, exc_info=True)
        mine = _in_hand(claimed)
        if verdict is Verdict.FOR_GOOD:
            self._note_for_good(claimed, mine, said)
        elif verdict is Verdict.NOT_US:
            mine.update(state=DeliveryState.WAITING, claimed_until=None, attempts=claimed.attempts - 1)
            well_before = self.line.accepted
            self.line.close()
            if not well_before:
                self._pause(Trouble.NOT_US, said)
        else:
            self._note_later(claimed, mine, said)
            self._count_in_a_row(verdict, said)

    def _note_for_good(self, claimed: Claimed, mine: QuerySet[Delivery], said: str) -> None:
        """A permanent refusal counts only once the server has accepted another message of this run; until then the
        delivery is held. A second refusal after that counts at once.
        """
        again = claimed.refused_before and (accepted_since_resumed(self.sending) or claimed.attempts >= MOST_REFUSALS)
        mine.update(state=DeliveryState.REFUSED, claimed_until=None, error=said, is_held=not again)
        if again:
            subscriber = Subscriber.objects.filter(pk=claimed.subscriber_id).first()
            if subscriber and is_about_mailbox(said) and accepted_since_resumed(self.sending):
                subscribing.note_refused(subscriber, said)
            return
        self.held += 1
        if self.held >= REFUSED_IN_A_ROW:
            stop_by_itself(self.sending, Trouble.REFUSES_ALL, said)
            raise _Over

    def _note_later(self, claimed: Claimed, mine: QuerySet[Delivery], said: str) -> None:
        if claimed.attempts > len(PAUSES):
            mine.update(state=DeliveryState.GAVE_UP, claimed_until=None, error=said)
            return
        pause = PAUSES[claimed.attempts - 1]
        mine.update(state=DeliveryState.WAITING, claimed_until=None, error=said, next_attempt_at=timezone.now() + pause)

    def _count_in_a_row(self, verdict: Verdict, said: str) -> None:
        if verdict is Verdict.NO_ANSWER:
            self.line.close()
            self.broken += 1
        else:
            self.later += 1
        if self.broken >= BROKEN_IN_A_ROW:
            self._pause(Trouble.NO_ANSWER, said)
        if self.later >= LATER_IN_A_ROW:
            self._pause(Trouble.LATER, said)

    def _pause(self, trouble: Trouble, said: str) -> None:
        """The whole sending waits, longer each time in a row; no address is the worse for it."""
        pause = TROUBLE_PAUSES[min(self.sending.troubles, len(TROUBLE_PAUSES) - 1)]
        running = Sending.objects.filter(pk=self.sending.pk, state=SendingState.SENDING)
        running.update(
            trouble=trouble, note=said[:500], troubles=self.sending.troubles + 1, next_batch_at=timezone.now() + pause
        )
        raise _Over


def _in_hand(claimed: Claimed) -> QuerySet[Delivery]:
    """The row of this delivery, as long as no other worker has claimed it."""
    return Delivery.objects.filter(pk=claimed.pk, state=DeliveryState.SENDING, attempts=claimed.attempts)
