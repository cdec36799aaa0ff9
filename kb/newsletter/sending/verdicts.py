"""What the refusal of a mail server says, and about whom: the address, the moment, us, or nothing at all.

Works for SMTP and for the backends of django-anymail, whose errors carry the HTTP status of the service; it is not
imported, being optional.
"""

from __future__ import annotations

import enum
import re
import smtplib

from kb.clock.mail.reports import status_of_prose
from kb.clock.mail.sending import answer


class Verdict(enum.Enum):
    """for_good: this address, or this message to it, will not be taken. later: not now. not_us: the server wants
    nothing of ours at the moment.

    no_answer: the connection broke, so that nobody knows whether the message was taken.
    """

    FOR_GOOD = "for_good"
    LATER = "later"
    NOT_US = "not_us"
    NO_ANSWER = "no_answer"


_OF_THE_SERVER = (
    smtplib.SMTPSenderRefused,
    smtplib.SMTPAuthenticationError,
    smtplib.SMTPConnectError,
    smtplib.SMTPHeloError,
)
_OF_THE_ADDRESS = frozenset({"AnymailRecipientsRefused", "AnymailInvalidAddress"})
_OF_THE_MESSAGE = frozenset({400, 413, 422})  # HTTP: the service understood us and does not want this one
_CLOSING = 421  # SMTP: "service not available, closing", whatever was asked

# Subject and detail of a status (RFC 3463, 7505) that speaks of the recipient's address or mailbox. Left out: 1.7 and
# 1.8, our own address; 2.2, a full mailbox, which its reader can empty; 2.3 and 2.4, this message, a list. 4.1 is how
# Microsoft says that it knows no such recipient, 4.4 how Postfix says that there is no such domain.
_OF_THE_MAILBOX = frozenset(f"1.{detail}" for detail in (0, 1, 2, 3, 4, 5, 6, 9, 10)) | {"2.0", "2.1", "4.1", "4.4"}
_SAYING_NOTHING = frozenset({"0.0", "5.0"})  # what servers give that know no better: their words decide
_WORDS_OF_POLICY = re.compile(
    r"\b(?:spam|spf|dkim|dmarc|rbl|dnsbl)\b|spamhaus|block ?(?:ed|list)|black "
    r"?list|\blisted (?:at|by|in|on)\b|policy|reputation|"
    r"quota|storage|mailbox (?:is )?full|too (?:big|large)",
    re.IGNORECASE,
)


def is_about_mailbox(words: str, *, status: str = "") -> bool:
    """Whether a refusal for good says that there is no such mailbox, and not that our mail met a policy, a block list
    or a limit.

    status: of a report ("5.1.1"); without it the one in the words counts.
    """
    kind = (status or status_of_prose(words)).partition(".")[2]
    return kind in _OF_THE_MAILBOX or (kind in _SAYING_NOTHING | {""} and not _WORDS_OF_POLICY.search(words))


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
