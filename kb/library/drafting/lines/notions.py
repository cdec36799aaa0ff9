"""Which concepts of the vocabulary a text is about: their labels in three languages, found through the site's own
analysis of words.

So "huurwaarborgen" finds "huurwaarborg", and "waarborg" is heard in it too; the longest label wins ("logement social"
is not "logement").
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log

from kb.library.drafting.documents import Document, Found, Page, on_page
from search.analysis import LANGUAGES, SHORTEST_REST, forms, has_compounds

MOST = 5
_IN_TITLE = 3.0  # what the title names is what the document is about: so many times the score
_ON_FIRST_PAGES = 1.3  # and what is said before the chapters begin is more so than what comes up later
_IN_HEADING = 3.0  # a word of a heading counts as so many of the text
_INSIDE = 0.5  # heard inside a longer word or label: less sure than by itself
_LEAST = 2.0  # what is met less often, and not in the title, is an aside
_SHARE = 0.35  # of the score of the best: what is further behind is only touched on
_THEME = 0.5  # a theme holds many concepts: beside one of its own it adds little
_SHORTEST_INSIDE = (
    5  # letters of a word heard inside a longer one: shorter ones are met by chance ("teer" in "controleer")
)


@dataclass(frozen=True, slots=True)
class Label:
    """A label of a concept as stems of its language; the code is the concept's."""

    code: str
    stems: tuple[str, ...]


@dataclass(slots=True)
class Vocabulary:
    """The labels of all concepts, by their first stem, made once for a document or many.

    weights: how telling each label is; broader: code -> code of the concept above it, "" for a theme.
    """

    by_first: dict[str, list[Label]] = field(default_factory=dict)
    single: dict[str, tuple[Label, ...]] = field(default_factory=dict)
    weights: dict[Label, float] = field(default_factory=dict)
    broader: dict[str, str] = field(default_factory=dict)
    _inside: dict[str, tuple[Label, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, labels: Iterable[tuple[str, str, str]], broader: Mapping[str, str] | None = None) -> Vocabulary:
        """From (code, language, label); two labels of a concept with the same stems count as one."""
        found: dict[Label, None] = {}
        for code, language, text in labels:
            stems = tuple(form.stem for form in forms(text, language)) if language in LANGUAGES else ()
            if stems:
                found[Label(code, stems)] = None
        users: defaultdict[str, set[str]] = defaultdict(set)
        for label in found:
            for stem in label.stems:
                users[stem].add(label.code)
        made = cls(broader=dict(broader or {}))
        concepts = len({label.code for label in found}) or 1
        for label in found:
            made.by_first.setdefault(label.stems[0], []).append(label)
            rarity = (
                sum(log(1 + concepts / len(users[stem])) for stem in label.stems) / len(label.stems) / log(1 + concepts)
            )
            # A label of two words is met less by chance than one of one word.
            made.weights[label] = rarity * (1.0 + 0.5 * (len(label.stems) - 1))
        for listed in made.by_first.values():
            listed.sort(key=lambda label: -len(label.stems))
        made.single = {
            stem: tuple(one for one in listed if len(one.stems) == 1) for stem, listed in made.by_first.items()
        }
        return made

    def at(self, stems: Sequence[str], place: int) -> tuple[tuple[Label, ...], int]:
        """The longest labels that begin at this place, and how many stems they take (0 for none)."""
        listed = self.by_first.get(stems[place])
        if not listed:
            return (), 0
        length = next(
            (len(one.stems) for one in listed if tuple(stems[place : place + len(one.stems)]) == one.stems), 0
        )
        return tuple(
            one for one in listed if len(one.stems) == length and one.stems == tuple(stems[place : place + length])
        ), length

    def within(self, stems: Sequence[str], place: int, end: int, length: int) -> Iterable[Label]:
        """Shorter labels that begin here inside a label of `length` stems that ends at `end`."""
        for label in self.by_first.get(stems[place], ()):
            size = len(label.stems)
            if size < length and place + size <= end and tuple(stems[place : place + size]) == label.stems:
                yield label

    def inside(self, stem: str) -> tuple[Label, ...]:
        """Labels of one word that a longer word begins or ends with, where the language writes words together."""
        if stem not in self._inside:
            self._inside[stem] = self._parts(stem) if has_compounds(stem) else ()
        return self._inside[stem]

    def _parts(self, stem: str) -> tuple[Label, ...]:
        tag, word = stem[:2], stem[2:]
        found: list[Label] = []
        for place in range(SHORTEST_REST, len(word) - _SHORTEST_INSIDE + 1):
            found += self.single.get(tag + word[place:], ())
        if not found:
            for place in range(len(word) - SHORTEST_REST, _SHORTEST_INSIDE - 1, -1):
                if heard := self.single.get(tag + word[:place], ()):
                    found += heard
                    break
        return tuple(found)


@dataclass(slots=True)
class _Heard:
    """How much of a concept was heard, on which page first, and how plainly in the title (0 to 1)."""

    worth: float = 0.0
    page: int = 0
    in_title: float = 0.0


def concepts_of(
    document: Document, vocabulary: Vocabulary, *, title: str = "", language: str = ""
) -> tuple[Found, ...]:
    """At most five codes, each with the page where it was first read, what the document says most about first. Reads
    each page once.

    A second for 200,000 words.
    """
    heard: defaultdict[str, _Heard] = defaultdict(_Heard)
    for page in document.pages():
        for label, worth in _said(page, vocabulary, document.language or language):
            _note(heard, label.code, worth * vocabulary.weights[label], page.number)
    first = document.head[0].number if document.head else 0
    for label, worth in _labels_in(title, language or document.language, vocabulary):
        _note(heard, label.code, worth * vocabulary.weights[label], heard[label.code].page or first)
        heard[label.code].in_title = max(heard[label.code].in_title, worth)
    return _chosen(heard, vocabulary)


def _note(heard: dict[str, _Heard], code: str, worth: float, page: int) -> None:
    one = heard[code]
    one.worth += worth
    one.page = min(one.page, page) if one.page else page


def _said(page: Page, vocabulary: Vocabulary, language: str) -> Iterable[tuple[Label, float]]:
    for label, worth in _labels_in(page.label, language, vocabulary):
        yield label, worth * _IN_HEADING
    spans = page.spans or ((0, len(page.text), language),)
    for start, end, code in spans:
        yield from _labels_in(page.text[start:end], code or language, vocabulary)


def _labels_in(text: str, language: str, vocabulary: Vocabulary) -> Iterable[tuple[Label, float]]:
    if not text or language not in LANGUAGES:
        return
    stems = [form.stem for form in forms(text, language)]
    place = 0
    while place < len(stems):
        labels, length = vocabulary.at(stems, place)
        yield from ((label, 1.0) for label in labels)
        for inner in range(place, place + length if length > 1 else place):
            yield from ((label, _INSIDE) for label in vocabulary.within(stems, inner, place + length, length))
        if not length:
            yield from ((label, _INSIDE) for label in vocabulary.inside(stems[place]))
        place += length or 1


def _score(one: _Heard) -> float:
    placed = 1 + (_IN_TITLE - 1) * one.in_title
    return log(1 + one.worth) * placed * (_ON_FIRST_PAGES if one.page <= 2 else 1.0)


def _chosen(heard: Mapping[str, _Heard], vocabulary: Vocabulary) -> tuple[Found, ...]:
    scores = {code: _score(one) for code, one in heard.items() if one.in_title or one.worth >= _LEAST}
    for code in list(scores):
        if any(
            vocabulary.broader.get(other) == code for other in scores if other != code
        ) and not vocabulary.broader.get(code):
            scores[code] *= _THEME
    best = max(scores.values(), default=0.0)
    ranked = sorted(
        (code for code, score in scores.items() if score >= _SHARE * best), key=lambda code: (-scores[code], code)
    )
    return tuple(on_page(code, heard[code].page) if heard[code].page else Found(code) for code in ranked[:MOST])
