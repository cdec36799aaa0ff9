"""Whether a change is one of form alone: told from the words, without the database.

A correction of form changes no number, no capitalised word, no negation nor a word beside one, no quotation, no markup
(headings, links, lists), and at most one word in twenty of a text. Whether a word says something else is for the second
editor to see.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from itertools import zip_longest
from typing import Any

from kb.decisions.deciding.edits import edits
from kb.pages.agreements import Shown

MOST = 20  # one word in so many
NEGATIONS = frozenset(
    [
        *(
            "ne",
            "n",
            "non",
            "ni",
            "pas",
            "jamais",
            "aucun",
            "aucune",
            "sans",
            "rien",
            "personne",
            "nul",
            "nulle",
            "guère",
        ),
        *("niet", "geen", "nooit", "niemand", "niets", "nergens", "noch", "zonder"),
        *("not", "no", "never", "none", "nobody", "nothing", "nor", "without", "cannot", "t"),
    ]
)
NUMBERS = frozenset(
    [
        *("deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze", "treize", "quinze"),
        *("vingt", "trente", "quarante", "cinquante", "soixante", "cent", "cents", "mille", "million", "millions"),
        *("milliard", "milliards", "demi", "demie", "moitié", "tiers", "quart", "double", "triple"),
        *(
            "twee",
            "drie",
            "vier",
            "vijf",
            "zes",
            "zeven",
            "acht",
            "negen",
            "tien",
            "elf",
            "twaalf",
            "twintig",
            "dertig",
        ),
        *(
            "veertig",
            "vijftig",
            "zestig",
            "zeventig",
            "tachtig",
            "negentig",
            "honderd",
            "duizend",
            "miljoen",
            "miljard",
        ),
        *("half", "halve", "helft", "derde", "kwart", "dubbel", "dubbele"),
        *("two", "three", "four", "five", "seven", "eight", "nine", "ten", "eleven", "twelve", "twenty", "thirty"),
        *("forty", "fifty", "hundred", "thousand", "billion", "third", "quarter", "twice"),
    ]
)
LONGEST = 60  # signs of a word, or of what stands in for several
_TAG = re.compile(r"<[^>]*>")
_WORD = re.compile(r"[^\W\d_]+")
_HEADING = re.compile(r"<h[1-6][^>]*>(.*?)</h[1-6]>", re.DOTALL | re.IGNORECASE)
_QUOTED = re.compile(r"«[^»]*»|‹[^›]*›|‘[^’]*’|“[^”]*”|„[^”“]*[”“]|\"[^\"]*\"")
_NO_WORDS = frozenset(
    {"slug", "place", "url", "lead_url", "doi", "isbn", "date", "date_text", "mark", "heading", "type"}
)


def why_not(before: Collection[Shown], after: Collection[Shown]) -> str:
    """Why these rows are more than a correction of form: a code of `errors.SENTENCES`; "" where they are one."""
    former = {row.place: row for row in before}
    if former.keys() != {row.place for row in after}:
        return "form-rows"
    changes = (why for row in after for why in _whys(former[row.place].values, row.values, name="", type_=""))
    return next(changes, "")


def why_not_text(before: str, after: str) -> str:
    """The same for one text, plain or with markup."""
    if _TAG.findall(before) != _TAG.findall(after) or _HEADING.findall(before) != _HEADING.findall(after):
        return "form-markup"
    old, new = _TAG.sub(" ", before), _TAG.sub(" ", after)
    mine, theirs = _WORD.findall(old), _WORD.findall(new)
    if _numbers(old, mine) != _numbers(new, theirs):
        return "form-digits"
    if _QUOTED.findall(old) != _QUOTED.findall(new):
        return "form-quotation"
    if [word for word in mine if word[0].isupper()] != [word for word in theirs if word[0].isupper()]:
        return "form-capitals"
    if _negations(mine) != _negations(theirs):
        return "form-negation"
    changed = sum(max(j - i, m - k) for same, i, j, k, m in edits(mine, theirs) if not same)
    others = sum(max(j - i, m - k) for same, i, j, k, m in edits(old.split(), new.split()) if not same)
    is_much = max(changed, others) * MOST > len(old.split()) or any(len(word) > LONGEST for word in new.split())
    return "form-much" if is_much else ""


def _numbers(text: str, words: list[str]) -> list[str]:
    """Signs of numbers in any writing, and the words for numbers, in their order."""
    signs = [sign for sign in text if unicodedata.category(sign).startswith("N")]
    return [*signs, *(word for word in map(str.lower, words) if word in NUMBERS)]


def _negations(words: list[str]) -> list[tuple[str, ...]]:
    """Each with the words around it: one that moves says something else."""
    lower = ["", *map(str.lower, words), ""]
    return [tuple(lower[at - 1 : at + 2]) for at in range(1, len(lower) - 1) if lower[at] in NEGATIONS]


def _whys(before: Any, after: Any, *, name: str, type_: str) -> Iterator[str]:
    if before == after:
        return
    if isinstance(before, str) and isinstance(after, str) and name not in _NO_WORDS and type_ != "quotation":
        if why := why_not_text(before, after):
            yield why
    elif isinstance(before, Mapping) and isinstance(after, Mapping) and before.keys() == after.keys():
        for key in before:
            yield from _whys(before[key], after[key], name=key, type_=str(after.get("type", type_)))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for one, other in zip_longest(before, after):
            yield from _whys(one, other, name=name, type_=type_)
    else:
        yield "form-quotation" if type_ == "quotation" else "form-else"
