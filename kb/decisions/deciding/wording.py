"""Whether a change is one of form alone: told from the words, without the database.

A correction of form changes no digit, no capitalised word, no negation, no quotation, no markup (headings, links,
lists), and at most one word in twenty of a text.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any

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
_TAG = re.compile(r"<[^>]*>")
_WORD = re.compile(r"[^\W\d_]+")
_HEADING = re.compile(r"<h[1-6][^>]*>(.*?)</h[1-6]>", re.DOTALL | re.IGNORECASE)
_QUOTED = re.compile(r"«[^»]*»|“[^”]*”|„[^”“]*[”“]|\"[^\"]*\"")
_NO_WORDS = frozenset(
    {"slug", "place", "url", "lead_url", "doi", "isbn", "date", "date_text", "mark", "heading", "type"}
)


def why_not(before: Collection[Shown], after: Collection[Shown]) -> str:
    """Why these rows are more than a correction of form: a code of `errors.SENTENCES`; "" where they are one."""
    former = {(row.subject, row.language): row for row in before}
    if former.keys() != {(row.subject, row.language) for row in after}:
        return "form-rows"
    changes = (
        why for row in after for why in _whys(former[row.subject, row.language].values, row.values, name="", type_="")
    )
    return next(changes, "")


def why_not_text(before: str, after: str) -> str:
    """The same for one text, plain or with markup."""
    if _TAG.findall(before) != _TAG.findall(after) or _HEADING.findall(before) != _HEADING.findall(after):
        return "form-markup"
    old, new = _TAG.sub(" ", before), _TAG.sub(" ", after)
    if re.findall(r"\d+", old) != re.findall(r"\d+", new):
        return "form-digits"
    if _QUOTED.findall(old) != _QUOTED.findall(new):
        return "form-quotation"
    mine, theirs = _WORD.findall(old), _WORD.findall(new)
    if [word for word in mine if word[0].isupper()] != [word for word in theirs if word[0].isupper()]:
        return "form-capitals"
    if [word for word in map(str.lower, mine) if word in NEGATIONS] != [
        word for word in map(str.lower, theirs) if word in NEGATIONS
    ]:
        return "form-negation"
    words, others = old.split(), new.split()
    matcher = SequenceMatcher(None, words, others, autojunk=False)
    changed = sum(max(i2 - i1, j2 - j1) for tag, i1, i2, j1, j2 in matcher.get_opcodes() if tag != "equal")
    return "form-much" if changed * MOST > len(words) else ""


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
