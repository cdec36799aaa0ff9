"""When a document is from: dates as printed in French, Dutch and English, and which of them is its own.

The surest first: a line of the first page that is nothing but a date (or says what date it is), the imprint (©, legal
deposit), the date of a law in its title, a short line of the first page, the year in the title; the properties of the
file only for the year.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice

from kb.library.choices import Doubt, FoundIn
from kb.library.drafting.documents import STATED, Document, Found, Line, on_page, words_of

_MONTHS = {
    1: "janvier janv jan januari january",
    2: "février fevrier févr fevr fév feb februari february",
    3: "mars maart mrt march mar",
    4: "avril avr april apr",
    5: "mai mei may",
    6: "juin juni june jun",
    7: "juillet juil juli july jul",
    8: "août aout augustus august aug",
    9: "septembre september sept sep",
    10: "octobre oktober october oct okt",
    11: "novembre november nov",
    12: "décembre decembre december déc dec",
}
_NUMBERS = {name: number for number, names in _MONTHS.items() for name in names.split()}
_MONTH = "|".join(sorted(_NUMBERS, key=len, reverse=True))
_YEAR = r"(?:1[89]|20)\d\d"
_DATE = re.compile(
    rf"""(?<![\w/])(?:
        (?P<day>\d{{1,2}})(?:\s*(?:er|e|st|nd|rd|th|ste|de))?[\s.\u00a0]+(?:of\s+)?(?P<month>{_MONTH})\b\.?,?[\s\u00a0]+(?P<year>{_YEAR})
      | (?P<month2>{_MONTH})\.?[\s\u00a0]+(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?,[\s\u00a0]*(?P<year2>{_YEAR})
      | (?P<month3>{_MONTH})\b\.?(?:\s*[-–/]\s*(?P<until>{_MONTH})\b\.?)?,?[\s\u00a0-]+(?:de\s+|van\s+|of\s+)?(?P<year3>{_YEAR})
      | (?P<year4>{_YEAR})-(?P<month4>\d\d)-(?P<day4>\d\d)
      | (?P<day5>\d{{1,2}})[/.-](?P<month5>\d{{1,2}})[/.-](?P<year5>{_YEAR})
      | (?P<month6>0[1-9]|1[0-2])/(?P<year6>{_YEAR})
      | (?P<first>{_YEAR})\s*[-–/]\s*(?P<year7>{_YEAR})
      | (?P<year8>{_YEAR})
    )(?![\w/-])""",  # noqa: E501
    re.VERBOSE | re.IGNORECASE,
)
_DEPOSIT = re.compile(rf"\bD\s?[/.]\s?(?P<year>{_YEAR})\s?[/.]\s?[\d.]+\s?[/.]\s?\d+")
_RIGHTS = re.compile(rf"(?:©|\(c\)|copyright)[^\n\d]{{0,60}}(?:{_YEAR}\s*[-–,]\s*)?(?P<year>{_YEAR})", re.IGNORECASE)
_LABEL = re.compile(
    r"""^(?:[-–•·\s]*)(?:date(?:\s+d(?:e|u)\s+(?:la\s+)?(?:publication|parution|rapport|document))?|datum(?:\s+(?:van\s+)?(?:publicatie|rapport|uitgave))?|publi(?:é|ée|cation|catiedatum|cation\s+date)?
        |paru(?:tion)?|édition|edition|uitgave|editie|gepubliceerd(?:\s+op)?|verschenen|published(?:\s+(?:on|in))?|publication\s+date|date\s+of\s+publication|bruxelles|brussel|brussels
        |version|versie|imprimé|gedrukt|printed|dépôt\s+légal|wettelijk\s+depot|achevé|afgesloten|mis\s+à\s+jour|mise\s+à\s+jour|bijgewerkt|updated|année\s+académique|academiejaar|academic\s+year)
        (?:\s+(?:le|en|op|in|du|van|of|à))?[\s:,\t]*""",
    re.VERBOSE | re.IGNORECASE,
)
_IMPRINT = re.compile(
    r"éditeur\s+responsable|verantwoordelijke?\s+uitgever|\bv\.\s?u\.|\be\.\s?r\.|dépôt\s+légal|wettelijk\s+depot|isbn|achevé\s+d.imprimer|première\s+édition"
    r"|eerste\s+druk|first\s+published|published\s+(?:by|in)|\bédition\b|\buitgave\b|imprim|gedrukt",
    re.IGNORECASE,
)
_LAW_WORD = re.compile(
    r"\b(?:loi|décret|ordonnance|arrêté|règlement|directive|accord|wet|decreet|ordonnantie|besluit|verordening|richtlijn|act|regulation|decision|law)\b",
    re.IGNORECASE,
)
# "Loi du 26 mai 2002…" is called so; "La loi du 26 mai 2002 a changé…" is a sentence about it.
_LAW = re.compile(
    r"^\W*(?!(?:la|le|l|cette|de|het|deze|the|this)\b)(?:\w+\s+){0,3}?"
    + _LAW_WORD.pattern
    + r"[^\n]{0,80}?\b(?:du|van|of)\s+$",
    re.IGNORECASE,
)
_AROUND = re.compile(r"[^\W\d_]{2,}")
_LOOKED_AT = 300  # signs of a line among which its date is looked for
_MOST_DATES = 5  # of a line: who lists more says something else with them
_SURE = 6.0  # the worth of what says that it is the date, or stands for itself
_CLOCK = re.compile(r"\b\d{1,2}[:h]\d{2}\b")  # beside a date: when it was printed or sent
_SHORT = 70  # signs of a line that may be there to say when


@dataclass(frozen=True, slots=True)
class _Candidate:
    """worth: higher is surer; text as the notice writes it ("2012-06")."""

    text: str
    page: int
    worth: float


def date_of(document: Document, *, title: str = "", today: date | None = None) -> Found | None:
    """When the document is from, as precise as it says; None when neither the document nor its properties say."""
    today = today or date.today()
    stated = document.properties.get("date", "") if document.media_type in STATED else ""
    if stated and stated <= today.isoformat():
        return Found(stated, FoundIn.PROPERTIES)
    candidates = [
        one for one in _candidates(document, title) if int(one.text[:4]) > 1800 and one.text <= today.isoformat()
    ]
    best = max(candidates, key=lambda one: (one.worth, len(one.text), -one.page), default=None)
    if best is not None:
        return on_page(_sharpened(best, candidates), best.page, _doubt_of(best, candidates))
    year = document.properties.get("date", "")[:4]
    is_likely = bool(year) and 1980 < int(year) <= today.year
    return Found(year, FoundIn.PROPERTIES, doubt=Doubt.PROPERTIES) if is_likely else None


def _doubt_of(best: _Candidate, candidates: list[_Candidate]) -> str:
    """Several that are as sure and differ, or one that stands there without saying what it is the date of."""
    rivals = [one for one in candidates if one.worth >= best.worth - 0.5 and not _agree(one.text, best.text)]
    if rivals:
        return Doubt.SEVERAL
    return Doubt.GUESS if best.worth < _SURE else ""


def _agree(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def dates_in(text: str) -> Iterator[tuple[re.Match[str], str]]:
    """Every date of a text with how the notice writes it: "2010", "2010-05", "2010-05-21"."""
    for found in _DATE.finditer(text):
        said = {name.rstrip("0123456789"): value for name, value in found.groupdict().items() if value}
        month = said.get("until") or said.get("month", "")
        number = int(month) if month.isdecimal() else _NUMBERS.get(month.lower(), 0)
        year, day = int(said["year"]), int(said.get("day", 0))
        if number > 12 and 1 <= day <= 12:  # "11/16/2016": the month first, which no day could follow
            number, day = day, number
        if number and not 1 <= number <= 12:
            number, day = 0, 0
        try:
            date(year, number or 1, day or 1)
        except ValueError:
            day = 0
        yield found, f"{year:04}" + (f"-{number:02}" if number else "") + (f"-{day:02}" if number and day else "")


def only_date(text: str) -> bool:
    """True for a line that says a date and no more than a place, a label or a version beside it."""
    found = next(dates_in(text), None)
    return found is not None and len(text) <= _SHORT and _rest(text, found[0]) <= 1


def goes_on(text: str) -> bool:
    """True for the end of a phrase that a year closes ("bonifiés 2019"), which only looks like a date: a word in small
    letters that is no month, no label and no preposition comes first.
    """
    found = next(dates_in(text), None)
    before = _LABEL.sub("", text[: found[0].start()]) if found else ""
    return text[:1].islower() and any(len(word) > 4 for word in _AROUND.findall(before))


def _candidates(document: Document, title: str) -> Iterator[_Candidate]:
    for page in document.edges:
        is_first = page.number == (document.head[0].number if document.head else 1)
        lines = page.lines if is_first else page.lines[:60]
        label_before = False
        for index, line in enumerate(lines):
            yield from _of_line(line, is_first=is_first, is_early=index < 12, labelled=label_before, title=title)
            label_before = bool(_LABEL.fullmatch(line.text.rstrip(" :") + " ")) and not any(
                sign.isdigit() for sign in line.text
            )


def _of_line(line: Line, *, is_first: bool, is_early: bool, labelled: bool, title: str) -> Iterator[_Candidate]:
    looked_at = line.text[:_LOOKED_AT]
    for pattern, worth in ((_DEPOSIT, 5.0), (_RIGHTS, 5.5)):
        if found := pattern.search(looked_at):
            yield _Candidate(found["year"], line.page, worth)
    in_title = bool(title) and words_of(line.text) in words_of(title)
    is_law = in_title and bool(_LAW_WORD.search(title))
    for found, text in islice(dates_in(looked_at), _MOST_DATES):
        before = line.text[: found.start()]
        if is_first and is_early and (is_law or _LAW.search(before)):
            yield _Candidate(
                text, line.page, 10.0 if is_law and len(text) == 10 else 8.0 if line.opens_paragraph else 2.0
            )
        elif in_title:
            yield _Candidate(text, line.page, 2.5 if len(text) == 4 else 6.0)
        elif line.text.endswith(".") and not line.opens_paragraph:
            continue  # the end of a sentence
        elif len(line.text) > _SHORT and not _IMPRINT.search(looked_at):
            continue
        elif _CLOCK.search(looked_at):
            yield _Candidate(text, line.page, 2.0)
        elif labelled or _LABEL.match(looked_at):
            yield _Candidate(text, line.page, (9.0 if is_first else 6.0) - (1.5 if len(text) == 4 else 0))
        elif _rest(line.text, found) <= 1:
            yield _Candidate(text, line.page, (9.0 if is_first else 4.0) - (1.5 if len(text) == 4 else 0))
        elif _IMPRINT.search(looked_at):
            yield _Candidate(text, line.page, 5.0)
        elif is_first and is_early and len(text) > 4:
            yield _Candidate(text, line.page, 4.5)


def _rest(text: str, found: re.Match[str]) -> int:
    """Words of a line beside the date and the label before it: "Brussel, 12 juni 2012" has none more than a place."""
    before = _LABEL.sub("", text[: found.start()])
    return len(_AROUND.findall(before)) + len(_AROUND.findall(text[found.end() :]))


def _sharpened(best: _Candidate, candidates: list[_Candidate]) -> str:
    """A year alone made more precise by the surest other date of that year that was said on the edges for itself."""
    sharper = [
        one
        for one in candidates
        if one.text.startswith(best.text) and len(one.text) > len(best.text) and one.worth >= 4.5
    ]
    return max(sharper, key=lambda one: one.worth).text if sharper and len(best.text) == 4 else best.text
