"""The parts of a mail as they came: heads, bodies, what is nested in what; for whatever the network brings. What stands
in a field is read in `fields`, what a message means in `receiving`.

Written for hostile input, so nothing here recurses, raises, or reads more than its limits. The standard library's
parser does all three.
"""

from __future__ import annotations

import binascii
import re
from collections import deque
from dataclasses import dataclass, field

from kb.clock.mail.fields import MAX_VALUE, decode_text, decode_words, from_base64, parameters_of

MAX_BYTES = 25 * 1024 * 1024
_MAX_PARTS = 500
_MAX_DEPTH = 20
_MAX_HEAD_BYTES = 512 * 1024
_MAX_FIELDS = 1000
_MAX_STRAY = 20  # lines of a head that are no field
_MAX_CANDIDATES = 50_000
_MAX_TAIL = 200  # white space after a boundary

_FIELD = re.compile(rb"([!-9;-~]{1,100})[ \t]*:[ \t]*")
_GUESSED_BOUNDARY = re.compile(rb"(?:^|\n)--([^\r\n]{1,200}?)[ \t]{0,20}\r?\nContent-[A-Za-z-]{4,40}:", re.IGNORECASE)
# A mail has one of these in its head; a web page, a picture or a table does not.
# fmt: off
_OF_A_MAIL = frozenset((
    "from", "to", "cc", "bcc", "subject", "date", "message-id", "received", "return-path", "delivered-to", "x-original-to", "reply-to", "sender",  # noqa: E501
    "in-reply-to", "references", "mime-version", "content-type", "content-transfer-encoding", "resent-from", "resent-to",  # noqa: E501
))
# fmt: on


@dataclass(slots=True, eq=False)
class Part:
    """A head and what follows it.

    kind: "text/plain", lower case; body: bytes as they stand, encoded; parts: what is nested in it, in order.
    """

    kind: str
    params: dict[str, str]
    fields: list[tuple[str, str]]
    body: bytes
    parts: list[Part] = field(default_factory=list)

    def all(self, *names: str) -> list[str]:
        """The values of the fields of these names (lower case), unfolded, in the order of the head."""
        return [value for name, value in self.fields if name in names]

    def first(self, name: str) -> str:
        return next((value for other, value in self.fields if other == name), "")

    @property
    def disposition(self) -> str:
        return self.first("content-disposition").partition(";")[0].strip().lower()

    @property
    def filename(self) -> str:
        """The name it is to be kept under, "" for none."""
        name = parameters_of(self.first("content-disposition")).get("filename") or self.params.get("name", "")
        return " ".join(decode_words(name).split())[:255]

    def payload(self) -> bytes:
        """The body without its transfer encoding; what is not encoded as it says is given as far as it can be read."""
        encoding = self.first("content-transfer-encoding").strip().lower()
        if encoding == "base64":
            return from_base64(self.body)
        return binascii.a2b_qp(self.body) if encoding == "quoted-printable" else self.body

    def text(self) -> str:
        return decode_text(self.payload(), self.params.get("charset", ""))


def is_mail(part: Part) -> bool:
    return any(name in _OF_A_MAIL for name, _ in part.fields)


def read_parts(content: bytes) -> Part:
    """The whole message, breadth first; beyond the limits (25 MB, 500 parts, 20 levels)
    the rest is left as it stands.
    """
    content = content[:MAX_BYTES].lstrip(b"\r\n\t \xef\xbb\xbf")
    if b"\n" not in content[:_MAX_HEAD_BYTES]:
        content = content.replace(b"\r", b"\n")
    while content.startswith((b"From ", b">From ")):
        content = content.partition(b"\n")[2]
    root = _part(content, default="text/plain")
    waiting = deque([(root, 0)])
    count = 1
    while waiting:
        part, depth = waiting.popleft()
        if depth >= _MAX_DEPTH or count >= _MAX_PARTS:
            continue
        inner = "message/rfc822" if part.kind == "multipart/digest" else "text/plain"
        part.parts = [_part(piece, default=inner) for piece in _pieces(part, limit=_MAX_PARTS - count)]
        count += len(part.parts)
        waiting.extend((child, depth + 1) for child in part.parts)
    return root


def fields_of(content: bytes) -> list[tuple[str, str]]:
    """The fields a block begins with, names in lower case: "Status: 5.1.1" -> ("status", "5.1.1")."""
    return _head(content)[0]


def _part(content: bytes, *, default: str) -> Part:
    fields, start = _head(content)
    said = next((value for name, value in fields if name == "content-type"), "")
    kind = said.partition(";")[0].strip().strip('"').lower() or default
    if not re.fullmatch(r"[!-~]{1,100}/[!-~]{1,100}", kind):
        kind = "text/plain"
    return Part(kind=kind, params=parameters_of(said), fields=fields, body=content[start:])


def _head(content: bytes) -> tuple[list[tuple[str, str]], int]:
    """The fields, and where the body begins.

    A stray line amid fields is passed over; one that no field follows begins the body.
    """
    found: list[tuple[bytes, list[bytes]]] = []
    position = stray = 0
    while position < min(len(content), _MAX_HEAD_BYTES):
        end = content.find(b"\n", position)
        after = len(content) if end < 0 else end + 1
        line = content[position:after].rstrip(b"\r\n")
        if not line:
            position = after
            break
        match = _FIELD.match(line)
        if line[:1] in b" \t" and found:
            found[-1][1].append(line.strip())
        elif match and len(found) < _MAX_FIELDS:
            found.append((match[1].lower(), [line[match.end() :]]))
        elif not match:
            stray += 1
            if not found or stray > _MAX_STRAY or line.startswith(b"--") or not _goes_on(content, after):
                break
        position = after
    return [(name.decode("ascii"), _as_text(b" ".join(lines))) for name, lines in found], position


def _goes_on(content: bytes, position: int) -> bool:
    for line in content[position : position + 4000].split(b"\n")[:10]:
        if not line.rstrip(b"\r"):
            return False
        if (match := _FIELD.match(line)) and match[1].lower().decode("ascii") in _OF_A_MAIL:
            return True
    return False


def _as_text(value: bytes) -> str:
    value = value[:MAX_VALUE].replace(b"\0", b"")
    try:
        return value.decode("utf-8").strip()
    except UnicodeDecodeError:
        return value.decode("cp1252", "replace").strip()


def _pieces(part: Part, *, limit: int) -> list[bytes]:
    """What is nested in it, cut at the boundary it names, or, where nothing is, at the one it seems to use."""
    if part.kind in ("message/rfc822", "message/global"):
        return [part.payload().lstrip(b"\r\n")]
    if not part.kind.startswith("multipart/"):
        return []
    boundary = part.params.get("boundary", "").rstrip().encode("utf-8", "replace")
    found = _cut(part.body, boundary, limit) if boundary else []
    if not found and (guessed := _GUESSED_BOUNDARY.search(part.body[:_MAX_HEAD_BYTES])):
        found = _cut(part.body, guessed[1], limit)
    return found


def _cut(body: bytes, boundary: bytes, limit: int) -> list[bytes]:
    mark = b"--" + boundary
    pieces: list[bytes] = []
    start = -1
    position = 0
    for _ in range(_MAX_CANDIDATES):
        at = body.find(mark, position)
        if at < 0 or len(pieces) >= limit:
            break
        position = at + len(mark)
        end = body.find(b"\n", position, position + _MAX_TAIL)
        end = min(len(body), position + _MAX_TAIL) if end < 0 else end + 1
        tail = body[position:end].strip()
        if (at and body[at - 1 : at] != b"\n") or tail not in (b"", b"--"):
            continue
        if start >= 0:
            pieces.append(_without_last_line_end(body[start:at]))
        start = end if not tail else -1
        position = end
        if tail:
            break
    if start >= 0 and len(pieces) < limit and body[start:].strip():
        pieces.append(body[start:])
    return pieces


def _without_last_line_end(content: bytes) -> bytes:
    return content[:-2] if content.endswith(b"\r\n") else content[:-1] if content.endswith(b"\n") else content
