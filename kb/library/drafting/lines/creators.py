"""Who made a document, only where the file says so: by a label, under the title, in its properties,
on its title page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from email.utils import parseaddr
from typing import Any

from kb.library.choices import Doubt, FoundIn
from kb.library.drafting.documents import SHEETS, STATED, Document, Found, Line, Page, on_page, words_of
from kb.library.drafting.lines.dates import dates_in
from kb.library.drafting.lines.junk import is_junk_author
from kb.library.drafting.lines.names import Names, has_organisation_word, looks_like_person

_FEW_LINES = 16  # of a title page
_UNDER_TITLE = 4  # lines under the title where authors stand
_LABEL = re.compile(
    r"""^\W*(?:
      (?:(?:co)?auteurs?(?:\(e\)s|·e·s|\.e\.s|-e-s|\(s\))?|autrices?|authors?(?:\(s\))?)(?:\s+(?:du|de\s+la|van\s+het|van\s+de|of\s+the|et|en)\s+\w+)?\s*(?:[:\t]|$)
      | (?:rédact(?:eur|rice)s?|rédaction|redactie|textes?|tekst(?:en)?|samenstelling)(?:\s+(?:et|en)\s+\w+)?\s*[:\t]
    )\s*(?P<names>.*)$""",
    re.VERBOSE | re.IGNORECASE,
)
# On a title page, or before a colon; in running prose the same words mean something else.
_BY = re.compile(
    r"""^\W*(?:
      (?:(?:rédigé|réalisé|écrit|établi|préparé|présenté|élaboré)e?s?\s+)?par
      | (?:(?:geschreven|opgesteld|opgemaakt|uitgevoerd|voorgesteld|samengesteld)\s+)?door
      | (?:(?:written|prepared|compiled|drafted|presented|speech|report|paper)\s+)?by
    )\s*(?P<colon>:)?\s*(?P<names>(?-i:[A-ZÀ-Þ]).*|)$""",
    re.VERBOSE | re.IGNORECASE,
)
_Way = Callable[[Document, Names, frozenset[str]], Found | None]
_ABSTRACT = re.compile(
    r"^\W*(?:abstract|résumé|samenvatting|summary|keywords|mots[\s-]clés|trefwoorden)\b", re.IGNORECASE
)


def creators_of(
    document: Document, *, known: Names, taken: frozenset[str] = frozenset(), doubt: str = ""
) -> Found | None:
    """[{"name", "is_organisation"}, …] as the file names them; None where it does not.

    `taken`: lines that are the title; `doubt` of the title: names are looked for below it.
    """
    found = _named(document, known, taken)
    if found is None or found[1] is not _under_title:
        return found[0] if found else None
    return replace(found[0], doubt=doubt)


def _named(document: Document, known: Names, taken: frozenset[str]) -> tuple[Found, _Way] | None:
    """What the first way that finds somebody finds, and that way."""
    ways = (_stated,) if document.media_type in SHEETS else (_labelled, _stated, _under_title, _title_page)
    return next(((found, way) for way in ways if (found := way(document, known, taken)) is not None), None)


def _labelled(document: Document, known: Names, taken: frozenset[str]) -> Found | None:
    for page in document.edges:
        lines = _others(page, taken)
        is_title_page = page.number <= 2 and len(lines) <= _FEW_LINES
        for index, line in enumerate(lines[:60]):
            label = _LABEL.match(line.text) or _BY.match(line.text)
            if not label or (label.re is _BY and not label["colon"] and not is_title_page):
                continue
            if names := known.listed(_said(label["names"].strip(), lines[index + 1 :])):
                return on_page(names, page.number)
    return None


def _said(names: str, below: Sequence[Line]) -> str:
    """What stands after the label, or on the line below it; a list that ends with a comma goes on."""
    said = names or (below[0].text if below else "")
    after = below[0 if names else 1 :]
    return f"{said} {after[0].text}" if said.rstrip().endswith((",", "&")) and after else said


def _stated(document: Document, known: Names, taken: frozenset[str]) -> Found | None:
    """The properties' author, with the page that names it too where one does."""
    said = document.properties.get("author", "")
    said = (parseaddr(said)[0] or said) if "@" in said else said
    if not said or is_junk_author(said):
        return None
    names = [name for name in known.listed(said, all_of_them=True) if not is_junk_author(name["name"])]
    pages = [
        document.says(" ".join(reversed(name["name"].split(", ")))) or document.says(name["name"]) for name in names
    ]
    if not names:
        return None
    if any(pages):
        return on_page(names, min(page for page in pages if page))
    return Found(names, FoundIn.PROPERTIES, doubt="" if document.media_type in STATED else Doubt.PROPERTIES)


def _under_title(document: Document, known: Names, taken: frozenset[str]) -> Found | None:
    """Names of people under the title of an article: those that an address, an organisation or an abstract follows."""
    page = next((page for page in document.head[:2] if any(line.text in taken for line in page.lines)), None)
    if page is None:
        return None
    last = max(index for index, line in enumerate(page.lines) if line.text in taken)
    below = page.lines[last + 1 : last + 12]
    authors = _lines_of_people(below[:_UNDER_TITLE], known)
    followed = any(_follows(line) for line in below if line not in authors)
    # A list with commas goes on from line to line, in the middle of a name too; names on lines of their own do not.
    joint = " " if any("," in line.text for line in authors) else "; "
    names = known.listed(joint.join(line.text for line in authors)) if authors and followed else []
    return on_page(names, page.number) if names else None


def _lines_of_people(lines: Sequence[Line], known: Names) -> list[Line]:
    found: list[Line] = []
    for line in lines:
        # A list of names goes on in the middle of one: "…, Jan Peeters and Leïla" / "Amrani".
        goes_on = (
            bool(found)
            and "," in found[-1].text
            and len(line.text) <= 60
            and line.text[:1].isupper()
            and not _follows(line)
        )
        if _is_line_of_people(line.text, known) or goes_on:
            found.append(line)
    return found


def _follows(line: Line) -> bool:
    """What stands after the authors: an address, where they work, the abstract."""
    return "@" in line.text or has_organisation_word(line.text) or bool(_ABSTRACT.match(line.text))


def _is_line_of_people(text: str, known: Names) -> bool:
    names = known.listed(text)
    people = [name for name in names if looks_like_person(name["name"].replace(",", ""))]
    return len(text) <= 120 and text[:1].isupper() and bool(people) and len(people) == len(names)


def _title_page(document: Document, known: Names, taken: frozenset[str]) -> Found | None:
    """An organisation alone on a line: one of the directory on the first two pages, or one that its words betray on a
    page of few lines.
    """
    for page in document.head[:2]:
        ours = list(dict.fromkeys(known.ours(line.text) for line in _others(page, taken)[:40] if known.ours(line.text)))
        if ours:
            # One that we know, alone at the very beginning, made it; of several each may be a partner, or the reader.
            doubt = "" if len(ours) == 1 and page is document.head[0] else Doubt.GUESS
            return on_page([{"name": name, "is_organisation": True} for name in ours[:3]], page.number, doubt)
    first = next(iter(document.head), None)
    if first is None or len(first.lines) > (_FEW_LINES if document.is_paged else _FEW_LINES // 2):
        return None
    names = next(_lone_names(_others(first, taken), known), None)
    return on_page(names, first.number, Doubt.GUESS) if names else None


def _lone_names(lines: Sequence[Line], known: Names) -> Iterator[list[dict[str, Any]]]:
    for index, line in enumerate(lines):
        # "Ministerie van Volksgezondheid," goes on with "Welzijn en Sport".
        goes_on = line.text.endswith(",") and index + 1 < len(lines)
        text = f"{line.text} {lines[index + 1].text}" if goes_on else line.text
        if _is_lone_name(text):
            yield [known.named(text)] if goes_on else known.listed(text, all_of_them=True)


def _is_lone_name(text: str) -> bool:
    ends = text.rstrip().endswith((".", ":", "?", "!", ",")) and not words_of(text).endswith(
        ("asbl", "vzw", "a s b l", "v z w")
    )
    return (
        4 <= len(text) <= 110
        and text[:1].isupper()
        and not ends
        and next(dates_in(text), None) is None
        and has_organisation_word(text)
        and "@" not in text
    )


def _others(page: Page, taken: frozenset[str]) -> list[Line]:
    return [line for line in page.lines if line.text not in taken]
