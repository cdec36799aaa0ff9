"""Texts cut at a word so that a message keeps to its size, wrapped so that its text part reads well.

Nothing here knows what a message is.
"""

from __future__ import annotations

import re
import unicodedata

ELLIPSIS = "…"
WIDTH = 72
LONGEST_WORD = 240  # signs: under 998 bytes in any script
_JOINERS = "\N{ZERO WIDTH JOINER}\N{VARIATION SELECTOR-16}\N{VARIATION SELECTOR-15}"
_ENDS = " \t\n,;:–-(«"
# Line breaks that are not "\n", then control characters, halves of pairs and signs that are none.
_BREAKS = re.compile("\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_URL = re.compile(r"\S*https?://\S+\Z")


def cleaned(text: str) -> str:
    """The text without control characters; every line break is "\\n"."""
    return _CONTROLS.sub("", _BREAKS.sub("\n", text)).strip()


def one_line(text: str) -> str:
    """The text without control characters and line breaks."""
    return " ".join(cleaned(text).split())


def shortened(text: str, limit: int | None) -> str:
    """The text when it has `limit` signs or fewer, else its first words and "…";
    between two signs where a script has no spaces.
    """
    if limit is None or len(text) <= limit:
        return text
    head = text[: limit - 1]
    if not text[limit - 1].isspace():
        at = max(head.rfind(" "), head.rfind("\n"))
        head = head[:at] if at > limit // 2 else head[: _between(text, limit - 1)]
    return head.rstrip(_ENDS) + ELLIPSIS


def wrapped(text: str) -> str:
    """Each line of the text in lines of 72 columns; an address that leads somewhere stays whole,
    whatever its length.
    """
    return "\n".join(line for whole in text.split("\n") for line in _lines(whole.rstrip()))


def _lines(line: str) -> list[str]:
    if len(line) <= WIDTH // 2 or _width(line) <= WIDTH:
        return [line]
    found, current = [], ""
    for word in line.split(" "):
        joined = f"{current} {word}" if current else word
        if _width(joined) <= WIDTH:
            current = joined
            continue
        found += [current] if current else []
        *full, current = _pieces(word)
        found += full
    return [*found, current]


def _pieces(word: str) -> list[str]:
    """The word, in parts when it is too long for any line: a script without spaces at the width of a line,
    the rest at LONGEST_WORD.
    """
    if _URL.match(word):
        return [word]
    limit = WIDTH // 2 if _width(word) > 1.5 * len(word) else LONGEST_WORD
    parts = []
    while len(word) > limit:
        at = _between(word, limit)
        parts.append(word[:at])
        word = word[at:]
    return [*parts, word]


def _between(text: str, at: int) -> int:
    """The last place at or before `at` where a sign and its marks are not torn apart; `at` when there is none near."""
    for place in range(at, max(at - 16, 0), -1):
        after = text[place] if place < len(text) else " "
        if (
            not unicodedata.combining(after)
            and after not in _JOINERS
            and text[place - 1] != _JOINERS[0]
            and not "\U0001f3fb" <= after <= "\U0001f3ff"
        ):
            return place
    return at


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
