"""Spaces and hyphens as each language sets them: French no-break spaces, Dutch soft hyphens in long words."""

from __future__ import annotations

import re

NBSP = "\N{NO-BREAK SPACE}"
SOFT_HYPHEN = "\N{SOFT HYPHEN}"
LONG_WORD = 16

_TAG = re.compile(r"(<[^>]*>)")
_FRENCH = (
    (re.compile(r" (?=[:;?!»%€])"), NBSP),
    (re.compile(r"(?<=«) "), NBSP),
    (re.compile(r"(?<=\d) (?=h\b|\d{3}\b)"), NBSP),
    (re.compile(rf"(?<=\d{NBSP}h) (?=\d{{2}}\b)"), NBSP),
    (re.compile(r"(?<=\bp\.) (?=\d)"), NBSP),
)
_WORD = re.compile(rf"[^\W\d_]{{{LONG_WORD + 1},}}")
# A Dutch syllable opens with one consonant, or with one of these that are never parted.
_ONSETS = r"sch(?:r)?|str|spr|ch|th|ph|st|sp|sl|[bdfgkptvw][rl]|kw|zw|[bcdfghjklmnpqrstvwxz]"
_VOWEL = "aeiouyàáâäèéêëìíîïòóôöùúûü"
_BREAK = re.compile(rf"(?<=[{_VOWEL}])([bcdfghjklmnpqrstvwxz]*?)(?=(?:{_ONSETS})[{_VOWEL}])", re.IGNORECASE)


def french_spaces(text: str) -> str:
    """The text with no-break spaces where French typesetting wants them;
    tags and their attributes are left as they are.
    """
    return "".join(piece if piece.startswith("<") else _spaced(piece) for piece in _TAG.split(text))


def _spaced(text: str) -> str:
    for pattern, replacement in _FRENCH:
        text = pattern.sub(replacement, text)
    return text


def dutch_hyphens(text: str) -> str:
    """The text with soft hyphens in words of more than 16 letters, at least four letters from either end."""
    return _WORD.sub(lambda found: _hyphenated(found[0]), text)


def _hyphenated(word: str) -> str:
    pieces, start = [], 0
    for found in _BREAK.finditer(word):
        at = found.end()
        if at >= 4 and len(word) - at >= 4 and at - start >= 2:
            pieces.append(word[start:at])
            start = at
    return SOFT_HYPHEN.join([*pieces, word[start:]])
