"""What the refusal of a mail server says, and about whom: the address, the moment, us, or nothing at all.

Works for SMTP and for the backends of django-anymail, whose errors carry the HTTP status of the service; it is not imported, being optional.
"""

from __future__ import annotations

import enum
import smtplib

from kb.clock.sending import answer


class Verdict(enum.Enum):
    """for_good: this address, or this message to it, will not be taken. later: not now. not_us: the server wants nothing of ours at the moment.

    no_answer: the connection broke, so that nobody knows whether the message was taken.
    """

    FOR_GOOD = "for_good"
    LATER = "later"
    NOT_US = "not_us"
    NO_ANSWER = "no_answer"


_OF_THE_SERVER = (smtplib.SMTPSenderRefused, smtplib.SMTPAuthenticationError, smtplib.SMTPConnectError, smtplib.SMTPHeloError)
_OF_THE_ADDRESS = frozenset({"AnymailRecipientsRefused", "AnymailInvalidAddress"})
_OF_THE_MESSAGE = frozenset({400, 413, 422})  # HTTP: the service understood us and does not want this one
_CLOSING = 421  # SMTP: "service not available, closing", whatever was asked


def verdict_of(error: Exception) -> Verdict:
    """Errors raised while one message was handed over."""
    if isinstance(error, _OF_THE_SERVER):
        return Verdict.NOT_US
    code, _words = answer(error)
    if code:
        return Verdict.NOT_US if code == _CLOSING else Verdict.FOR_GOOD if 500 <= code < 600 else Verdict.LATER
    if type(error).__name__ in _OF_THE_ADDRESS:
        return Verdict.FOR_GOOD
    status = getattr(error, "status_code", None)
    if status is not None:
        return Verdict.FOR_GOOD if status in _OF_THE_MESSAGE else Verdict.NOT_US
    return Verdict.NO_ANSWER
