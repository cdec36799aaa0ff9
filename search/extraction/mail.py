"""A mail: who, when, about what, what it says,
and the attachments that can be read without a reader of their own container.
"""

from __future__ import annotations

import email
import email.policy
import email.utils
import tempfile
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path

from search.extraction import sniffing
from search.extraction.errors import BrokenFile
from search.extraction.html import sections_of
from search.extraction.limits import Facts, Limits
from search.extraction.pages import ExtractedPage
from search.extraction.plain import decode
from search.extraction.sections import Sections

# Reads a file of a media type, whatever it is.
ReadAny = Callable[[Path, str, Limits], Iterator[Facts | ExtractedPage | str]]

_HEADERS = ("Subject", "From", "To", "Cc", "Date")
_MAX_PARTS = 500
_MAX_ATTACHMENTS = 20


def read(path: Path, limits: Limits, *, read_attached: ReadAny) -> Iterator[Facts | ExtractedPage | str]:
    """One section for headers and text (an HTML part only where there is no plain one), then those of each readable
    attachment, one level deep.
    """
    content = path.read_bytes()
    if content.startswith(b"From "):
        content = content.split(b"\n", 1)[-1]
    message = email.message_from_bytes(content.lstrip(), policy=email.policy.default)
    sections = Sections()
    heads = [(name, _header(message, name)) for name in _HEADERS]
    for name, value in heads:
        if value:
            sections.add(f"{name}: {value}")
    sections.end_paragraph()
    attachments: list[tuple[str, bytes]] = []
    said = 0
    for part in _leaves(message):
        name = _name(part)
        kind = part.get_content_type()
        if name or kind not in ("text/plain", "text/html", "message/delivery-status"):
            attachments.append((name, _payload(part)))
        elif kind != "text/html" or not _has_plain_sibling(message, part):
            sections.add_paragraph(_text(part, kind))
            said += 1
    if not said and not any(value for _, value in heads):
        raise BrokenFile("a mail without headers or text")
    names = [name for name, _ in attachments if name]
    if names:
        sections.add_paragraph("\n".join(names))
    yield Facts(title=dict(heads)["Subject"], author=dict(heads)["From"], date=_day(dict(heads)["Date"]))
    count = 0
    for page in sections.pages():
        count += 1
        yield page
    for name, payload in attachments[:_MAX_ATTACHMENTS]:
        for page in _attached(name, payload, limits, read_attached):
            count += 1
            yield ExtractedPage(
                number=count,
                text=page.text,
                label=f"{name}: {page.label}" if page.label and name else name or page.label,
            )


def _day(said: str) -> str:
    try:
        return email.utils.parsedate_to_datetime(said).date().isoformat()
    except (TypeError, ValueError, IndexError):
        return ""


def _attached(name: str, payload: bytes, limits: Limits, read_attached: ReadAny) -> Iterator[ExtractedPage]:
    """The pages of an attachment, without boxes;
    nothing for one that is not read (it is named in the mail's own section).
    """
    if not payload:
        return
    with tempfile.NamedTemporaryFile(prefix="attached-") as file:
        file.write(payload)
        file.flush()
        try:
            media_type = sniffing.sniff(file.name)
            if media_type == sniffing.MAIL:
                return
            for item in read_attached(Path(file.name), media_type, limits):
                if isinstance(item, ExtractedPage) and item.text:
                    yield item
        except Exception:
            return


def _leaves(message: EmailMessage) -> Iterator[EmailMessage]:
    """The parts that hold something, in order, without recursion: forwarded mails are entered, `multipart` in name only
    counts as text.
    """
    waiting: list = [message]
    seen = 0
    while waiting and seen < _MAX_PARTS:
        part = waiting.pop(0)
        seen += 1
        inner = part.get_payload()
        if isinstance(inner, list):
            waiting[:0] = inner
        else:
            yield part


def _has_plain_sibling(message: EmailMessage, part: EmailMessage) -> bool:
    for holder in message.walk():
        if (
            holder.get_content_type() == "multipart/alternative"
            and isinstance(holder.get_payload(), list)
            and part in holder.walk()
        ):
            return any(
                other.get_content_type() == "text/plain" and _text(other, "text/plain").strip()
                for other in holder.walk()
                if not other.is_multipart()
            )
    return False


def _text(part: EmailMessage, kind: str) -> str:
    payload = _payload(part)
    charset = str(part.get_param("charset") or "")
    if kind == "text/html":
        try:
            return "\n\n".join(page.text for page in sections_of(payload, charset=charset)[1].pages())
        except BrokenFile:
            return ""
    return decode(payload, charset).replace("\r\n", "\n")


def _payload(part: EmailMessage) -> bytes:
    try:
        payload = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):
        payload = None
    if isinstance(payload, bytes):
        return payload
    raw = part.get_payload()
    return raw.encode("utf-8", "surrogateescape") if isinstance(raw, str) else b""


def _name(part: EmailMessage) -> str:
    try:
        return " ".join(str(part.get_filename() or "").split())
    except (ValueError, LookupError, AttributeError, TypeError, IndexError):
        return ""


def _header(message: EmailMessage, name: str) -> str:
    """A header as text; the standard library stumbles over some broken ones, these are given as they stand."""
    try:
        value = message[name]
    except Exception:
        value = next((raw for key, raw in message.raw_items() if key.lower() == name.lower()), "")
    return " ".join(str(value or "").encode("utf-8", "replace").decode().split())
