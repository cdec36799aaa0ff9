"""Where the words asked stand in a text, and the pieces of text worth showing. The only module that makes `<mark>`.

A word is marked whole and as written when it is the word asked in another form, when it is a compound that holds it, or a part of
the compound asked; a phrase is marked as one. The rules are those of `engines.planning`, without its vocabulary.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from search.analysis.asking import asked_words, question_language
from search.analysis.compounds import divisions, holds
from search.analysis.languages import LANGUAGES
from search.analysis.tokens import WORD, asked_stems, fold, is_function_word, normalise, plain_words, stem, without_leaning
from search.entries import LanguageSpan, Passage, Query, Section

SHORTEST, LONGEST = 160, 220  # characters of a passage
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
        self._phrases = [phrase for phrase in (tuple(w for typed in p.words for w in plain_words(typed)) for p in query.phrases) if phrase]
        self._first_phrase = len(words)
        self._stems: dict[str, dict[str, int]] = {}
        self._parts: dict[str, dict[str, int]] = {}
        for code in LANGUAGES:
            asked = [(place, word) for place, word in enumerate(words) if fold(word) not in self._exact]
            self._stems[code] = {asked_stem: place for place, word in reversed(asked) for asked_stem in asked_stems(word, code)}
            self._parts[code] = {part: place for place, word in asked for parts in divisions(word, code) for part in parts}
        self._known: dict[tuple[str, str], int | None] = {}

    def _answers(self, written: str, language: str) -> int | None:
        """Which word asked this written form answers, if any."""
        key = (written, language)
        if key in self._known:
            return self._known[key]
        if len(self._known) > 200_000:
            self._known.clear()
        answer: int | None = None
        if is_function_word(written, language):
            answer = self._exact.get(fold(normalise(written)))
        else:
            found = stem(written, language)
            stems = self._stems[language]
            answer = stems.get(found, self._parts[language].get(found))
            if answer is None:
                answer = next((place for asked, place in stems.items() if holds(found, asked)), None)
            if answer is None and self._exact:
                answer = self._exact.get(fold(normalise(written)))
        self._known[key] = answer
        return answer

    def places(self, text: str, spans: Sequence[LanguageSpan], default: str) -> list[_Place]:
        """Everything found, in order; phrases before the words inside them.

        The distinct words of the text are looked at once, then one expression finds those that answer: half the time of looking at each.
        """
        found: list[_Place] = []
        for span in spans or (LanguageSpan(0, len(text), default),):
            language = span.language if span.language in LANGUAGES else default
            part = without_leaning(text[span.start : span.end], language)
            answers = {written: answer for written in set(WORD.findall(part)) if (answer := self._answers(written, language)) is not None}
            if answers:
                forms = "|".join(re.escape(written) for written in sorted(answers, key=len, reverse=True))
                expression = re.compile(rf"(?<![^\W_])(?:{forms})(?![^\W_]|[{_INNER_MARKS}])")
                found += [_Place(span.start + m.start(), span.start + m.end(), answers[m.group()]) for m in expression.finditer(part)]
        found += self._phrase_places(text)
        return _apart(found)

    def _phrase_places(self, text: str) -> list[_Place]:
        if not self._phrases:
            return []
        words = [(m.start(), m.end(), plain[0]) for m in WORD.finditer(text) if (plain := plain_words(m.group()))]
        starts: dict[str, list[int]] = {}
        for place, (_, _, word) in enumerate(words):
            starts.setdefault(word, []).append(place)
        found = []
        for number, phrase in enumerate(self._phrases):
            for place in starts.get(phrase[0], ()):
                run = words[place : place + len(phrase)]
                if tuple(word for _, _, word in run) == phrase:
                    found.append(_Place(run[0][0], run[-1][1], self._first_phrase + number))
        return found


def _apart(places: Iterable[_Place]) -> list[_Place]:
    """In order; of two that overlap the earlier and longer stays."""
    kept: list[_Place] = []
    for place in sorted(places, key=lambda place: (place.start, -place.end)):
        if not kept or place.start >= kept[-1].end:
            kept.append(place)
        elif place.end > kept[-1].end:
            kept[-1] = _Place(kept[-1].start, place.end, kept[-1].asked)
    return kept


@lru_cache(maxsize=128)
def _finder(query: Query) -> _Finder:
    return _Finder(query)


def _language(default: str, query: Query) -> str:
    return default if default in LANGUAGES else question_language(query)


def spans_in(text: str, query: Query, spans: Sequence[LanguageSpan] = (), *, default: str = "") -> tuple[tuple[int, int], ...]:
    """Every place of a text where something asked stands, in order and apart: for the document reader.

    `default` is the language of what no span covers; "" the question's.
    """
    return tuple((place.start, place.end) for place in _finder(query).places(text, spans, _language(default, query)))


def highlight(text: str, query: Query, *, language: str = "") -> Highlighted:
    """A short text in one language, a title for example, with the words asked."""
    return Highlighted(text, spans_in(text, query, default=language))


def passages(section: Section, query: Query, *, count: int = 3, default: str = "") -> list[Passage]:
    """Up to `count` pieces of a section that hold the most of what was asked, in the order of the text; [] when nothing stands there.

    160 to 220 characters, from the beginning of a sentence where one is near, else between words with "…"; line ends become blanks.
    """
    places = _finder(query).places(section.text, section.spans, _language(default, query))
    if not places or count < 1:
        return []
    edges = _sentence_starts(section.text)
    chosen: list[tuple[int, int]] = []
    for start, end in sorted(_windows(section, places, edges), key=lambda window: _worth(window, places)):
        if all(end <= other_start or start >= other_end for other_start, other_end in chosen):
            chosen.append((start, end))
            if len(chosen) == count:
                break
    return [_passage(section, start, end, places, edges, default) for start, end in sorted(chosen)]


def opening(section: Section, *, default: str = "") -> Passage | None:
    """How a section begins, nothing marked: what to show of an entry found by its title alone. None for an empty section."""
    text = section.text
    start = len(text) - len(text.lstrip())
    if start == len(text):
        return None
    edges = _sentence_starts(text)
    return _passage(section, start, _end(text, start, edges), (), edges, default)


def _sentence_starts(text: str) -> list[int]:
    return [0, *(found.end() for found in _SENTENCE.finditer(text))]


def _windows(section: Section, places: Sequence[_Place], sentences: Sequence[int]) -> set[tuple[int, int]]:
    """A window for each place found: from its sentence, or from some words before it. In a notice it stays in its paragraph:
    there the next one is another field, often in another language."""
    text, windows = section.text, set()
    for place in places:
        sentence = max((start for start in sentences if start <= place.start), default=0)
        start = sentence if place.end - sentence <= SHORTEST else _word_start(text, max(sentence, place.start - _BEFORE), place.start)
        end = _end(text, start, sentences)
        if section.page_number == 0:
            field_end = text.find("\n\n", place.end)
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
    """Where a window ends: the last sentence end between shortest and longest, else the last blank before the longest."""
    if len(text) - start <= LONGEST:
        return len(text)
    ends = [edge for edge in sentences if start + SHORTEST <= edge <= start + LONGEST]
    if ends:
        return ends[-1]
    blanks = [found.start() for found in _BLANK.finditer(text, start + SHORTEST // 2, start + LONGEST)]
    return blanks[-1] if blanks else start + LONGEST


def _worth(window: tuple[int, int], places: Sequence[_Place]) -> tuple[int, int, int]:
    """Sorts best first: most different things asked, then most of them, then earliest."""
    inside = [place.asked for place in places if place.start >= window[0] and place.end <= window[1]]
    return -len(set(inside)), -min(len(inside), 6), window[0]


def _passage(section: Section, start: int, end: int, places: Sequence[_Place], sentences: Sequence[int], default: str) -> Passage:
    text = section.text
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    cut_before = start not in sentences and text[:start].strip() != ""
    cut_after = end < len(text) and text[end - 1] not in ".!?…" and bool(text[end:].strip())
    head = "… " if cut_before else ""
    shift = len(head) - start
    marks = tuple((place.start + shift, place.end + shift) for place in places if place.start >= start and place.end <= end)
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
