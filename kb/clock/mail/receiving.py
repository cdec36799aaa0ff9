"""What a message that came in is: a person's mail, a failure report, a complaint, an automatic answer; from its bytes
alone, without the database.

How a mail is cut into parts is in `parts`, how reports are worded in `reports`, where messages wait in `mailboxes`;
what a bounce does to a subscriber is the newsletter's.
"""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from kb.clock.mail import reports
from kb.clock.mail.fields import addresses_in, decode_words
from kb.clock.mail.parts import Part, is_mail, read_parts
from kb.clock.mail.reports import Refusal
from search.extraction import BrokenFile, sections_of

BOUNCE, DELAYED, DELIVERED = "bounce", "delayed", "delivered"
COMPLAINT, AUTO_REPLY, READ_RECEIPT, MESSAGE, UNREADABLE = (
    "complaint",
    "auto-reply",
    "read-receipt",
    "message",
    "unreadable",
)

_MAX_TEXT = 2_000_000
_MAX_HTML_BYTES = 2_000_000
_ENVELOPE = (
    "to",
    "delivered-to",
    "x-original-to",
    "envelope-to",
    "x-envelope-to",
    "x-delivered-to",
    "x-rcpt-to",
    "original-recipient",
    "cc",
)
_STATUS_PARTS = frozenset(("message/delivery-status", "message/global-delivery-status"))
_NOTIFICATION_PARTS = frozenset(("message/disposition-notification", "message/global-disposition-notification"))
_RETURNED_PARTS = frozenset(
    ("message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers")
)
_REPORT_PARTS = _STATUS_PARTS | _NOTIFICATION_PARTS | {"message/feedback-report"}
# Text that is no reading: it is kept as a file.
_FILES_OF_TEXT = frozenset(
    (
        "text/calendar",
        "text/vcard",
        "text/x-vcard",
        "text/directory",
        "text/csv",
        "text/xml",
        "text/css",
        "text/javascript",
    )
)
_WORDS_OF_ABSENCE = re.compile(
    r"^\s*(?:automatic reply|auto(?:matic)?[- ]?(?:reply|response)|out of (?:the "
    r")?office|réponse automatique|absence du bureau|"
    r"automatisch antwoord|afwezigheidsbericht|automatische antwort|abwesenheitsnotiz)\b",
    re.IGNORECASE,
)
_ACTION_KINDS = {
    "failed": BOUNCE,
    "delayed": DELAYED,
    "delivered": DELIVERED,
    "relayed": DELIVERED,
    "expanded": DELIVERED,
}


@dataclass(frozen=True, slots=True)
class Received:
    """One message. kind: one of the constants above; recipients: those a report speaks of (a failure's failed ones),
    else those of To and Cc.

    status: the gravest of the report's ("5.1.1"), "" otherwise; refusals: what is said of each; returned_ids:
    Message-IDs ("<…>") of what came back;
    envelope: addresses it was sent to, and the envelope sender a complaint names; attachments: their names, "" for one
    without;
    text: what a person reads; digest: SHA-256 of its bytes, which the same message read twice shares.
    """

    kind: str
    recipients: tuple[str, ...] = ()
    status: str = ""
    refusals: tuple[Refusal, ...] = ()
    returned_ids: tuple[str, ...] = ()
    envelope: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()
    text: str = ""
    sender: str = ""
    subject: str = ""
    message_id: str = ""
    digest: str = ""


def read_message(content: bytes) -> Received:
    """Never raises: what is no mail at all is "unreadable". Beyond 25 MB,
    500 parts or 20 levels the rest is left out.
    """
    digest = hashlib.sha256(content).hexdigest()
    root = read_parts(content)
    if not is_mail(root):
        return Received(kind=UNREADABLE, digest=digest)
    body = _Body(root)
    kind, refusals = _kind_of(root, body)
    recipients = [refusal.address for refusal in refusals] or _of_headers(root, "to", "cc")
    return Received(
        kind=kind,
        recipients=_once(recipients),
        status=_gravest(refusals) if kind in (BOUNCE, DELAYED, DELIVERED) else "",
        refusals=tuple(refusals),
        returned_ids=_once(_returned_ids(root, body)) if kind not in (MESSAGE, AUTO_REPLY) else (),
        envelope=_once([*_of_headers(root, *_ENVELOPE), *(_feedback(body)[1] if kind == COMPLAINT else [])]),
        attachments=tuple(body.attachments),
        text=body.text,
        sender=next(iter(_of_headers(root, "from")), ""),
        subject=" ".join(decode_words(root.first("subject")).split())[:998],
        message_id=root.first("message-id").strip()[:998],
        digest=digest,
    )


class _Body:
    """What is in a message beside its head: the text a person reads, attachments,
    and the parts that make it a report.
    """

    def __init__(self, root: Part) -> None:
        self.reports: list[Part] = []
        self.returned: list[Part] = []
        self.attachments: list[str] = []
        self._html_bytes_left = _MAX_HTML_BYTES
        leaves = list(_leaves(root))
        self.is_report = root.kind == "multipart/report" or any(part.kind in _REPORT_PARTS for part, _ in leaves)
        readable, named = self._sort(leaves)
        self.text = self._read(readable) or self._read(named) or self._read_prose_of_reports()
        if not self.text and self.returned and not self.is_report:
            self.text = _Body(self.returned[0]).text if not _holds_messages(self.returned[0]) else ""

    def _sort(
        self, leaves: list[tuple[Part, Part | None]]
    ) -> tuple[list[tuple[Part, Part | None]], list[tuple[Part, Part | None]]]:
        """Unnamed texts, then named ones that are to be shown; the rest is kept apart as reports,
        returned messages and attachments.
        """
        readable: list[tuple[Part, Part | None]] = []
        named: list[tuple[Part, Part | None]] = []
        for part, alternative in leaves:
            is_text = (
                part.kind.startswith(("text/", "multipart/")) and part.kind not in _FILES_OF_TEXT | _RETURNED_PARTS
            )
            if part.kind in _REPORT_PARTS:
                self.reports.append(part)
            elif part.kind in _RETURNED_PARTS:
                self.returned.append(part.parts[0] if part.parts else part)
                if not self.is_report:
                    self.attachments.append(part.filename)
            elif is_text and not part.filename and part.disposition != "attachment":
                readable.append((part, alternative))
            else:
                self.attachments.append(part.filename)
                if is_text and part.disposition != "attachment":
                    named.append((part, alternative))
        return readable, named

    def _read(self, texts: list[tuple[Part, Part | None]]) -> str:
        """The text of these parts, one after the other; of alternatives the plain one, else the first with text."""
        said: list[str] = []
        spoken: set[int] = set()
        left = _MAX_TEXT
        for part, alternative in sorted(texts, key=lambda pair: pair[1] is not None and pair[0].kind == "text/html"):
            if left <= 0 or (alternative is not None and part.kind == "text/html" and id(alternative) in spoken):
                continue
            text = self._text_of(part)[:left].strip()
            if text:
                said.append(text)
                left -= len(text)
                if alternative is not None:
                    spoken.add(id(alternative))
        return "\n\n".join(said)

    def _text_of(self, part: Part) -> str:
        if part.kind != "text/html":
            return part.text()
        content = part.payload()[: max(self._html_bytes_left, 0)]
        self._html_bytes_left -= len(content)
        try:
            return "\n\n".join(
                page.text for page in sections_of(content, charset=part.params.get("charset", ""))[1].pages()
            )
        except (BrokenFile, etree.LxmlError, ValueError, LookupError, AssertionError):
            return ""

    def _read_prose_of_reports(self) -> str:
        """Some servers put their sentences where the fields belong."""
        return "\n\n".join(
            part.text().strip() for part in self.reports if not reports.recipients_of_status(part.payload())
        )[:_MAX_TEXT].strip()


def _leaves(root: Part) -> Iterator[tuple[Part, Part | None]]:
    """The parts that hold something, in order, each with the multipart/alternative it stands in; messages inside are
    not entered.

    A multipart in which nothing is nested is text: somebody forgot the boundary.
    """
    waiting: deque[tuple[Part, Part | None]] = deque([(root, None)])
    while waiting:
        part, alternative = waiting.popleft()
        if part.parts and part.kind.startswith("multipart/"):
            around = alternative or (part if part.kind == "multipart/alternative" else None)
            waiting.extendleft((child, around) for child in reversed(part.parts))
        else:
            yield part, alternative


def _holds_messages(part: Part) -> bool:
    return any(inner.kind in _RETURNED_PARTS for inner, _ in _leaves(part))


def _kind_of(root: Part, body: _Body) -> tuple[str, list[Refusal]]:
    """What it is and, of a report, what it says of whom."""
    kinds = {part.kind for part in body.reports}
    if "message/feedback-report" in kinds:
        return COMPLAINT, [Refusal(address) for address in _feedback(body)[0]]
    if kinds & _STATUS_PARTS and (found := _of_status_parts(body)):
        return found
    if kinds & _NOTIFICATION_PARTS and not kinds & _STATUS_PARTS:
        notified = (
            reports.recipient_of_notification(part.payload())
            for part in body.reports
            if part.kind in _NOTIFICATION_PARTS
        )
        return READ_RECEIPT, [Refusal(address) for address in notified if address]
    if (kinds & _STATUS_PARTS or _comes_from_a_mail_system(root)) and (told := _of_prose(root, body)):
        return told
    return (AUTO_REPLY if _is_automatic(root) else MESSAGE), []


def _of_status_parts(body: _Body) -> tuple[str, list[Refusal]] | None:
    said = [
        refusal
        for part in body.reports
        if part.kind in _STATUS_PARTS
        for refusal in reports.recipients_of_status(part.payload())
    ]
    for kind in (BOUNCE, DELAYED, DELIVERED):
        of_kind = [refusal for refusal in said if _kind_of_refusal(refusal) == kind]
        if of_kind:
            return kind, of_kind
    return None


def _kind_of_refusal(refusal: Refusal) -> str:
    return _ACTION_KINDS.get(refusal.action) or {"5": BOUNCE, "4": DELAYED, "2": DELIVERED}.get(
        refusal.status[:1], BOUNCE
    )


def _comes_from_a_mail_system(root: Part) -> bool:
    """Only machines write with an empty envelope sender, as the mail system itself,
    or name failed recipients in the head.
    """
    senders = _of_headers(root, "from", "sender")
    empty = any(value.strip() == "<>" for value in root.all("return-path"))
    return empty or bool(root.all("x-failed-recipients")) or any(reports.is_mail_system(sender) for sender in senders)


def _of_prose(root: Part, body: _Body) -> tuple[str, list[Refusal]] | None:
    """A failure or a delay told in sentences; None when it tells neither."""
    notice = reports.notice_in(body.text)
    subject = decode_words(root.first("subject"))
    failed = reports.says_failed(subject) or reports.says_failed(notice) or bool(root.all("x-failed-recipients"))
    delayed = reports.says_delayed(subject) or (not reports.says_failed(subject) and reports.says_delayed(notice))
    if not failed and not delayed:
        return None
    ours = frozenset(address.lower() for address in _of_headers(root, *_ENVELOPE, "from", "reply-to"))
    addresses = _of_headers(root, "x-failed-recipients") or reports.addresses_of_prose(notice, besides=ours)
    kind = DELAYED if delayed else BOUNCE
    status = reports.status_of_prose(notice)
    if not addresses and not status and not root.all("x-failed-recipients") and _is_automatic(root):
        return None
    return kind, [
        Refusal(address, action="failed" if kind == BOUNCE else "delayed", status=status)
        for address in addresses or [""]
    ]


def _is_automatic(root: Part) -> bool:
    said = root.first("auto-submitted").partition(";")[0].strip().lower()
    return (
        said.startswith("auto-replied")
        or any(root.all("x-autoreply", "x-autorespond", "x-auto-reply", "x-vacation"))
        or root.first("precedence").strip().lower() == "auto_reply"
        or bool(_WORDS_OF_ABSENCE.match(decode_words(root.first("subject"))))
    )


def _feedback(body: _Body) -> tuple[list[str], list[str]]:
    found = [
        reports.addresses_of_feedback(part.payload()) for part in body.reports if part.kind == "message/feedback-report"
    ]
    return [address for complained, _ in found for address in complained], [
        address for _, senders in found for address in senders
    ]


def _returned_ids(root: Part, body: _Body) -> list[str]:
    """Message-IDs of the messages inside a report, of a copy within its text, and of what the report answers:
    some servers return nothing but that reference.
    """
    inside = [value for part in body.returned for value in (part.all("message-id") or _ids_of_headers(part))]
    answered = root.all("in-reply-to", "references", "x-original-message-id")
    return [
        word
        for value in [*inside, *reports.message_ids_of_prose(body.text), *answered]
        for word in re.findall(r"<[^<>\s]{1,400}>", value)
    ][:50]


def _ids_of_headers(part: Part) -> list[str]:
    """Message-IDs in a part that holds only the headers of what came back."""
    return reports.message_ids_of_prose(part.text()[:200_000]) if part.kind in _RETURNED_PARTS else []


def _gravest(refusals: list[Refusal]) -> str:
    """The first status of the highest class: 5 before 4 before 2."""
    return max((refusal.status for refusal in refusals), key=lambda status: status[:1], default="")


def _of_headers(root: Part, *names: str) -> list[str]:
    return [address for name in names for value in root.all(name) for address in addresses_in(value)]


def _once(values: list[str]) -> tuple[str, ...]:
    return tuple({value.lower(): value for value in reversed(values) if value}.values())[::-1]
