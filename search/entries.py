"""The values that pass between what is searched, the engines and the pages that show results.

Frozen, without logic and without Django. How text becomes terms is in `analysis`, how a person's words become a `Query`
in `query`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

EVERYONE = "public"  # the audience that every reader holds


@dataclass(frozen=True, slots=True)
class LanguageSpan:
    """A run of text in one language: characters `start` to `end` (exclusive); language is "fr", "nl",
    "en" or "" (not known).
    """

    start: int
    end: int
    language: str


@dataclass(frozen=True, slots=True)
class Section:
    """One page (or the notice, page_number 0) of an entry.

    anchor  where a hit leads: "<file>.<version>/<page>", for example "1.2/12"; "" for the notice.
    label   how the page is called to a reader: "p. 12", "p. xii", a heading; "" for the notice.
    spans   languages of the text, in order, covering it; empty means the entry's first language.
    """

    anchor: str
    page_number: int
    label: str
    text: str
    spans: tuple[LanguageSpan, ...] = ()


@dataclass(frozen=True, slots=True)
class Title:
    """A title in one language, with its subtitle if any."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing as seen by one set of readers.

    subject     what it is about: "library.reference:17". All entries of a subject are replaced together.
    layer       "" for the only or poorest layer, else "1", "2"… (richer sets of files); key = subject + "/" + layer.
    kind        the registered kind, which is also the facet "where": "library.reference".
    languages   of the document, best first: ("fr",), ("fr", "nl").
    titles      the title in its own language first, translated titles after it.
    audiences   who may see this entry: values of `kb.accounts.audiences`; a reader needs one of them.
    covered_by  audiences who get a richer layer of the same subject; the query excludes them here.
    type        a CSL type or another short code of the kind; groups: body codes; themes: concept codes.
    year        of publication, or None; published: when it became findable, for the sort by date, or None.
    keywords    words that find it beside its text: creators, publisher, concept labels, identifiers (all languages in
                one list).
    """

    subject: str
    kind: str
    url: str
    titles: tuple[Title, ...]
    audiences: frozenset[str]
    layer: str = ""
    languages: tuple[str, ...] = ()
    covered_by: frozenset[str] = frozenset()
    type: str = ""
    groups: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    year: int | None = None
    published: date | None = None
    keywords: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.subject}/{self.layer}"


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that must stand beside one another, as typed."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows a search; values of one filter are alternatives, filters are cumulative. Empty: not narrowed.

    years are inclusive ranges; None is open: ((2008, 2012), (None, 2009)).
    """

    languages: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    years: tuple[tuple[int | None, int | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """What a person asked, understood. Nothing typed is ever refused: what is not understood is in `words`.

    raw       as typed (trimmed).
    words     in order, as typed, without operators; phrases are not repeated here.
    phrases   must be there.  excluded: words and phrases that must not be there.
    language  of the question: the interface's, unless filters say otherwise; it only breaks ties in analysis.
    """

    raw: str
    words: tuple[str, ...] = ()
    phrases: tuple[Phrase, ...] = ()
    excluded: tuple[Phrase, ...] = ()
    filters: Filters = field(default_factory=Filters)
    language: str = "fr"


@dataclass(frozen=True, slots=True)
class HitSection:
    """One of the best pages of a hit."""

    anchor: str
    page_number: int
    score: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A found entry: keys, pages and score (higher is better); texts are fetched by key where they are shown."""

    subject: str
    layer: str
    score: float
    sections: tuple[HitSection, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.subject}/{self.layer}"


@dataclass(frozen=True, slots=True)
class FacetValue:
    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Results:
    """One page of results.

    total       documents that hold some of the words (exact, for this reader).
    total_all   documents that hold all of them (exact); equals total for one word.
    total_passages  pages that hold some of the words among all that was found, or None where it was not counted.
    facets      facet name ("languages", "kinds", "types", "themes", "groups", "years") -> values, commonest first.
    similar     hits that share only pieces of the words, outside the totals ("similar words").
    """

    total: int
    total_all: int
    hits: tuple[Hit, ...] = ()
    similar: tuple[Hit, ...] = ()
    facets: dict[str, tuple[FacetValue, ...]] = field(default_factory=dict)
    total_passages: int | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a section's text with the found words: spans are (start, end) in `text`."""

    anchor: str
    page_number: int
    label: str
    text: str
    spans: tuple[tuple[int, int], ...]
    language: str
