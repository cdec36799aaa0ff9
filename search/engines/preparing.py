"""An entry made ready for an index: the terms of its document and of each of its pages, the same for every engine.

What a query becomes is in `planning`; where terms are kept, in each engine.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from search.analysis.languages import LANGUAGES
from search.analysis.tokens import JoinedTerms, Terms, joined_terms, joined_words, plain_words, stem, terms
from search.entries import Entry, Section

PAGES_AT_ONCE = 100
LONG_PAGES, LONG_TEXT = (
    1_000,
    500_000,
)  # pages, characters: a subject with more is long, and others need not wait for it


@dataclass(frozen=True, slots=True)
class Fields:
    """Ready terms of a document or of a page, blank-separated, in order.

    body   stems of titles, keywords and text.   title        stems of the titles.
    pairs  neighbouring stems.                   exact_title  words of the titles as written, folded.
    pieces of all words of content.              words        one string a run (title, keyword, page): a phrase never
    crosses runs.
    """

    body: str
    title: str
    exact_title: str
    pairs: str
    pieces: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PageFields:
    """One page ready for an index; the notice (or else the first page) carries titles and keywords."""

    anchor: str
    page_number: int
    fields: Fields


@dataclass(frozen=True, slots=True)
class Prepared:
    """An entry ready for an index: its whole text, and page by page."""

    entry: Entry
    fields: Fields
    pages: tuple[PageFields, ...]


def is_long(entries: Sequence[Entry]) -> bool:
    """Whether bringing in these entries of one subject takes so long that others should not wait for it: seconds,
    not milliseconds.
    """
    sections = [section for entry in entries for section in entry.sections]
    return len(sections) > LONG_PAGES or sum(len(section.text) for section in sections) > LONG_TEXT


def number_of(key: str) -> int:
    """A number of 63 bits that stands for a key; two keys share one with a chance of one in millions of millions."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest()) >> 1


def fingerprint(entry: Entry) -> str:
    """32 hexadecimal signs that change with anything in the entry, the rights too; sets have no order."""
    values = {
        "subject": entry.subject,
        "layer": entry.layer,
        "kind": entry.kind,
        "url": entry.url,
        "titles": [[title.language, title.text] for title in entry.titles],
        "audiences": sorted(entry.audiences),
        "covered_by": sorted(entry.covered_by),
        "languages": entry.languages,
        "type": entry.type,
        "groups": entry.groups,
        "themes": entry.themes,
        "year": entry.year,
        "published": entry.published.isoformat() if entry.published else None,
        "keywords": entry.keywords,
        "sections": [
            [
                section.anchor,
                section.page_number,
                section.label,
                section.text,
                [[span.start, span.end, span.language] for span in section.spans],
            ]
            for section in entry.sections
        ],
    }
    return hashlib.sha256(json.dumps(values, separators=(",", ":")).encode()).hexdigest()[:32]


def prepare(entry: Entry, between: Callable[[], None] | None = None) -> Prepared:
    """Every text is cut once; the document is the sum of its pages. It takes some thirty times its text in memory, no
    more.

    between: called after each hundred pages, for what must not wait."""
    default = next((code for code in entry.languages if code in LANGUAGES), "") or next(
        (title.language for title in entry.titles if title.language in LANGUAGES), next(iter(LANGUAGES))
    )
    head, title_terms, exact_title = _head(entry, default)
    head_words = tuple(
        " ".join(plain_words(text)) for text in (*(title.text for title in entry.titles), *entry.keywords)
    )
    sections = entry.sections or (Section(anchor="", page_number=0, label="", text=""),)
    first = next((place for place, section in enumerate(sections) if section.page_number == 0), 0)
    pages = []
    of_head = JoinedTerms(" ".join(head.stems), " ".join(head.pairs), " ".join(head.pieces))
    parts = [of_head]  # of the whole; page and whole share their strings
    words = list(head_words)
    for place, section in enumerate(sections):
        text_terms = joined_terms(section.text, section.spans, default)
        text_words = joined_words(section.text)
        pages.append(
            PageFields(
                section.anchor,
                section.page_number,
                _fields([of_head, text_terms], title_terms, exact_title, (*head_words, text_words))
                if place == first
                else _fields([text_terms], [], [], (text_words,)),
            )
        )
        parts.append(text_terms)
        words.append(text_words)
        if between is not None and place % PAGES_AT_ONCE == PAGES_AT_ONCE - 1:
            between()
    return Prepared(entry, _fields(parts, title_terms, exact_title, tuple(words)), tuple(pages))


def _head(entry: Entry, default: str) -> tuple[Terms, list[str], list[str]]:
    """(terms of titles and keywords, stems of the titles, their words as written).

    A keyword may be in any language (labels of a concept, names): it is stemmed in all of them.
    """
    head = Terms([], [], [])
    exact_title: list[str] = []
    for title in entry.titles:
        head += terms(title.text, (), title.language if title.language in LANGUAGES else default)
        exact_title += plain_words(title.text)
    title_stems = list(head.stems)
    for keyword in entry.keywords:
        found = terms(keyword, (), default)
        other_stems = [stem(word, code) for word in plain_words(keyword) for code in LANGUAGES if code != default]
        head += Terms(found.stems + other_stems, found.pairs, found.pieces)
    return head, title_stems, exact_title


def _fields(found: Sequence[JoinedTerms], title: list[str], exact_title: list[str], words: tuple[str, ...]) -> Fields:
    return Fields(
        body=" ".join(part.stems for part in found if part.stems),
        title=" ".join(title),
        exact_title=" ".join(exact_title),
        pairs=" ".join(part.pairs for part in found if part.pairs),
        pieces=" ".join(part.pieces for part in found if part.pieces),
        words=tuple(run for run in words if run),
    )
