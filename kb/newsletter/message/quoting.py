"""Quoted-printable with room for links: words encoded once, cut where something is put in later.

What is put in, and where, is in `encoding`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

CRLF = "\r\n"
_CHUNK = re.compile(r".{1,75}(?<!=)(?<!=.)", re.DOTALL)
_ESCAPED = re.compile(rb"[^\t !-<>-~]|[\t ](?=\n|\Z)")


def cut(text: str, places: Mapping[str, str]) -> Iterator[str]:
    """The text between the places, and at the odd numbers the names of the links that go there."""
    for number, piece in enumerate(re.split("({})".format("|".join(map(re.escape, places))), text)):
        yield places[piece] if number % 2 else piece


def filled(pieces: tuple[str, ...], values: Mapping[str, str]) -> str:
    return "".join([values[piece] if number % 2 else piece for number, piece in enumerate(pieces)])


def encoded(pieces: tuple[str, ...]) -> list[str]:
    """The fixed pieces (even numbers) encoded so that the lines of a link fit between them."""
    last = len(pieces) // 2
    found = []
    for number, piece in enumerate(pieces[0::2]):
        before = "" if number == 0 or piece.startswith("\n") else f"={CRLF}"
        after = "" if number == last or not piece or piece.endswith("\n") else f"={CRLF}"
        found.append(before + quoted(piece) + after)
    return found


def quoted_link(url: str) -> bytes:
    return f"={CRLF}".join(_CHUNK.findall(url.replace("=", "=3D"))).encode("ascii")


def quoted(text: str) -> str:
    """Quoted-printable by RFC 2045, lines of 76 signs at most; line breaks of the text ("\\n" or CRLF)
    stay line breaks.
    """
    escaped = _ESCAPED.sub(
        lambda found: b"\n" if found[0] == b"\n" else b"=%02X" % found[0][0], text.replace(CRLF, "\n").encode("utf-8")
    )
    return CRLF.join(f"={CRLF}".join(_CHUNK.findall(line)) for line in escaped.decode("ascii").split("\n"))


def quoted_size(text: str) -> int:
    """Bytes of the text as it travels."""
    return len(quoted(text.replace("\n", CRLF)))
