"""What stands in a mail's fields: encoded words, addresses, parameters, charsets.

The parts that have these fields are in `parts`.
"""

from __future__ import annotations

import binascii
import re
from urllib.parse import unquote_to_bytes

from search.extraction import decode

MAX_VALUE = 50_000

_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)(?:\?=|$)")
_BETWEEN_WORDS = re.compile(r"(\?=)\s+(?==\?[^?\s]{1,60}\?[bBqQ]\?)")
_PARAMETER = re.compile(r""";\s*([^\s=;"]{1,100})\s*=\s*(?:"((?:[^"\\]|\\.)*)(?:"|$)|([^;]*))""")
# Encodings whose bytes are all ASCII: what they hold must be read as they say, or it would pass for plain ASCII.
_SEVEN_BIT = frozenset(("utf-7", "iso-2022-jp", "iso-2022-jp-2", "iso-2022-kr", "hz-gb-2312", "hz"))


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
    return _WORD.sub(_decoded_word, _BETWEEN_WORDS.sub(r"\1", value[:MAX_VALUE]))


def addresses_in(value: str) -> list[str]:
    """The addresses of a header such as To, in their order, without names, comments, groups and routes."""
    chunk: list[str] = []
    found: list[str] = []
    comment, angle, position = 0, False, 0
    value = value[:MAX_VALUE]
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


def parameters_of(value: str) -> dict[str, str]:
    """The parameters of a Content-Type or Content-Disposition, continued and encoded ones (RFC 2231) joined:
    {"boundary": "x", "filename": "Été.pdf"}.
    """
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


def from_base64(content: bytes) -> bytes:
    """What stands before the padding; bytes that are no base64 at all, as they are."""
    said = b"".join(content.partition(b"=")[0].split())
    signs = re.sub(rb"[^A-Za-z0-9+/]", b"", said)
    if len(said) - len(signs) > len(said) // 20:
        return content
    signs = signs[: len(signs) - (len(signs) % 4 == 1)]
    return binascii.a2b_base64(signs + b"=" * (-len(signs) % 4))


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


def _joined(pieces: list[tuple[int, bool, str]]) -> str:
    charset, content = "", b""
    for index, (_, encoded, said) in enumerate(pieces):
        if encoded and index == 0 and said.count("'") >= 2:
            charset, _, said = said.split("'", 2)
        raw = said.encode("utf-8", "replace")
        content += unquote_to_bytes(raw) if encoded else raw
    return decode_text(content, charset)


def _decoded_word(match: re.Match[str]) -> str:
    charset = match[1].partition("*")[0]
    raw = match[3].encode("utf-8", "replace")
    return decode_text(from_base64(raw) if match[2] in "bB" else binascii.a2b_qp(raw, header=True), charset)


def _with_line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
