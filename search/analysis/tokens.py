"""From text to words, stems, pairs and pieces: the same for what is stored, what is asked and what is marked.

Everything here works on one language at a time; the tables are in `languages`, compounds in `compounds`.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import Stemmer

from search.analysis.languages import LANGUAGES, Language
from search.entries import LanguageSpan

LONGEST_WORD = 64  # characters; what is longer is noise of a broken file and is cut
_FORMS_KEPT = 100_000  # distinct written forms remembered a language, some 40 MB at most: ordinary texts have fewer
_SLICE = 50_000  # characters whose words are in memory one by one at the same time
PIECE_LENGTH = 4

APOSTROPHES = "'’ʼ‘´`"
_LEANING_SIGNS = (*APOSTROPHES, "-t-")
# Letters and digits; accents written apart and soft hyphens inside a word belong to it; "C.P.A.S." is one word.
_LETTERS = r"[^\W_]+(?:[\u0300-\u036f\u00ad]+[^\W_]*)*"
_ACRONYM = r"(?<!\w)(?:[^\W\d_]\.){2,}(?:[^\W\d_](?![\w]))?"
WORD = re.compile(rf"{_ACRONYM}|{_LETTERS}")
_BLANK = re.compile(r"\s")
_NOT_WORD = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Token:
    """A word at characters start to end (exclusive) of the text as given; `word` is normalised: lower case,
    accents kept.
    """

    start: int
    end: int
    word: str


@dataclass(frozen=True, slots=True)
class Form:
    """What one written form becomes in one language: stem is '' for a function word; pieces are joined by blanks, as
    engines store them.
    """

    folded: str
    stem: str
    pieces: str


def normalise(word: str) -> str:
    """NFKC, lower case, œ to oe, no soft hyphens nor dots of acronyms; accents stay."""
    plain = unicodedata.normalize("NFKC", word).lower().replace("œ", "oe").replace("æ", "ae")
    if not plain.isalnum():
        plain = _NOT_WORD.sub("", unicodedata.normalize("NFC", plain))
    return plain[:LONGEST_WORD]


def fold(word: str) -> str:
    """The word without accents: "séjour" and "sejour" are one."""
    if word.isascii():
        return word
    return "".join(sign for sign in unicodedata.normalize("NFD", word) if not unicodedata.combining(sign))


class _PlainForms(dict[str, str]):
    """Written form -> normalised and folded, remembered."""

    def __missing__(self, written: str) -> str:
        if len(self) >= _FORMS_KEPT:
            self.clear()
        plain = fold(normalise(written))
        self[written] = plain
        return plain


_stemmers = threading.local()  # a Snowball stemmer may not be shared by threads


def _stemmer(algorithm: str) -> Stemmer.Stemmer:
    made = _stemmers.__dict__.setdefault("made", {})
    if algorithm not in made:
        made[algorithm] = Stemmer.Stemmer(algorithm, 0)
    return made[algorithm]


def pieces(folded: str) -> list[str]:
    """Runs of four signs of the word between its edges: "^bai bail ail$" for "bail";
    a word of one letter is one piece.
    """
    edged = f"^{folded}$"
    return [edged[place : place + PIECE_LENGTH] for place in range(max(1, len(edged) - PIECE_LENGTH + 1))]


class _Forms(dict[str, Form]):
    """Written form -> Form, remembered for the whole process: a library has far fewer forms than words."""

    def __init__(self, language: Language) -> None:
        super().__init__()
        self._language = language
        self._stop_words = language.stop_words | {fold(word) for word in language.stop_words if len(word) > 1}

    def __missing__(self, written: str) -> Form:
        if len(self) >= _FORMS_KEPT:
            self.clear()
        word = normalise(written)
        folded = fold(word)
        if not word:
            form = Form("", "", "")
        elif word in self._stop_words:
            form = Form(folded, "", "")
        else:
            stem = fold(_stemmer(self._language.stemmer).stemWord(word)) or folded
            form = Form(folded, f"{self._language.tag}:{stem}", " ".join(pieces(folded)))
        self[written] = form
        return form


_plain_forms = _PlainForms()


@cache
def _forms(code: str) -> _Forms:
    return _Forms(LANGUAGES[code])


@cache
def _leaning(code: str) -> re.Pattern[str]:
    """Finds elisions before and enclitics after an apostrophe, and letters put between for the sound."""
    language = LANGUAGES[code]
    ways = []
    if language.elisions:
        ways.append(rf"(?<![\w])(?:{'|'.join(sorted(language.elisions))})[{APOSTROPHES}](?=\w)")
    if language.inversions:
        ways.append(rf"-t-(?={language.inversions}\b)")
    if language.enclitics:
        ways.append(rf"[{APOSTROPHES}](?:{'|'.join(sorted(language.enclitics))})(?!\w)")
    return re.compile("|".join(ways), re.IGNORECASE)


def without_leaning(text: str, language: str) -> str:
    """The text with "l'", "'s" and the "-t-" of "a-t-il" blanked out; every other character stays at its place."""
    if not any(sign in text for sign in _LEANING_SIGNS):
        return text
    return _leaning(language).sub(lambda found: " " * len(found.group()), text)


def slices(text: str) -> Iterator[str]:
    """The text in parts cut at blanks, no longer than its words allow: as strings of their own, words take ten times
    their letters in memory.
    """
    start = 0
    while len(text) - start > _SLICE and (blank := _BLANK.search(text, start + _SLICE)):
        yield text[start : blank.start()]
        start = blank.start()
    yield text[start:] if start else text


def tokens(text: str) -> Iterator[Token]:
    """Every word of the text, function words too, with its place."""
    for found in WORD.finditer(text):
        word = normalise(found.group())
        if word:
            yield Token(found.start(), found.end(), word)


def plain_words(text: str) -> list[str]:
    """Every word, lower case and without accents, in order: what a phrase is looked up in."""
    plain = _plain_forms
    return [word for word in [plain[written] for written in WORD.findall(text)] if word]


def stem(word: str, language: str) -> str:
    """The tagged stem of a word ("f:log"), function word or not."""
    return (
        _forms(language)[word].stem
        or f"{LANGUAGES[language].tag}:{fold(_stemmer(LANGUAGES[language].stemmer).stemWord(normalise(word)))}"
    )


def asked_stems(word: str, language: str) -> tuple[str, ...]:
    """The tagged stems a word that was typed stands for: its own and, typed without accents,
    the one it has with them ("endettee", "endettée").
    """
    found = {stem(word, language): None}
    plain = normalise(word)
    if plain == fold(plain):
        for typed, written in LANGUAGES[language].endings:
            if plain.endswith(typed) and len(plain) > len(typed) + 2:
                found[stem(plain[: -len(typed)] + written, language)] = None
                break
    return tuple(found)


def is_function_word(word: str, language: str) -> bool:
    """True when the language never indexes this word."""
    return not _forms(language)[word].stem


def forms(text: str, language: str) -> list[Form]:
    """The words of content of a text, in order."""
    known = _forms(language)
    return [form for form in [known[written] for written in WORD.findall(without_leaning(text, language))] if form.stem]


def pairs(stems: Iterable[str]) -> list[str]:
    """Neighbouring stems of one language, function words already out: "f:articl_57"."""
    return [f"{left}_{right[2:]}" for left, right in pairwise(stems)]


@dataclass(frozen=True, slots=True)
class Terms:
    """What one run of text gives an index, each a list of ready terms in order."""

    stems: list[str]
    pairs: list[str]
    pieces: list[str]

    def __add__(self, other: Terms) -> Terms:
        return Terms(self.stems + other.stems, self.pairs + other.pairs, self.pieces + other.pieces)


def terms(text: str, spans: tuple[LanguageSpan, ...], default: str) -> Terms:
    """Stems, pairs and pieces of a text, each span in its language;
    a span of no known language is read in the default one.
    """
    stems: list[str] = []
    neighbours: list[str] = []
    cut: list[str] = []
    for part, language in _parts(text, spans, default):
        found = forms(part, language)
        part_stems = [form.stem for form in found]
        stems += part_stems
        neighbours += pairs(part_stems)
        cut += [form.pieces for form in found]
    return Terms(stems, neighbours, cut)


@dataclass(frozen=True, slots=True)
class JoinedTerms:
    """The same as `Terms`, each list joined by blanks, as engines store it: a tenth of the memory."""

    stems: str
    pairs: str
    pieces: str


def joined_terms(text: str, spans: tuple[LanguageSpan, ...], default: str) -> JoinedTerms:
    """What `terms` gives, never as a list of the whole text."""
    stems: list[str] = []
    neighbours: list[str] = []
    cut: list[str] = []
    for part, language in _parts(text, spans, default):
        known = _forms(language)
        before: list[str] = []  # the last stem of the slice before
        for some in slices(without_leaning(part, language)):
            found = [form for form in [known[written] for written in WORD.findall(some)] if form.stem]
            if found:
                part_stems = [form.stem for form in found]
                stems.append(" ".join(part_stems))
                neighbours.append(" ".join(pairs([*before, *part_stems])))
                cut.append(" ".join([form.pieces for form in found]))
                before = part_stems[-1:]
    return JoinedTerms(" ".join(stems), " ".join(filter(None, neighbours)), " ".join(cut))


def joined_words(text: str) -> str:
    """`plain_words` joined by blanks, never as a list of the whole text."""
    return " ".join(filter(None, (" ".join(plain_words(some)) for some in slices(text))))


def _parts(text: str, spans: tuple[LanguageSpan, ...], default: str) -> Iterator[tuple[str, str]]:
    """(text, known language) of each span, in order; the whole in the default one without spans."""
    for span in spans:
        yield text[span.start : span.end], span.language if span.language in LANGUAGES else default
    if not spans:
        yield text, default
