"""How much a term says in an entry, cut into a few levels when the entry is written; the same for every engine.

BM25 as engines have it counts every stored entry, also those a reader may not see, so hidden entries would change
scores and order. Here nothing of an engine's own statistics is used: the part of BM25 that depends on the entry alone
(frequency and length) becomes a level, kept as a term "stem~5"; a score is a sum of constants, weight x level, all on
one grid, so that neither the order of adding nor the parts an index is cut into change it. Weights come from counts a
reader may know (`planning`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from search.analysis.tokens import slices
from search.engines.preparing import Fields, Prepared
from search.entries import EVERYONE

K1, B = 1.2, 0.75  # BM25's own defaults, both engines'
LOWEST, HIGHEST = 0.3, K1 + 1
# measured on the judged sets: BM25 to 8 levels loses .002 of nDCG@10 in the mean; 4 for all but stems and titles .006
LEVELS = 8
VALUES = tuple(LOWEST * (HIGHEST / LOWEST) ** ((place + 0.5) / LEVELS) for place in range(LEVELS))
GRID = 1024  # scores are whole numbers of 1/1024: sums of 32-bit numbers below 8,192 are then exact, in any order

LEVELLED = ("body", "title", "exact_title", "pairs", "pieces")
DOCUMENTS, PAGES = "documents", "pages"
USUAL_LENGTH = {
    "body": 150.0,
    "title": 3.0,
    "exact_title": 4.0,
    "pairs": 150.0,
    "pieces": 900.0,
}  # terms; the judged sets have half to 1.3 times these


def usual_lengths() -> dict[str, float]:
    """What to take for the mean lengths before anything was measured: (documents or pages) + "." + field -> terms."""
    return {f"{index}.{name}": length for index in (DOCUMENTS, PAGES) for name, length in USUAL_LENGTH.items()}


def on_grid(score: float) -> float:
    return round(score * GRID) / GRID


def level(frequency: int, length: int, mean: float) -> int:
    """The level, from 0, of a term that stands `frequency` times in a field of `length` terms where fields have `mean`
    terms.
    """
    value = frequency * (K1 + 1) / (frequency + K1 * (1 - B + B * length / mean))
    return max(0, min(LEVELS - 1, int(math.log(max(value, LOWEST) / LOWEST) / math.log(HIGHEST / LOWEST) * LEVELS)))


def at_level(term: str, number: int) -> str:
    """The term as it is stored at a level: "f:logement~5"."""
    return f"{term}~{number}"


def levelled(terms: str, mean: float, more: str = "") -> str:
    """Blank-separated terms of a field, with repetitions, as its terms at their levels, each once.

    more: terms that do not make the field longer.
    """
    counted: Counter[str] = Counter()
    for some in slices(terms):
        counted.update(some.split())
    length = counted.total()
    counted.update(more.split())
    known: dict[int, int] = {}
    written = []
    for term, frequency in counted.items():
        if frequency not in known:
            known[frequency] = level(frequency, length, mean)
        written.append(at_level(term, known[frequency]))
    return " ".join(written)


@dataclass(slots=True)
class Measuring:
    """Mean lengths of the fields of entries that everybody finds: they tell everybody the same.

    Fields without a term do not count.
    """

    documents: int = 0
    _terms: Counter[str] = field(default_factory=Counter)
    _fields: Counter[str] = field(default_factory=Counter)

    def add(self, prepared: Prepared) -> None:
        if EVERYONE not in prepared.entry.audiences or prepared.entry.covered_by:
            return  # not for everybody: who gets a richer layer does not find this one
        self.documents += 1
        self._count(DOCUMENTS, (prepared.fields,))
        self._count(PAGES, (page.fields for page in prepared.pages))

    def _count(self, index: str, measured: Iterable[Fields]) -> None:
        for fields in measured:
            for name in LEVELLED:
                terms: str = getattr(fields, name)
                if terms:
                    self._terms[f"{index}.{name}"] += terms.count(" ") + 1
                    self._fields[f"{index}.{name}"] += 1

    def means(self) -> dict[str, float]:
        """{(documents or pages) + "." + field: mean length}; the usual length where nothing was measured."""
        return usual_lengths() | {name: self._terms[name] / count for name, count in self._fields.items()}


def known_lengths(said: Mapping[str, object] | None) -> dict[str, float]:
    """Mean lengths as they were written down, the usual ones for what is missing or senseless."""
    lengths = usual_lengths()
    for name in lengths:
        value = (said or {}).get(name)
        if isinstance(value, int | float) and 0 < value < 1e12:
            lengths[name] = float(value)
    return lengths
