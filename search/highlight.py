"""Where the words asked stand in a text, and the pieces of text worth showing. The only module that makes `<mark>`.

A word is marked whole and as written when it is the word asked in another form, when it is a compound that holds it, or
a part of the compound asked; a phrase is marked as one. The rules are those of `engines.planning`, without its
vocabulary.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from itertools import chain, islice, repeat

from search.analysis.asking import asked_words, question_language
from search.analysis.compounds import divisions, holds
from search.analysis.languages import LANGUAGES
from search.analysis.tokens import (
    WORD,
    asked_stems,
    fold,
    is_function_word,
    normalise,
    plain_words,
    stem,
    without_leaning,
)
from search.entries import LanguageSpan, Passage, Query, Section

SHORTEST, LONGEST = 160, 220  # characters of a passage
MOST_TEXT = 1_000_000  # characters of a section in which passages are looked for: some five hundred printed pages
MOST_PLACES = 2_000  # of a section, the first ones, among which the best passages are chosen
LONGEST_PLACE = (
    1_000  # characters marked as one: words of a broken file, and phrases whose words stand far apart, are longer
)
_BLOCK = 100_000  # characters looked at together
_LONGEST_CHOICE = 300  # characters of all the forms of one expression; with more, looking each word up is quicker
_FORMS_KEPT = 4_000  # written forms remembered per question
_QUESTIONS_KEPT = 32
_BEFORE = 70  # characters before the first word found, where the sentence begins too far back
_SENTENCE = re.compile(r"(?<=[.!?…])[»”\"')\]]*\s+(?=[^\W\d_]|[0-9«“\"(\[])|\n\s*\n\s*")
_BLANK = re.compile(r"\s")
_INNER_MARKS = "\u0300-\u036f\u00ad"


class Html(str):
    """Text that is HTML already: templates take it as it is."""

    __slots__ = ()

    def __html__(self) -> Html:
        return self


@dataclass(frozen=True, slots=True)
class Highlighted:
    """A text and the places (start, end) found in it, in order and apart."""

    text: str
    spans: tuple[tuple[int, int], ...] = ()

    def to_html(self) -> Html:
        """The text escaped, with the places in `<mark>`."""
        parts = []
        place = 0
        for start, end in self.spans:
            parts += [escape(self.text[place:start]), "<mark>", escape(self.text[start:end]), "</mark>"]
            place = end
        return Html("".join([*parts, escape(self.text[place:])]))


@dataclass(frozen=True, slots=True)
class _Place:
    """Something found: characters start to end, and which of the things asked it is."""

    start: int
    end: int
    asked: int


class _Finder:
    """Knows one question; remembers which written forms answer it, language by language."""

    def __init__(self, query: Query) -> None:
        own = question_language(query)
        words = asked_words(query)
        self._exact = {fold(word): place for place, word in enumerate(words) if is_function_word(word, own)}
        self._phrases = [
            phrase
            for phrase in (tuple(w for typed in p.words for w in plain_words(typed)) for p in query.phrases)
            if phrase
        ]
        self._first_phrase = len(words)
        self._stems: dict[str, dict[str, int]] = {}
        self._parts: dict[str, dict[str, int]] = {}
        for code in LANGUAGES:
            asked = [(place, word) for place, word in enumerate(words) if fold(word) not in self._exact]
            self._stems[code] = {
                asked_stem: place for place, word in reversed(asked) for asked_stem in asked_stems(word, code)
            }
            self._parts[code] = {
                part: place for place, word in asked for parts in divisions(word, code) for part in parts
            }
        self._bare = {code: tuple(asked[2:] for asked in stems) for code, stems in self._stems.items()}
        self._known: dict[tuple[str, str], int | None] = {}

    def _answers(self, written: str, language: str) -> int | None:
        """Which word asked this written form answers, if any."""
        key = (written, language)
        if key in self._known:
            return self._known[key]
        if len(self._known) >= _FORMS_KEPT:
            self._known.clear()
        answer: int | None = None
        if is_function_word(written, language):
            answer = self._exact.get(fold(normalise(written)))
        else:
            found = stem(written, language)
            stems = self._stems[language]
            answer = stems.get(found, self._parts[language].get(found))
            if answer is None and (found.startswith(self._bare[language], 2) or found.endswith(self._bare[language])):
                answer = next((place for asked, place in stems.items() if holds(found, asked)), None)
            if answer is None and self._exact:
                answer = self._exact.get(fold(normalise(written)))
        self._known[key] = answer
        return answer

    def places(self, text: str, spans: Sequence[LanguageSpan], default: str, most: int | None = None) -> list[_Place]:
        """Everything found, or the first `most`, in order; phrases before the words inside them."""
        words = (
            place
            for span in spans or (LanguageSpan(0, len(text), default),)
            for place in self._word_places(text, span, default)
        )
        return _apart(chain(islice(words, most), islice(self._phrase_places(text), most)))[:most]

    def _word_places(self, text: str, span: LanguageSpan, default: str) -> Iterator[_Place]:
        """The distinct words of a block are looked at once, then one expression finds those that answer: half the time
        of looking at each.
        """
        language = span.language if span.language in LANGUAGES else default
        for start, end in _blocks(text, span.start, min(span.end, len(text))):
            part = without_leaning(text[start:end], language)
            answers = {
                written: answer
                for written in set(WORD.findall(part))
                if (answer := self._answers(written, language)) is not None
            }
            if not answers:
                continue
            expression = WORD
            if sum(map(len, answers)) <= _LONGEST_CHOICE:
                forms = "|".join(re.escape(written) for written in sorted(answers, key=len, reverse=True))
                expression = re.compile(rf"(?<![^\W_])(?:{forms})(?![^\W_]|[{_INNER_MARKS}])")
            for found in expression.finditer(part):
                answer = answers.get(found.group())
                if answer is not None:
                    yield _Place(start + found.start(), start + found.end(), answer)

    def _phrase_places(self, text: str) -> Iterator[_Place]:
        """Each phrase of the question where its words follow one another, in order of their first word."""
        if not self._phrases:
            return
        nothing = (0, 0, "")
        by_start: dict[tuple[str, ...], list[tuple[int, tuple[str, ...]]]] = {}
        for number, phrase in enumerate(self._phrases):
            by_start.setdefault(phrase[:2], []).append((number, phrase))
        words = _plain_places(text)
        longest = max(map(len, self._phrases))
        run = deque(islice(chain(words, repeat(nothing)), longest), longest)
        for following in chain(words, repeat(nothing, longest)):
            first = run[0][2]
            for start in ((first,), (first, run[1][2])) if longest > 1 else ((first,),):
                for number, phrase in by_start.get(start, ()):
                    if all(run[place][2] == phrase[place] for place in range(2, len(phrase))):
                        yield _Place(run[0][0], run[len(phrase) - 1][1], self._first_phrase + number)
            run.append(following)


def _plain_places(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, plain form) of each word; a form is made plain once, for as long as there are not too many."""
    known: dict[str, str] = {}
    for found in WORD.finditer(text):
        written = found.group()
        plain = known.get(written)
        if plain is None:
            if len(known) >= _FORMS_KEPT:
                known.clear()
            plain = known[written] = next(iter(plain_words(written)), "")
        if plain:
            yield found.start(), found.end(), plain


def _blocks(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The text from start to end in runs of about _BLOCK characters that end behind a blank: no word stands in two."""
    while start < end:
        blank = _BLANK.search(text, start + _BLOCK, end) if end - start > _BLOCK else None
        stop = blank.end() if blank else end
        yield start, stop
        start = stop


def _apart(places: Iterable[_Place]) -> list[_Place]:
    """In order; of two that overlap the earlier and longer stays, LONGEST_PLACE at most."""
    kept: list[_Place] = []
    for place in sorted(places, key=lambda place: (place.start, -place.end)):
        end = min(place.end, place.start + LONGEST_PLACE)
        if not kept or place.start >= kept[-1].end:
            kept.append(_Place(place.start, end, place.asked) if end < place.end else place)
        elif end > kept[-1].end:
            if end - kept[-1].start <= LONGEST_PLACE:
                kept[-1] = _Place(kept[-1].start, end, kept[-1].asked)
            else:
                kept.append(_Place(kept[-1].end, end, place.asked))
    return kept


@lru_cache(maxsize=_QUESTIONS_KEPT)
def _finder(query: Query) -> _Finder:
    return _Finder(query)


def _language(default: str, query: Query) -> str:
    return default if default in LANGUAGES else question_language(query)


def spans_in(
    text: str, query: Query, spans: Sequence[LanguageSpan] = (), *, default: str = ""
) -> tuple[tuple[int, int], ...]:
    """Every place of a text where something asked stands, in order and apart: for the document reader.

    `default` is the language of what no span covers; "" the question's.
    """
    return tuple((place.start, place.end) for place in _finder(query).places(text, spans, _language(default, query)))


def highlight(text: str, query: Query, *, language: str = "") -> Highlighted:
    """A short text in one language, a title for example, with the words asked."""
    return Highlighted(text, spans_in(text, query, default=language))


def passages(section: Section, query: Query, *, count: int = 3, default: str = "") -> list[Passage]:
    """Up to `count` pieces of a section that hold the most of what was asked, in the order of the text; [] when nothing
    stands there.

    160 to 220 characters, from the beginning of a sentence where one is near, else between words with "…"; line ends
    become blanks.
    Chosen among the first MOST_PLACES places in the first MOST_TEXT characters.
    """
    places = _finder(query).places(section.text[:MOST_TEXT], section.spans, _language(default, query), MOST_PLACES)
    if not places or count < 1:
        return []
    edges = _sentence_starts(section.text[: places[-1].end + 2 * LONGEST])
    starts, ends = [place.start for place in places], [place.end for place in places]
    worth = lambda window: _worth(window, places[bisect_left(starts, window[0]) : bisect_right(ends, window[1])])  # noqa: E731
    chosen: list[tuple[int, int]] = []
    for start, end in sorted(_windows(section, places, edges), key=worth):
        if all(end <= other_start or start >= other_end for other_start, other_end in chosen):
            chosen.append((start, end))
            if len(chosen) == count:
                break
    return [_passage(section, start, end, places, edges, default) for start, end in sorted(chosen)]


def opening(section: Section, *, default: str = "") -> Passage | None:
    """How a section begins, nothing marked: what to show of an entry found by its title alone.

    None for an empty section.
    """
    text = section.text
    start = len(text) - len(text.lstrip())
    if start == len(text):
        return None
    edges = _sentence_starts(text[: start + 2 * LONGEST])
    return _passage(section, start, _end(text, start, edges), (), edges, default)


def _sentence_starts(text: str) -> list[int]:
    return [0, *(found.end() for found in _SENTENCE.finditer(text))]


def _windows(section: Section, places: Sequence[_Place], sentences: Sequence[int]) -> set[tuple[int, int]]:
    """A window for each place found: from its sentence, or from some words before it. In a notice it stays in its
    paragraph: there the next one is another field, often in another language."""
    text, windows = section.text, set()
    for place in places:
        sentence = sentences[bisect_right(sentences, place.start) - 1]
        start = (
            sentence
            if place.end - sentence <= SHORTEST
            else _word_start(text, max(sentence, place.start - _BEFORE), place.start)
        )
        end = _end(text, start, sentences)
        if section.page_number == 0:
            field_end = text.find("\n\n", place.end, end + 1)
            end = min(end, field_end if field_end >= 0 else end)
        windows.add((start, max(end, place.end)))
    return windows


def _word_start(text: str, place: int, limit: int) -> int:
    """The first word that begins at or after a place, `limit` at most."""
    if place == 0 or text[place - 1].isspace():
        return place
    found = _BLANK.search(text, place, limit)
    return found.end() if found else limit


def _end(text: str, start: int, sentences: Sequence[int]) -> int:
    """Where a window ends: the last sentence end between shortest and longest,
    else the last blank before the longest.
    """
    if len(text) - start <= LONGEST:
        return len(text)
    edge = sentences[bisect_right(sentences, start + LONGEST) - 1]
    if edge >= start + SHORTEST:
        return edge
    blanks = [found.start() for found in _BLANK.finditer(text, start + SHORTEST // 2, start + LONGEST)]
    return blanks[-1] if blanks else start + LONGEST


def _worth(window: tuple[int, int], inside: Sequence[_Place]) -> tuple[int, int, int]:
    """Sorts best first: most different things asked, then most of them, then earliest."""
    return -len({place.asked for place in inside}), -min(len(inside), 6), window[0]


def _passage(
    section: Section, start: int, end: int, places: Sequence[_Place], sentences: Sequence[int], default: str
) -> Passage:
    text = section.text
    found = [place for place in places if place.start >= start and place.end <= end]
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    cut_before = start not in sentences and text[:start].strip() != ""
    cut_after = end < len(text) and text[end - 1] not in ".!?…" and bool(text[end:].strip())
    head = "… " if cut_before else ""
    shift = len(head) - start
    marks = tuple((place.start + shift, min(place.end, end) + shift) for place in found)
    middle = (start + end) // 2
    language = next((span.language for span in section.spans if span.start <= middle < span.end), "") or default
    return Passage(
        anchor=section.anchor,
        page_number=section.page_number,
        label=section.label,
        text=head + _BLANK.sub(" ", text[start:end]) + (" …" if cut_after else ""),
        spans=marks,
        language=language,
    )
