"""Opening hours as people write and read them: the text of one day, and the week of a place with today in it.

    "09:00-12:00, 13:00-16:30"    two stretches        "by appointment"                 that day, without times
    ""                            closed               "13:00-16:00 by appointment"     only with one

Rows are in `models.places`. Texts are the same in the admin's forms and in the cells of a sheet.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from itertools import pairwise

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from kb.directory.choices import Weekday
from kb.directory.models import Closure, OpeningHours
from kb.directory.spoken import folded
from kb.languages import current_language

APPOINTMENT: Mapping[str, str] = {"fr": "sur rendez-vous", "nl": "op afspraak", "en": "by appointment"}
_APPOINTMENT_WORDS = (
    "sur rendez-vous",
    "sur rdv",
    "rendez-vous",
    "rdv",
    "op afspraak",
    "afspraak",
    "by appointment",
    "appointment",
)
_CLOSED_WORDS = ("ferme", "gesloten", "closed", "-", "–")
_TIME = r"(\d{1,2})(?:\s*[:.hu]\s*(\d{2})?)?"
_STRETCH = re.compile(rf"{_TIME}\s*(?:-|–|—|a|tot|to)\s*{_TIME}\s*(?:u|uur|h)?")


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """From `opens` to `closes` (both None: no times, by appointment)."""

    opens: time | None = None
    closes: time | None = None
    by_appointment: bool = False


def read_day(text: str) -> tuple[Stretch, ...]:
    """The stretches of one day in order; none for an empty text or "closed".

    Raises ValidationError with a sentence saying how to write it.
    """
    found = [
        _stretch(piece)
        for piece in re.split(r"[,;/\n]", folded(text))
        if piece.strip() and piece.strip() not in _CLOSED_WORDS
    ]
    timed = sorted(stretch for stretch in found if stretch.opens)
    for before, after in pairwise(timed):
        assert after.opens and before.closes  # whoever says from when says until when
        if after.opens < before.closes:
            raise ValidationError(_("“%(text)s”: two stretches overlap. Correct one of the times.") % {"text": text})
    # An appointment without times is said once, after the times.
    return (*timed, *([Stretch(by_appointment=True)] if len(timed) < len(found) else []))


def _stretch(piece: str) -> Stretch:
    rest = " ".join(piece.replace("(", " ").replace(")", " ").split())
    by_appointment = False
    for words in _APPOINTMENT_WORDS:
        if rest.endswith(words) or rest.startswith(words):
            by_appointment, rest = (
                True,
                (rest.removesuffix(words) if rest.endswith(words) else rest.removeprefix(words)).strip(),
            )
            break
    if not rest and by_appointment:
        return Stretch(by_appointment=True)
    match = _STRETCH.fullmatch(rest)
    try:
        opens, closes = (
            (time(int(match[1]), int(match[2] or 0)), time(int(match[3]), int(match[4] or 0)))
            if match
            else (None, None)
        )
    except ValueError:
        opens = closes = None
    if opens is None or closes is None:
        raise ValidationError(
            _(
                "“%(text)s” is not understood as hours. Write for example 09:00-12:00, 13:00-16:30, or "
                "“%(appointment)s”; leave empty: closed."
            )
            % {"text": piece.strip(), "appointment": APPOINTMENT[current_language()]},
            code="hours",
        )
    if closes <= opens:
        raise ValidationError(
            _("“%(text)s”: it would close before it opens. Correct one of the two times.") % {"text": piece.strip()},
            code="hours",
        )
    return Stretch(opens, closes, by_appointment)


def write_day(stretches: Iterable[Stretch], language: str = "") -> str:
    """What `read_day` reads: "09:00-12:00, 13:00-16:30 by appointment"."""
    appointment = APPOINTMENT[language or current_language()]
    written = []
    for one in stretches:
        times = f"{one.opens:%H:%M}-{one.closes:%H:%M}" if one.opens and one.closes else ""
        written.append(" ".join(part for part in (times, appointment if one.by_appointment else "") if part))
    return ", ".join(written)


def by_day(hours: Iterable[OpeningHours]) -> dict[int, tuple[Stretch, ...]]:
    """ISO weekday -> stretches, in order; days that are closed are left out."""
    found: dict[int, list[Stretch]] = {}
    for row in hours:
        found.setdefault(row.weekday, []).append(Stretch(row.opens, row.closes, row.by_appointment))
    return {
        day: tuple(sorted(some, key=lambda one: (one.opens is None, one.opens or time.min)))
        for day, some in sorted(found.items())
    }


def rows_of(week: Mapping[int, Iterable[Stretch]]) -> list[OpeningHours]:
    """Rows to keep, without a place."""
    return [
        OpeningHours(weekday=day, opens=one.opens, closes=one.closes, by_appointment=one.by_appointment)
        for day in week
        for one in week[day]
    ]


# Shown to readers


def _french(moment: time) -> str:
    return f"{moment.hour}\N{NO-BREAK SPACE}h" + (f"\N{NO-BREAK SPACE}{moment.minute:02}" if moment.minute else "")


def _dutch(moment: time) -> str:
    return f"{moment.hour}.{moment.minute:02}" if moment.minute else f"{moment.hour}"


def _english(moment: time) -> str:
    return f"{moment.hour}:{moment.minute:02}"


# language: (how a time is written, what follows a stretch)
_SAID: Mapping[str, tuple[Callable[[time], str], str]] = {
    "fr": (_french, ""),
    "nl": (_dutch, "\N{NO-BREAK SPACE}uur"),
    "en": (_english, ""),
}


def said(stretches: Iterable[Stretch], language: str = "") -> str:
    """As a person reads it: "9 h – 12 h, 13 h – 16 h 30", "9 – 12.30 uur"; "closed" for none."""
    language = language or current_language()
    write, after = _SAID[language]
    appointment = APPOINTMENT[language]
    parts = []
    for one in stretches:
        times = f"{write(one.opens)}\N{NO-BREAK SPACE}– {write(one.closes)}{after}" if one.opens and one.closes else ""
        parts.append(f"{times} ({appointment})" if times and one.by_appointment else times or appointment)
    return ", ".join(parts) or _("closed")


@dataclass(frozen=True, slots=True)
class Day:
    """A line of the table of hours. is_closed: today, by a temporary closure."""

    name: str
    said: str
    is_today: bool
    is_closed: bool = False


def week_of(hours: Iterable[OpeningHours], *, today: date, closures: Iterable[Closure] = ()) -> tuple[Day, ...]:
    """Monday to Friday, and the days of the weekend that have hours or are today; nothing when no day has any."""
    week = by_day(hours)
    if not week:
        return ()
    shut = any(closure.since <= today <= closure.until for closure in closures)
    days = [day for day in Weekday if day in week or day <= Weekday.FRIDAY or day == today.isoweekday()]
    return tuple(
        Day(str(day.label), said(week.get(day, ())), day == today.isoweekday(), shut and day == today.isoweekday())
        for day in days
    )
