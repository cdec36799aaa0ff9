"""Words written together: which longer words hold a word, and of which parts a word may be made.

Stems here are tagged ("n:huur"). Measured on the development collections (Dutch help pages .655/.947 to .666/.960);
French and English gain nothing from it, so only languages whose table says `compounds` are looked at.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

from search.analysis.languages import LANGUAGES, TAGS
from search.analysis.tokens import fold, normalise, slices, stem

SHORTEST_HEAD = 4  # letters of a stem that is looked for inside longer ones
SHORTEST_REST = 3  # letters the longer word must have beside it
LONGEST_HEAD = (
    16  # the same: what is longer is compound enough, and each letter more costs every index two terms a word
)
MOST_STEMS = 20_000  # different stems of one text that are looked into, the commonest: few books have more
SHORTEST_PART = 4  # letters of a part of the word asked
_LINKS = ("", "s", "e", "en")  # "gezondheid-s-zorg", "zieke-n-fonds"


def has_compounds(tagged: str) -> bool:
    return LANGUAGES[TAGS[tagged[0]]].compounds


def holds(longer: str, shorter: str) -> bool:
    """True when the longer tagged stem begins or ends with the shorter one: "n:huurwaarborg" holds "n:waarborg"."""
    if longer[0] != shorter[0] or not has_compounds(shorter):
        return False
    word, inside = longer[2:], shorter[2:]
    return (
        SHORTEST_HEAD <= len(inside) <= LONGEST_HEAD
        and len(word) >= len(inside) + SHORTEST_REST
        and (word.startswith(inside) or word.endswith(inside))
    )


def inside(tagged: str) -> str:
    """The term that stands in an index for every longer stem that holds this one: "n*waarborg" for "n:waarborg"."""
    return f"{tagged[0]}*{tagged[2:]}"


def is_inside(term: str) -> bool:
    """Whether a term is one that `inside` names."""
    return term[1:2] == "*"


def held(stems: str) -> str:
    """Blank-separated tagged stems -> what they hold, as `inside` names it, each once: every beginning and every end
    of a stem that leaves enough beside it. An index stores these, so that whoever asks for a word looks up one term;
    longer words, which may be hidden ones, are never gone through.
    """
    each: Counter[str] = Counter()
    for some in slices(stems):
        each.update(tagged for tagged in some.split() if has_compounds(tagged))
    found: set[str] = set()
    for tagged, _ in each.most_common(MOST_STEMS) if len(each) > MOST_STEMS else each.items():
        found.update(_held(tagged))
    return " ".join(found)


@lru_cache(5_000)
def _held(tagged: str) -> tuple[str, ...]:
    tag, word = f"{tagged[0]}*", tagged[2:]
    lengths = range(SHORTEST_HEAD, min(LONGEST_HEAD, len(word) - SHORTEST_REST) + 1)
    return tuple(tag + part for length in lengths for part in (word[:length], word[-length:]))


def divisions(word: str, language: str) -> list[tuple[str, str]]:
    """Tagged stems of the two parts at every place where the word may be cut, longest second part first; [] where words
    are not written together.
    """
    if not LANGUAGES[language].compounds:
        return []
    plain = fold(normalise(word))
    found = []
    for place in range(SHORTEST_PART, len(plain) - SHORTEST_PART + 1):
        left, right = plain[:place], plain[place:]
        for link in _LINKS:
            bare = left.removesuffix(link) if link else left
            if (not link or bare != left) and len(bare) >= SHORTEST_PART:
                found.append((stem(bare, language), stem(right, language)))
    return found
