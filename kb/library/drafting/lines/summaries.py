"""The summary that a document itself has under a heading of its own; none is ever made up."""

from __future__ import annotations

import re

from kb.library.drafting.documents import Document, Found, Page, on_page
from search.analysis import spans

LONGEST = 600
_HEADING = re.compile(
    r"^\W*(?:\d+[.)]?\s*)?(?:résumé|samenvatting|abstract|summary|executive\s+summary|managementsamenvatting|synopsis|korte\s+inhoud|en\s+bref|in\s+het\s+kort|beknopt|in\s+brief)"
    r"\s*(?:$|[:.—–-]+\s*(?P<text>\S.{60,})$)",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?…](?=\s|$)")


def summary_of(document: Document) -> Found | None:
    """{language: text}: the first paragraph after "Résumé", "Samenvatting", "Abstract" or the like on the first pages,
    at most 600 signs.
    """
    for page in document.head:
        text = _after_heading(page)
        if text:
            language = _language(text, document)
            return on_page({language: _cut(text)}, page.number) if language else None
    return None


def _after_heading(page: Page) -> str:
    if _HEADING.match(page.label):
        paragraphs = [part for part in page.text.split("\n\n") if not _HEADING.match(part.strip())]
        return _paragraph(paragraphs)
    lines = page.text.split("\n")
    for index, line in enumerate(lines):
        found = _HEADING.match(line.strip())
        if found:
            rest = ([found["text"]] if found["text"] else []) + lines[index + 1 :]
            return _paragraph("\n".join(rest).split("\n\n"))
    return ""


def _paragraph(paragraphs: list[str]) -> str:
    """The first that is one: long enough, and no line of a table of contents (dots, a number at its end)."""
    first = next((" ".join(part.split()) for part in paragraphs if part.strip()), "")
    return first if len(first) >= 60 and not re.search(r"\.{4,}|(?:\. ){4,}|\s\d+$", first) else ""


def _language(text: str, document: Document) -> str:
    found = spans(text, document.language)
    return max(found, key=lambda span: span.end - span.start).language if found else document.language


def _cut(text: str) -> str:
    """Whole sentences up to the limit; a sentence that is longer ends with "…"."""
    if len(text) <= LONGEST:
        return text
    ends = [found.end() for found in _SENTENCE_END.finditer(text[: LONGEST + 1]) if found.end() <= LONGEST]
    if ends and ends[-1] > LONGEST // 3:
        return text[: ends[-1]]
    return text[: LONGEST - 1].rsplit(" ", 1)[0] + "…"
