"""Text for the synthetic library: sentences of the demonstration's documents in three languages, and a tail of rare
words nobody wrote.

Always the same for a seed. Rows of the database are made from it in `library`.
"""

from __future__ import annotations

import itertools
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from kb.demonstration.reading import DATA, read_data
from kb.languages import CODES
from search.analysis.languages import LANGUAGES
from search.analysis.tokens import plain_words
from tests.search.synthetic import vocabulary

WORDS_A_PAGE = 250
TAIL_SHARE = 0.03
TAIL_WORDS = 40_000
FOCUS_TEXTS = 4  # of the demonstration, that one invented document is about
FOCUS_SHARE = 0.8
BILINGUAL_SHARE = 0.05
LONGEST_DOCUMENT = 120  # pages
_SENTENCE = re.compile(r"(?<=[.!?…])\s+")
_MARKUP = re.compile(r"[*_`\[\]<>]|\(https?:[^)]*\)")


@dataclass(frozen=True, slots=True)
class PageText:
    """text, and the languages of its runs as FilePage keeps them: [[start, end, "nl"], …]."""

    text: str
    spans: list[list]


@dataclass(frozen=True, slots=True)
class DocumentText:
    language: str
    title: str
    pages: tuple[PageText, ...]


@cache
def sentences(language: str) -> tuple[tuple[str, ...], ...]:
    """Every text of the demonstration in that language, cut into sentences of three words or more."""
    texts = []
    for path in sorted((DATA / "documents").glob("*.json")):
        document = read_data(f"documents/{path.name}")
        if document["languages"] == [language]:
            found = tuple(
                one for text in _texts(document["sections"]) for one in _SENTENCE.split(text) if len(one.split()) > 2
            )
            if found:
                texts.append(found)
    return tuple(texts)


def _texts(value) -> Iterator[str]:
    """Every string of a section that is more than a code word."""
    if isinstance(value, str):
        text = " ".join(_MARKUP.sub(" ", value).split())
        if " " in text:
            yield text
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


@cache
def content_words(language: str) -> tuple[str, ...]:
    """Words of the demonstration that say something, commonest first."""
    stop_words = LANGUAGES[language].stop_words
    counted = Counter(
        word
        for text in sentences(language)
        for sentence in text
        for word in plain_words(sentence)
        if len(word) > 3 and word not in stop_words
    )
    return tuple(
        word for word, _ in sorted(counted.items(), key=lambda found: (-found[1], found[0])) if not word.isdecimal()
    )


@cache
def tail(language: str) -> tuple[str, ...]:
    """Rare words: Dutch ones are whole compounds of real words, the others are invented."""
    if language != "nl":
        return tuple(vocabulary(language, TAIL_WORDS))
    chance = random.Random("compounds")
    parts = [word for word in content_words("nl") if len(word) < 12]
    made: dict[str, None] = {}
    while len(made) < TAIL_WORDS:
        made["".join(chance.choices(parts, k=2 + (chance.random() < 0.1)))] = None
    return tuple(made)


@cache
def _tail_weights(language: str) -> tuple[float, ...]:
    return tuple(itertools.accumulate(1 / (rank + 8) for rank in range(TAIL_WORDS)))


class _Voice:
    """How one document speaks a language: sentences of its focus texts mostly, of any other text else."""

    def __init__(self, language: str, chance: random.Random) -> None:
        texts = sentences(language)
        self.language = language
        self.chance = chance
        self._focus = [sentence for text in chance.sample(texts, min(FOCUS_TEXTS, len(texts))) for sentence in text]
        self._all = texts

    def text(self, words: int) -> str:
        chance, lines, said = self.chance, [], 0
        while said < words:
            sentence = chance.choice(self._focus if chance.random() < FOCUS_SHARE else chance.choice(self._all))
            parts = sentence.split()
            for place in range(len(parts)):
                if chance.random() < TAIL_SHARE:
                    parts[place] = self.rare_word()
            lines.append(" ".join(parts))
            said += len(parts)
        return "\n".join(lines)

    def rare_word(self) -> str:
        return self.chance.choices(tail(self.language), cum_weights=_tail_weights(self.language))[0]

    def title(self) -> str:
        return " ".join(self.chance.choice(self._focus).split()[:9]).rstrip(".,;:!?") + f", {self.rare_word()}"


def documents(pages: int, *, seed: int = 1) -> Iterator[DocumentText]:
    """Documents of 1 to 120 pages (lognormal, 25 on average) that have that many pages together."""
    chance = random.Random(seed)
    left = pages
    while left > 0:
        size = min(left, LONGEST_DOCUMENT, max(1, round(chance.lognormvariate(2.85, 1.0))))
        left -= size
        language = chance.choice(CODES)
        own, other = _Voice(language, chance), _Voice(chance.choice(CODES), chance)
        yield DocumentText(language, own.title(), tuple(_page(own, other) for _ in range(size)))


def _page(own: _Voice, other: _Voice) -> PageText:
    if own.chance.random() >= BILINGUAL_SHARE:
        text = own.text(WORDS_A_PAGE)
        return PageText(text, [[0, len(text), own.language]])
    first, second = own.text(WORDS_A_PAGE // 2) + "\n\n", other.text(WORDS_A_PAGE // 2)
    return PageText(
        first + second, [[0, len(first), own.language], [len(first), len(first) + len(second), other.language]]
    )


def questions(kind: str, count: int, *, seed: int = 2) -> list[tuple[str, str]]:
    """(words, language), `count` for each language.

    kind: "1 word", "2 words", "4 words" (of one sentence) or "2 common words".
    """
    chance = random.Random(f"{kind} {seed}")
    asked = []
    for language in CODES:
        known = frozenset(content_words(language))
        long_enough = [
            found
            for text in sentences(language)
            for sentence in text
            if len(found := [word for word in dict.fromkeys(plain_words(sentence)) if word in known]) >= 4
        ]
        for _ in range(count):
            words = (
                chance.sample(content_words(language)[:12], 2)
                if kind == "2 common words"
                else chance.sample(chance.choice(long_enough), int(kind.split()[0]))
            )
            asked.append((" ".join(words), language))
    chance.shuffle(asked)
    return asked
