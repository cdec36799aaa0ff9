"""Sending what `posting` wrote down, one message per task, until the mail server takes it or refuses it for good.

    waiting ──claim (tries + 1, committed)──► transport ──► sent, its content emptied
       ▲                                        ├ refused for now, no answer ──► waiting, after a longer pause each time ──► failed after two days
       │                                        └ refused for good (5xx) ──► failed
       └── a claim runs out after CLAIM: what a killed worker left is tried again
A claim is one UPDATE, so two workers never send the same row. A worker killed between the server's yes and our note of
it sends once more: nothing can tell the two apart from here, and the copy has the same Message-ID, by which most mail
programs show one. What failed stays for editors.
"""  # noqa: E501

from __future__ import annotations

import email
import email.policy
import logging
import smtplib
from contextlib import suppress
from datetime import timedelta
from email.message import Message
from functools import partial

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django_tasks import task

from kb.clock.choices import MailState
from kb.clock.mail.sealing import CannotOpen, unseal
from kb.clock.models import OutgoingMail
from kb.clock.queue import unfinished

logger = logging.getLogger(__name__)

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
PAUSES = (_MINUTE, 5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, *7 * (6 * _HOUR,))  # after each try; about two days in all
CLAIM = 10 * _MINUTE  # longer than a slow mail server takes for one message
KEPT = timedelta(days=90)
CONTENT_KEPT = timedelta(days=30)  # of what failed: links in it have run out long before
A_ROUND = 1_000
_BATCH = 1_000
# Trouble with the server or our log-in, not with this message: the next try may find it mended.
_NOT_THE_MESSAGE = (smtplib.SMTPAuthenticationError, smtplib.SMTPConnectError, smtplib.SMTPHeloError)
_OWN_HEADERS = {"subject", "from", "to", "mime-version", "content-type", "content-transfer-encoding"}


@task(queue_name="mail")
def send_mail(mail_id: int) -> str:
    """Tries once; gives the state the message has now, "dropped", or "" when it is not due, another has it,
    or it is gone.
    """
    mail = _claim(mail_id)
    if mail is None:
        return ""
    mine = OutgoingMail.objects.filter(pk=mail.pk, attempts=mail.attempts, claimed_until=mail.claimed_until)
    if mail.user is not None and (not mail.user.is_active or mail.user.erased_at):
        mine.delete()
        return "dropped"
    if mail.attempts > len(PAUSES) + 1:  # workers died over it
        return _note_failed(mine, mail.error or "its sending did not end")
    try:
        _transmit(Kept(unseal(bytes(mail.sealed)), address=mail.address))
    except CannotOpen:
        return _note_failed(mine, "sealed with a key that is gone", sealed=b"")
    except Exception as error:  # the edge: whatever a transport raises is written down and tried again
        return _note_refused(mine, mail, error)
    mine.update(state=MailState.SENT, sent_at=timezone.now(), sealed=b"", error="", claimed_until=None)
    return MailState.SENT.value


def enqueue_sending(mail_id: int, *, in_bulk: bool = False) -> None:
    """Call it after the commit of the row.

    One of many goes by the long queue, out of the way of a person who waits for a link.
    """
    send_mail.using(queue_name="long" if in_bulk else "mail").enqueue(mail_id)


def enqueue_due() -> str:
    """Asks for the sending of what is due and in no queue: after a pause, or left by a process that was killed.

    "" when there is none.
    """
    now = timezone.now()
    due = _free(now).filter(state=MailState.WAITING, next_attempt_at__lte=now).order_by("next_attempt_at")
    tries = dict(due.values_list("pk", "attempts")[:A_ROUND])
    if not tries:
        return ""
    asked = unfinished(send_mail)
    missing = [pk for pk in tries if pk not in asked]
    for pk in missing:
        enqueue_sending(pk, in_bulk=tries[pk] > 0)  # a server that did not answer may keep the next try waiting too
    return f"{len(missing)} messages asked for again" if missing else ""


def send_again(mails: QuerySet[OutgoingMail]) -> int:
    """Puts those of the messages back in the queue whose content is still there and that nobody is sending;
    gives how many.
    """
    now = timezone.now()
    changed = 0
    for pk in mails.order_by("pk").values_list("pk", flat=True):
        rows = _free(now).filter(pk=pk).exclude(state=MailState.SENT).exclude(sealed=b"")
        if rows.update(state=MailState.WAITING, attempts=0, next_attempt_at=now, claimed_until=None):
            changed += 1
            transaction.on_commit(partial(enqueue_sending, pk))
    return changed


def give_up(mails: QuerySet[OutgoingMail]) -> int:
    """Empties what failed: nobody sends it any more and it waits for no editor; gives how many."""
    return (
        OutgoingMail.objects.filter(pk__in=mails.values("pk"), state=MailState.FAILED)
        .exclude(sealed=b"")
        .update(sealed=b"")
    )


def failed_for_editors() -> QuerySet[OutgoingMail]:
    """What an editor can still do something about, oldest first."""
    return OutgoingMail.objects.filter(state=MailState.FAILED).exclude(sealed=b"").order_by("pk")


def thin_mail() -> str:
    """Deletes what was sent or failed KEPT ago, empties what failed CONTENT_KEPT ago; gives "" when there was none."""
    now = timezone.now()
    old = OutgoingMail.objects.exclude(state=MailState.WAITING).filter(created_at__lt=now - KEPT)
    deleted = 0
    while batch := list(old.order_by().values_list("pk", flat=True)[:_BATCH]):
        deleted += OutgoingMail.objects.filter(pk__in=batch).delete()[0]
    failed_for_editors().filter(created_at__lt=now - CONTENT_KEPT).order_by().update(sealed=b"")
    return f"{deleted} messages forgotten" if deleted else ""


class Kept(EmailMultiAlternatives):
    """A message as it was written down.

    SMTP gets its very bytes; a transport that asks for parts (memory, an API) gets them taken apart.
    """

    def __init__(self, content: bytes, *, address: str) -> None:
        parsed = email.message_from_bytes(content, policy=email.policy.default)
        plain, rich = parsed.get_body(("plain",)), parsed.get_body(("html",))
        super().__init__(
            subject=str(parsed["Subject"] or ""),
            body=plain.get_content() if plain else "",
            from_email=str(parsed["From"]),
            to=[address],
            headers={name: str(value) for name, value in parsed.items() if name.lower() not in _OWN_HEADERS},
        )
        if rich:
            self.attach_alternative(rich.get_content(), "text/html")
        for part in parsed.iter_attachments():
            self.attach(part.get_filename(), part.get_payload(decode=True) or b"", part.get_content_type())
        self._content = content

    def message(self) -> Message:
        return _Whole(self._content)


class _Whole(Message):
    def __init__(self, content: bytes) -> None:
        super().__init__()
        self._lines = content.splitlines()

    def as_bytes(self, unixfrom: bool = False, linesep: str = "\n", **ignored: object) -> bytes:
        return b"".join(line + linesep.encode() for line in self._lines)


def _free(now) -> QuerySet[OutgoingMail]:
    """Messages nobody is sending at the moment."""
    return OutgoingMail.objects.filter(Q(claimed_until=None) | Q(claimed_until__lt=now))


def _claim(mail_id: int) -> OutgoingMail | None:
    now = timezone.now()
    due = _free(now).filter(pk=mail_id, state=MailState.WAITING, next_attempt_at__lte=now)
    if not due.update(claimed_until=now + CLAIM, attempts=F("attempts") + 1):
        return None
    return OutgoingMail.objects.select_related("user").filter(pk=mail_id).first()


def _transmit(message: Kept) -> None:
    """Raises what the transport raises. A server that is slow to say goodbye has still taken the message."""
    connection = get_connection(settings.MAIL_TRANSPORT)
    connection.open()
    try:
        if not connection.send_messages([message]):
            raise smtplib.SMTPException("the transport took nothing")
    finally:
        with suppress(smtplib.SMTPException, OSError):
            connection.close()


def _note_refused(mine: QuerySet[OutgoingMail], mail: OutgoingMail, error: Exception) -> str:
    said = said_by(error)
    if not isinstance(error, (smtplib.SMTPException, OSError)):
        logger.exception("Message %s could not be sent", mail.pk)
    if is_for_good(error) or mail.attempts > len(PAUSES):
        return _note_failed(mine, said)
    mine.update(error=said[:500], claimed_until=None, next_attempt_at=timezone.now() + PAUSES[mail.attempts - 1])
    return MailState.WAITING.value


def _note_failed(mine: QuerySet[OutgoingMail], said: str, **fields: object) -> str:
    mine.update(state=MailState.FAILED, error=said[:500], claimed_until=None, **fields)
    return MailState.FAILED.value


def answer(error: Exception) -> tuple[int, str]:
    """Code and words of the mail server; 0 where it did not answer."""
    words: bytes | str
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        code, words = error.smtp_code, error.smtp_error
    else:
        return 0, ""
    return code, words.decode(errors="replace") if isinstance(words, bytes) else str(words)


def said_by(error: Exception) -> str:
    code, words = answer(error)
    if code:
        return f"{code} {words}"
    return f"no answer: {type(error).__name__}: {error}"


def is_for_good(error: Exception) -> bool:
    return not isinstance(error, _NOT_THE_MESSAGE) and 500 <= answer(error)[0] < 600
