"""Who gives what to the search: kinds of things that can be found, names of facet values, suggestions.

The domains fill it in their `apps.py`; the search works with an empty one. What is done with the entries is in
`indexing`, how found things are gathered for a page in `public.answering`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from search.entries import Entry, Section
from search.registries import Providers, Registry

FacetName = Literal["languages", "kinds", "types", "themes", "groups"]
_AT_ONCE = 500
MOST_TEXT = 5_000_000  # characters of one entry that are indexed, its first: some 1,700 printed pages
"""An index in the making holds some thirty times a text in memory; past this, one stranger's file would take what the
whole site needs.
"""
MOST_PAGES = 1_700  # MOST_TEXT as people are told it
LANGUAGE_NAMES = {"fr": _("French"), "nl": _("Dutch"), "en": _("English")}


@dataclass(frozen=True, slots=True)
class Note:
    """What stands in amber in place of passages.

    kind: "scan", "waiting", "encrypted", "broken"… (names its icon); text is a sentence.
    """

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class CardLink:
    """A link under a result: "Open the PDF (2.4 MB)"."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Card:
    """How one found thing is shown. title in title_language; meta is the line under it; languages are the document's.

    mark is how people name the thing when they cite it ("PA 2012/147"), "" where it has no such name.
    """

    subject: str
    title: str
    title_language: str
    url: str
    meta: str
    languages: tuple[str, ...]
    notes: tuple[Note, ...] = ()
    links: tuple[CardLink, ...] = ()
    mark: str = ""


@dataclass(frozen=True, slots=True)
class FoundSection:
    """A section with its text, and where it is read: at its page with the words marked;
    the thing's own page where it has none.
    """

    section: Section
    url: str


@dataclass(frozen=True, slots=True)
class Found:
    """A found thing as one reader may see it today: its card, and by anchor those of the sections asked for that are
    open to them.
    """

    card: Card
    sections: Mapping[str, FoundSection]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What is offered while typing. url "" means: search for `text`. language is the text's;
    kind is "title" or "concept".
    """

    text: str
    language: str
    url: str = ""
    kind: str = "concept"


Opened = Mapping[str, frozenset[str]]
"""{part: the audiences that may find it}: "" is the thing itself, the others what comes and goes by itself (a version
of a file, a service).
"""


class Kind(Protocol):
    """One kind of thing that can be found; `code` is also the facet "where"."""

    code: str

    def label(self) -> str:
        """Name of the facet value in the language of the request ("Library")."""

    def subjects(self) -> Iterator[str]:
        """Every subject ("library.reference:17"), streamed by primary key."""

    def entries(self, subjects: Sequence[str]) -> Iterator[tuple[str, Sequence[Entry]]]:
        """(subject, its entries), [] for one that is gone or must not be found. A fixed number of queries per call.

        Of the sections of an entry the first MOST_TEXT characters are indexed; who has long texts reads no more, and
        tells `register_lengths`.
        """

    def open_to(self, subjects: Sequence[str]) -> Mapping[str, Opened]:
        """subject -> who may find what of it today; one that is gone or must not be found is left out. A fixed number
        of queries per call, no texts.

        Compared before and after a change, inside its transaction: what is missing afterwards was closed.
        """

    def found(
        self, anchors: Mapping[str, Sequence[str]], *, audiences: frozenset[str], language: str, query_text: str = ""
    ) -> dict[str, Found]:
        """{Entry.key ("subject/layer"): what is shown of it, with the sections whose anchors are asked for}. A fixed
        number of queries per call.

        What these audiences may not see today is left out, whatever the index holds. query_text is what the addresses
        of sections mark.
        """


Dependents = Callable[[Sequence[str]], Iterable[str]]
Lengths = Callable[[Sequence[str]], Mapping[str, int]]
LabelProvider = Callable[[Sequence[str], str], Mapping[str, str]]
NameProvider = Callable[[], Iterable[tuple[str, str]]]


class Suggester(Protocol):
    def __call__(self, typed: str, *, audiences: frozenset[str], language: str, count: int) -> Iterable[Suggestion]: ...


KINDS: Registry[Kind] = Registry()
SETTLED: Registry[str] = Registry()  # page types and models in small letters
LABELS: Registry[LabelProvider] = Registry()
NAMES: Registry[NameProvider] = Registry()
SUGGESTERS: Providers[Suggester] = Providers()
CONTACT: Registry[Callable[[], str]] = Registry()
DEPENDENTS: Providers[Dependents] = Providers()
LENGTHS: Providers[Lengths] = Providers()
ALL = (KINDS, SETTLED, LABELS, NAMES, SUGGESTERS, CONTACT, DEPENDENTS, LENGTHS)


def register(kind: Kind, *, models: Iterable[str] = ()) -> None:
    """`models` are the labels ("library.Reference") of what the kind makes findable;
    the system check wants every page type named.
    """
    KINDS.register(kind.code, kind)
    for model in models:
        SETTLED.register(model.lower(), kind.code)


def leave_out(model: str, *, reason: str) -> None:
    """Says that a page type is not to be found, and why."""
    SETTLED.register(model.lower(), f"({reason})")


def is_settled(model: str) -> bool:
    """Whether a kind makes the model findable, or someone said why not."""
    return model.lower() in SETTLED


def kinds() -> tuple[Kind, ...]:
    """All kinds, in order of registration."""
    return tuple(KINDS)


def kind_of(subject: str) -> Kind | None:
    """The kind of a subject ("library.reference:17") or of an entry's key; None when nobody registered it."""
    return KINDS.get(subject.partition(":")[0])


def open_to(subjects: Sequence[str]) -> dict[str, Opened]:
    """Who may find what of these subjects today, as their kinds say; one call of a kind for each 500."""
    by_kind: dict[str, list[str]] = {}
    for subject in subjects:
        by_kind.setdefault(subject.partition(":")[0], []).append(subject)
    found: dict[str, Opened] = {}
    for code, some in by_kind.items():
        for start in range(0, len(some) if code in KINDS else 0, _AT_ONCE):
            found |= KINDS[code].open_to(some[start : start + _AT_ONCE])
    return found


def register_dependents(provider: Dependents) -> None:
    """`provider(subjects)` gives the subjects whose entries hold words of these: they are made again whenever these
    change. One query per call.
    """
    DEPENDENTS.add(provider)


def dependents_of(subjects: Sequence[str]) -> tuple[str, ...]:
    """What must be made again with these subjects, without these.

    One step only: what holds words of a dependent is not asked for.
    """
    known = set(subjects)
    found = (subject for provider in DEPENDENTS for subject in provider(subjects))
    return tuple(subject for subject in dict.fromkeys(found) if subject not in known)


def register_lengths(provider: Lengths) -> None:
    """`provider(subjects)` gives the characters that making the entries of these will hold, at most, of those it knows.
    A query or two, no texts.

    For kinds whose texts may be long (files): what nobody gives a length for is short.
    """
    LENGTHS.add(provider)


def lengths_of(subjects: Sequence[str]) -> dict[str, int]:
    """subject -> characters that making its entries will hold, for every subject; 0 where nobody said."""
    found = dict.fromkeys(subjects, 0)
    for provider in LENGTHS:
        found |= provider(subjects)
    return found


def register_facet_labels(facet: FacetName, provider: LabelProvider) -> None:
    """`provider(values, language)` names values of a facet; a value it does not name is shown as it stands."""
    LABELS.register(facet, provider)


def facet_labels(facet: str, values: Sequence[str], language: str) -> dict[str, str]:
    """value -> name for the reader. One call of the provider."""
    if facet == "kinds":
        named: Mapping[str, str | Promise] = {value: str(KINDS[value].label()) for value in values if value in KINDS}
    elif facet == "languages":
        named = LANGUAGE_NAMES
    elif facet in LABELS and values:
        named = LABELS[facet](values, language)
    else:
        named = {}
    return {value: str(named.get(value, value)) for value in values}


def register_filter_names(filter_name: Literal["types", "themes", "groups"], provider: NameProvider) -> None:
    """`provider()` gives (label in any language, code) pairs,
    so that theme:"logement social" is understood in the search box.
    """
    NAMES.register(filter_name, provider)


def filter_names(filter_name: str) -> Iterable[tuple[str, str]]:
    """(label, code) pairs of a filter; none without a provider."""
    return NAMES[filter_name]() if filter_name in NAMES else ()


def register_contact(provider: Callable[[], str]) -> None:
    """`provider()` gives the address where a person can be asked, in the language of the request,
    or "" where there is none.
    """
    CONTACT.register("contact", provider)


def contact_url() -> str:
    """Where to ask a person who found nothing; "" when nobody said."""
    return CONTACT["contact"]() if "contact" in CONTACT else ""


def register_suggester(suggester: Suggester) -> None:
    """`suggester(typed, audiences=…, language=…, count=…)` gives suggestions beside titles:
    concepts of the public vocabulary.
    """
    SUGGESTERS.add(suggester)


def suggesters() -> tuple[Suggester, ...]:
    return tuple(SUGGESTERS)
