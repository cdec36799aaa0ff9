"""What people type in cells."""

from __future__ import annotations

from datetime import date, time

import pytest

from kb.directory.choices import OrganisationKind
from kb.sheets.cells import NotUnderstood, choice_of, day_of, listed, time_of, yes_or_no


@pytest.mark.parametrize("text", ["2026-12-31", "31/12/2026", "31-12-2026", "31.12.2026"])
def test_days_are_understood_as_people_type_them(text):
    assert day_of(text) == date(2026, 12, 31)


@pytest.mark.parametrize("text", ["12/31/2026", "31/12/26", "demain", "31 décembre"])
def test_what_is_no_day_is_said(text):
    with pytest.raises(NotUnderstood, match=text):
        day_of(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("9:30", time(9, 30)), ("09.30", time(9, 30)), ("9h", time(9)), ("9u30", time(9, 30)), ("", None)],
)
def test_times_are_understood_as_people_type_them(text, expected):
    assert time_of(text) == expected


@pytest.mark.parametrize("text", ["25:00", "midi", "9:75"])
def test_what_is_no_time_is_said(text):
    with pytest.raises(NotUnderstood):
        time_of(text)


def test_yes_and_no_in_three_languages():
    assert all(yes_or_no(text) for text in ("oui", "Ja", "YES", "x", "1", "vrai"))
    assert not any(yes_or_no(text) for text in ("non", "nee", "no", "", "0"))
    with pytest.raises(NotUnderstood):
        yes_or_no("peut-être")


@pytest.mark.parametrize("text", ["association", "Association", "ASSOCIATION", "asbl"])
def test_a_choice_is_understood_from_its_value_its_label_or_a_word_of_the_trade(text):
    assert choice_of(text, OrganisationKind, also={"asbl": "association"}) == OrganisationKind.ASSOCIATION


def test_an_unknown_choice_names_those_there_are():
    with pytest.raises(NotUnderstood, match="pirates"):
        choice_of("pirates", OrganisationKind)


def test_cells_with_several_things_are_divided():
    assert listed("a@b.example ; c@d.example,\n e@f.example") == ["a@b.example", "c@d.example", "e@f.example"]
