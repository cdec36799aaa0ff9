"""The parts of a mail as they came: heads, bodies, what is nested in what; for whatever the network brings. What a message means is in `receiving`.

Written for hostile input, so nothing here recurses, raises, or reads more than its limits. The standard library's parser does all three.
"""

from __future__ import annotations

import binascii
import re
from collections import deque
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from search.extraction.plain import decode

MAX_BYTES = 25 * 1024 * 1024
_MAX_PARTS = 500
_MAX_DEPTH = 20
_MAX_HEAD_BYTES = 512 * 1024
_MAX_FIELDS = 1000
_MAX_VALUE = 50_000
_MAX_CANDIDATES = 50_000
_MAX_TAIL = 200  # white space after a boundary

_FIELD = re.compile(rb"([!-9;-~]{1,100})[ \t]*:[ \t]*")
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)(?:\?=|$)")
_BETWEEN_WORDS = re.compile(r"(\?=)\s+(?==\?[^?\s]{1,60}\?[bBqQ]\?)")
_PARAMETER = re.compile(r""";\s*([^\s=;"]{1,100})\s*=\s*(?:"((?:[^"\\]|\\.)*)(?:"|$)|([^;]*))""")
_GUESSED_BOUNDARY = re.compile(rb"(?:^|\n)--([^\r\n]{1,200}?)[ \t]{0,20}\r?\nContent-[A-Za-z-]{4,40}:", re.IGNORECASE)
# Encodings whose bytes are all ASCII: what they hold must be read as they say, or it would pass for plain ASCII.
_SEVEN_BIT = frozenset(("utf-7", "iso-2022-jp", "iso-2022-jp-2", "iso-2022-kr", "hz-gb-2312", "hz"))
# A mail has one of these in its head; a web page, a picture or a table does not.
# fmt: off
_OF_A_MAIL = frozenset((
    "from", "to", "cc", "bcc", "subject", "date", "message-id", "received", "return-path", "delivered-to", "x-original-to", "reply-to", "sender",
    "in-reply-to", "references", "mime-version", "content-type", "content-transfer-encoding", "resent-from", "resent-to",
))
# fmt: on


@dataclass(slots=True, eq=False)
class Part:
    """A head and what follows it. kind: "text/plain", lower case; body: bytes as they stand, encoded; parts: what is nested in it, in order."""

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
        name = _parameters(self.first("content-disposition")).get("filename") or self.params.get("name", "")
        return " ".join(decode_words(name).split())[:255]

    def payload(self) -> bytes:
        """The body without its transfer encoding; what is not encoded as it says is given as far as it can be read."""
        encoding = self.first("content-transfer-encoding").strip().lower()
        if encoding == "base64":
            return _from_base64(self.body)
        return binascii.a2b_qp(self.body) if encoding == "quoted-printable" else self.body

    def text(self) -> str:
        return decode_text(self.payload(), self.params.get("charset", ""))


def is_mail(part: Part) -> bool:
    return any(name in _OF_A_MAIL for name, _ in part.fields)


def read_parts(content: bytes) -> Part:
    """The whole message, breadth first; beyond the limits (25 MB, 500 parts, 20 levels) the rest is left as it stands."""
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


def decode_text(content: bytes, charset: str) -> str:
    """Text with line feeds only; a charset that is unknown or does not fit never stops the reading."""
    if charset.strip().lower() in _SEVEN_BIT:
        try:
            return _with_line_feeds(content.decode(charset.strip(), "replace"))
        except (LookupError, ValueError):
            pass
    return _with_line_feeds(decode(content, charset.strip()))


def decode_words(value: str) -> str:
    """A header's encoded words (RFC 2047) as text; broken ones are read as far as they go."""
    return _WORD.sub(_decoded_word, _BETWEEN_WORDS.sub(r"\1", value[:_MAX_VALUE]))


def addresses_in(value: str) -> list[str]:
    """The addresses of a header such as To, in their order, without names, comments, groups and routes."""
    chunk: list[str] = []
    found: list[str] = []
    comment, angle, position = 0, False, 0
    value = value[:_MAX_VALUE]
    while position < len(value):
        sign = value[position]
        position += 1
        if sign == "\\" and comment:
            position += 1
        elif sign == "(" and not angle:
            comment += 1
        elif comment:
            comment -= sign == ")"
        elif sign == '"':
            end = _end_of_quoted(value, position)
            if value[end + 1 : end + 2] == "@":
                chunk.append(value[position - 1 : end + 1])
            position = end + 1
        elif sign == ":" and not angle:
            chunk.clear()
        elif sign in ",;" and not angle:
            found.append("".join(chunk))
            chunk.clear()
        else:
            angle = sign == "<" or (angle and sign != ">")
            chunk.append(sign)
    found.append("".join(chunk))
    return list({address.lower(): address for each in found if (address := _address(each))}.values())


def _address(chunk: str) -> str:
    """ "Mary Smith <@relay.example:mary@example.net>" -> "mary@example.net"; "" where there is none."""
    inside = chunk.rpartition("<")[2].partition(">")[0].rpartition(":")[2] if "<" in chunk else chunk
    words = re.sub(r" ?([.@]) ?", r"\1", " ".join(inside.split())).split()
    address = next((word for word in reversed(words) if "@" in word.strip("@")), "").strip("<>,;")
    return address if len(address) <= 998 else ""


def _end_of_quoted(value: str, position: int) -> int:
    while position < len(value) and value[position] != '"':
        position += 2 if value[position] == "\\" else 1
    return min(position, len(value))


def _part(content: bytes, *, default: str) -> Part:
    fields, start = _head(content)
    said = next((value for name, value in fields if name == "content-type"), "")
    kind = said.partition(";")[0].strip().strip('"').lower() or default
    if not re.fullmatch(r"[!-~]{1,100}/[!-~]{1,100}", kind):
        kind = "text/plain"
    return Part(kind=kind, params=_parameters(said), fields=fields, body=content[start:])


def _head(content: bytes) -> tuple[list[tuple[str, str]], int]:
    """The fields, and where the body begins. A stray line amid fields is passed over; one that no field follows begins the body."""
    found: list[tuple[bytes, list[bytes]]] = []
    position = 0
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
        elif not match and not (found and not line.startswith(b"--") and _goes_on(content, after)):
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
    value = value[:_MAX_VALUE].replace(b"\0", b"")
    try:
        return value.decode("utf-8").strip()
    except UnicodeDecodeError:
        return value.decode("cp1252", "replace").strip()


def _parameters(value: str) -> dict[str, str]:
    """Of a Content-Type or Content-Disposition; continued and encoded ones (RFC 2231) joined: {"boundary": "x", "filename": "Été.pdf"}."""
    plain: dict[str, str] = {}
    pieces: dict[str, list[tuple[int, bool, str]]] = {}
    for match in list(_PARAMETER.finditer(value))[:200]:
        name = match[1].lower()
        said = re.sub(r"\\(.)", r"\1", match[2]) if match[2] is not None else (match[3] or "").strip()
        split = re.fullmatch(r"([^*]+)\*(?:(\d{1,3})(\*?))?", name)
        if split:
            number, encoded = (int(split[2]), bool(split[3])) if split[2] else (0, True)
            pieces.setdefault(split[1], []).append((number, encoded, said))
        else:
            plain.setdefault(name, said)
    return plain | {name: _joined(sorted(each)) for name, each in pieces.items()}


def _joined(pieces: list[tuple[int, bool, str]]) -> str:
    charset, content = "", b""
    for index, (_, encoded, said) in enumerate(pieces):
        if encoded and index == 0 and said.count("'") >= 2:
            charset, _, said = said.split("'", 2)
        raw = said.encode("utf-8", "replace")
        content += unquote_to_bytes(raw) if encoded else raw
    return decode_text(content, charset)


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


def _from_base64(content: bytes) -> bytes:
    """What stands before the padding; bytes that are no base64 at all, as they are."""
    said = b"".join(content.partition(b"=")[0].split())
    signs = re.sub(rb"[^A-Za-z0-9+/]", b"", said)
    if len(said) - len(signs) > len(said) // 20:
        return content
    signs = signs[: len(signs) - (len(signs) % 4 == 1)]
    return binascii.a2b_base64(signs + b"=" * (-len(signs) % 4))


def _decoded_word(match: re.Match[str]) -> str:
    charset = match[1].partition("*")[0]
    raw = match[3].encode("utf-8", "replace")
    return decode_text(_from_base64(raw) if match[2] in "bB" else binascii.a2b_qp(raw, header=True), charset)


def _with_line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
