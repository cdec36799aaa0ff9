"""Hours as people write them, in forms and sheets, and as readers see them."""

from __future__ import annotations

from datetime import date, time

import pytest
from django.core.exceptions import ValidationError
from django.utils.translation import override

from kb.directory.hours import Stretch, by_day, read_day, rows_of, said, week_of, write_day
from kb.directory.models import Closure

MORNING, AFTERNOON = Stretch(time(9), time(12)), Stretch(time(13), time(16, 30))
THURSDAY = date(2026, 11, 19)


@pytest.mark.parametrize(
    ("text", "stretches"),
    [
        ("09:00-12:00, 13:00-16:30", (MORNING, AFTERNOON)),
        ("13h-16h30 ; 9h-12h", (MORNING, AFTERNOON)),
        ("9 h – 12 h", (MORNING,)),
        ("9.00 – 12.00 uur", (MORNING,)),
        ("9u - 12u", (MORNING,)),
        ("9 à 12", (MORNING,)),
        ("", ()),
        ("fermé", ()),
        ("gesloten", ()),
        ("closed", ()),
        ("sur rendez-vous", (Stretch(by_appointment=True),)),
        ("Op afspraak", (Stretch(by_appointment=True),)),
        ("9:00-12:00, by appointment", (MORNING, Stretch(by_appointment=True))),
        ("9:00-12:00 (sur rendez-vous)", (Stretch(time(9), time(12), True),)),
    ],
)
def test_hours_are_read_as_people_write_them(text, stretches):
    assert read_day(text) == stretches


@pytest.mark.parametrize(
    "text",
    ["le matin", "9-", "25:00-26:00", "09:00-12:75", "12:00-09:00", "09:00-09:00", "09:00-12:00, 11:00-13:00", "9"],
)
def test_what_is_not_understood_is_refused_with_a_sentence_that_quotes_it(text):
    with override("en"), pytest.raises(ValidationError) as refused:
        read_day(text)
    assert text.split(",")[0] in refused.value.messages[0]
    assert refused.value.messages[0].endswith(".")


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
@pytest.mark.parametrize("text", ["09:00-12:00, 13:00-16:30", "sur rendez-vous", "", "08:30-09:15 rdv, rdv"])
def test_what_is_written_is_read_again_as_it_was(language, text):
    assert read_day(write_day(read_day(text), language)) == read_day(text)


@pytest.mark.parametrize(
    ("language", "shown"),
    [("fr", "9 h – 12 h, 13 h – 16 h 30"), ("nl", "9 – 12 uur, 13 – 16.30 uur"), ("en", "9:00 – 12:00, 13:00 – 16:30")],
)
def test_hours_are_shown_as_each_language_writes_them(language, shown):
    with override(language):
        assert said((MORNING, AFTERNOON)).replace("\N{NO-BREAK SPACE}", " ") == shown


def test_rows_of_a_week_are_the_week():
    week = {1: (MORNING, AFTERNOON), 5: (Stretch(by_appointment=True),)}
    assert by_day(rows_of(week)) == week


def test_a_week_names_each_working_day_and_says_which_is_today():
    with override("en"):
        week = week_of(rows_of({1: (MORNING,), 6: (MORNING,)}), today=THURSDAY)
    assert [day.name for day in week] == ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    assert [day.name for day in week if day.is_today] == ["Thursday"]
    assert week[3].said == "closed" and week[5].said.startswith("9:00")


def test_a_day_of_the_weekend_without_hours_is_named_only_today():
    hours = rows_of({1: (MORNING,)})
    assert [len(week_of(hours, today=date(2026, 11, day))) for day in (20, 21, 22, 23)] == [5, 6, 6, 5]


def test_a_place_without_hours_has_no_week():
    assert week_of([], today=THURSDAY) == ()


@pytest.mark.parametrize(("since", "until", "closed"), [(19, 19, True), (1, 30, True), (20, 30, False), (1, 18, False)])
def test_today_is_closed_while_a_closure_runs_first_and_last_day_included(since, until, closed):
    closure = Closure(since=date(2026, 11, since), until=date(2026, 11, until))
    week = week_of(rows_of({4: (MORNING,)}), today=THURSDAY, closures=[closure])
    assert [day.is_closed for day in week] == [False, False, False, closed, False]
