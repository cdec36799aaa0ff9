"""Which pieces of a translated page are still in the language of the original, so that they carry its `lang`.

wagtail-localize fills what nobody translated yet with the words of the source page; a piece that is the same there and
here is taken for one of those. Names and figures that are the same in both languages lose nothing by it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from wagtail.rich_text import expand_db_html

_ELEMENT = re.compile(r"<(p|h2|h3|li)((?:\s[^>]*)?)>(.*?)</\1>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")


@dataclass(frozen=True, slots=True)
class Originals:
    """The words of the source page, piece by piece, and their language."""

    language: str
    pieces: frozenset[str]

    def language_of(self, text: str) -> str:
        """The original's language when this very piece stands there, else ""."""
        return self.language if _plain(text) in self.pieces else ""


def _plain(html: str) -> str:
    return " ".join(_TAG.sub(" ", html).split())


def pieces_of(value) -> frozenset[str]:
    """Every piece of words in a StreamField's value: paragraphs, headings, list items and the fields of blocks."""
    found: set[str] = set()
    _gather(value.get_prep_value() if hasattr(value, "get_prep_value") else value, found)
    return frozenset(piece for piece in found if piece)


def _gather(part, found: set[str]) -> None:
    if isinstance(part, str):
        found.update(_plain(element[3]) for element in _ELEMENT.finditer(part))
        found.add(_plain(part))
    elif isinstance(part, dict):
        for name, value in part.items():
            if name not in ("id", "type"):
                _gather(value, found)
    elif isinstance(part, list | tuple):
        for value in part:
            _gather(value, found)


def marked_rich_text(source: str, originals: Originals | None) -> SafeString:
    """Rich text as HTML; elements that still are the original's carry its language."""
    if originals is not None:
        source = _ELEMENT.sub(lambda element: _with_language(element, originals), source)
    return mark_safe(expand_db_html(source))


def _with_language(element: re.Match[str], originals: Originals) -> str:
    language = originals.language_of(element[3])
    if not language:
        return element[0]
    return f'<{element[1]} lang="{escape(language)}"{element[2]}>{element[3]}</{element[1]}>'
