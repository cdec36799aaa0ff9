"""The site's e-mail backend (EMAIL_BACKEND): a message becomes one sealed row for each address, in the transaction of
what it speaks of.

    message.send() ─► OutgoingMail rows ─ commit ─► `sending` on the mail queue ─► MAIL_TRANSPORT (smtp, the console, memory)
So what is rolled back sends nothing, what is committed is not lost with the process, and a request never waits for a
mail server. Whoever sends may set `message.kind` ("accounts.invitation"), `message.user`, and `message.in_bulk = True`
for one of many, which then goes the long way.
"""  # noqa: E501

from __future__ import annotations

import copy
import logging
from collections.abc import Iterable, Sequence
from email.utils import make_msgid, parseaddr
from functools import partial
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import BadHeaderError
from django.db import DatabaseError, InterfaceError, transaction
from django.utils.translation import gettext as _

from kb.accounts.addresses import people_by_address
from kb.accounts.models import User
from kb.clock.mail.sealing import seal
from kb.clock.mail.sending import enqueue_sending
from kb.clock.models import OutgoingMail

logger = logging.getLogger(__name__)

_REPLACED = {"to", "cc", "bcc"}


class Backend(BaseEmailBackend):
    """Posts messages.

    With `fail_silently` (mail about errors, to ADMINS) it never raises: without a database it sends at once, or gives
    up.
    """

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """How many messages were posted. Raises BadHeaderError with a sentence."""
        return sum(self._posted(message) for message in email_messages or () if message.recipients())

    def _posted(self, message: EmailMessage) -> int:
        try:
            post(message)
        except (DatabaseError, InterfaceError):
            if not self.fail_silently:
                raise
            logger.exception("A message could not be posted; sending it at once")
            return _send_at_once(message)
        except Exception:  # the edge: a message about an error must not make the next one
            if not self.fail_silently:
                raise
            logger.exception("A message could not be posted")
            return 0
        return 1


def post(message: EmailMessage) -> list[OutgoingMail]:
    """Writes the rows and asks for their sending once the transaction is committed. Each address gets a message that
    names no other.

    Raises BadHeaderError with a sentence when a line break would begin a header of somebody else's.
    """
    _refuse_line_breaks(message)
    recipients = list(dict.fromkeys(message.recipients()))
    people = _people(message, recipients)
    with transaction.atomic():
        rows = [OutgoingMail.objects.create(user=people.get(_address(one)), **_row(message, one)) for one in recipients]
        in_bulk = getattr(message, "in_bulk", False)
        transaction.on_commit(partial(_ask_sending, [row.pk for row in rows], in_bulk=in_bulk))
    return rows


def _ask_sending(mail_ids: Sequence[int], *, in_bulk: bool) -> None:
    for mail_id in mail_ids:
        enqueue_sending(mail_id, in_bulk=in_bulk)


def _row(message: EmailMessage, recipient: str) -> dict[str, Any]:
    own = copy.copy(message)
    own.to, own.cc, own.bcc = [recipient], [], []
    headers = {name: value for name, value in message.extra_headers.items() if name.lower() not in _REPLACED}
    given = next((str(value) for name, value in headers.items() if name.lower() == "message-id"), "")
    message_id = given or make_msgid(domain=_address(message.from_email).partition("@")[2] or "localhost")
    own.extra_headers = headers if given else {**headers, "Message-ID": message_id}
    return {
        "address": _address(recipient)[:254],
        "kind": getattr(message, "kind", "")[:60],
        "subject": str(message.subject).strip()[:255],
        "message_id": message_id[:255],
        "sealed": seal(own.message().as_bytes()),
    }


def _people(message: EmailMessage, recipients: Iterable[str]) -> dict[str, User]:
    """The person behind each address: the one the sender names (None: nobody), else whose address it is."""
    addresses = [_address(one) for one in recipients]
    if hasattr(message, "user") and len(addresses) == 1:
        return {addresses[0]: message.user} if message.user is not None else {}
    known = people_by_address(addresses)
    return {address: known[address.lower()] for address in addresses if address.lower() in known}


def _address(recipient: str) -> str:
    return parseaddr(recipient)[1] or recipient


def _refuse_line_breaks(message: EmailMessage) -> None:
    headers = {"Subject": message.subject, "From": message.from_email, **message.extra_headers}
    headers |= {"To": message.to, "Cc": message.cc, "Bcc": message.bcc, "Reply-To": message.reply_to}
    for name, value in headers.items():
        lines = [name, *(map(str, value) if isinstance(value, (list, tuple)) else [str(value)])]
        if any("\n" in line or "\r" in line for line in lines):
            raise BadHeaderError(
                _("“%(header)s” holds a line break. Write it on one line, then send again.")
                % {"header": name.split()[0] if name.split() else ""}
            )


def _send_at_once(message: EmailMessage) -> int:
    try:
        return get_connection(settings.MAIL_TRANSPORT, fail_silently=True).send_messages([message]) or 0
    except Exception:  # the edge: see Backend
        logger.exception("Nor could it be sent")
        return 0
