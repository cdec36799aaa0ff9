"""A library of any size made of invented words, always the same for a seed: to measure, not to read.

Words follow Zipf's law in three vocabularies (one a language); documents have a lognormal number of pages of about 250
words; some pages are in a second language; three documents in five are public, the others belong to one of the bodies.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from datetime import date, timedelta

from search.analysis.languages import LANGUAGES
from search.entries import Entry, LanguageSpan, Section, Title

BODIES = tuple(f"body:{number:02d}" for number in range(20))
THEMES = tuple(f"theme-{number:02d}" for number in range(40))
TYPES = ("report", "article", "book", "webpage", "legislation")
WORDS_A_PAGE = 250
FUNCTION_WORDS_SHARE = 0.38
_SYLLABLES = {
    "fr": tuple(
        "logementaccueilsantétravailformationfamilleenquêterégionsocialprécaritédépenses"[place : place + 3]
        for place in range(0, 75, 3)
    ),
    "nl": tuple(
        "huisvestingwerkonderzoekgezinnengezondheidopleidingwaarborgstadkamerhuurprijsarmoede"[place : place + 3]
        for place in range(0, 81, 3)
    ),
    "en": tuple(
        "housingemploymentfamilyhealthregionsocialreporttrainingpovertyrentalcouncilservices"[place : place + 3]
        for place in range(0, 81, 3)
    ),
}


def vocabulary(language: str, size: int = 40_000) -> list[str]:
    """Distinct invented words, commonest first; the first ones are short."""
    invent = random.Random(f"words {language}")
    found: dict[str, None] = {}
    for rank in itertools.count():
        if len(found) == size:
            return list(found)
        found["".join(invent.choices(_SYLLABLES[language], k=2 + min(2, rank // 4000) + invent.randrange(2)))] = None
    raise AssertionError


class _Language:
    def __init__(self, code: str) -> None:
        self.words = vocabulary(code)
        self.weights = list(itertools.accumulate(1 / (rank + 8) for rank in range(len(self.words))))
        self.function_words = sorted(LANGUAGES[code].stop_words)

    def page(self, chance: random.Random) -> str:
        content = chance.choices(self.words, cum_weights=self.weights, k=int(WORDS_A_PAGE * (1 - FUNCTION_WORDS_SHARE)))
        small = chance.choices(self.function_words, k=WORDS_A_PAGE - len(content))
        words = content + small
        chance.shuffle(words)
        return ".\n".join(" ".join(words[place : place + 12]) for place in range(0, len(words), 12))


def library(pages: int, *, seed: int = 1) -> Iterator[Entry]:
    """Entries that have that many pages together; each is made when it is asked for."""
    chance = random.Random(seed)
    languages = {code: _Language(code) for code in LANGUAGES}
    left = pages
    for number in itertools.count(1):
        if left <= 0:
            return
        code = chance.choice(tuple(LANGUAGES))
        size = min(left, 120, max(1, round(chance.lognormvariate(2.6, 1.1))))
        left -= size
        other = chance.choice(tuple(LANGUAGES))
        sections = []
        for page in range(1, size + 1):
            spoken = other if chance.random() < 0.05 else code
            text = languages[spoken].page(chance)
            sections.append(Section(f"1.1/{page}", page, f"p. {page}", text, (LanguageSpan(0, len(text), spoken),)))
        title = " ".join(chance.choices(languages[code].words, cum_weights=languages[code].weights, k=6))
        published = date(1995, 1, 1) + timedelta(days=chance.randrange(10_000))
        body = chance.choice(BODIES)
        yield Entry(
            subject=f"library.reference:{number}",
            kind="library.reference" if number % 10 else "home.article",
            url=f"/r/{number}",
            titles=(Title(code, title),),
            audiences=frozenset({"public"}) if chance.random() < 0.6 else frozenset({body}),
            languages=(code,),
            type=chance.choice(TYPES),
            groups=(body,),
            themes=tuple(chance.sample(THEMES, 2)),
            year=published.year,
            published=published,
            sections=tuple(sections),
        )


def questions(count: int, *, words: int, seed: int = 2) -> Iterator[tuple[str, str]]:
    """(text, language) of questions with that many words, from common to rare."""
    chance = random.Random(seed)
    vocabularies = {code: vocabulary(code)[:5000] for code in LANGUAGES}
    for _ in range(count):
        code = chance.choice(tuple(LANGUAGES))
        yield (
            " ".join(vocabularies[code][int(len(vocabularies[code]) ** chance.random()) - 1] for _ in range(words)),
            code,
        )
