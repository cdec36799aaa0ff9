"""No cell of a table that leaves the admin is run by the program that opens it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from wagtail.log_actions import log

from kb.backoffice.exporting import as_text
from tests.kb.accounts.builders import editor, log_in, member


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_that_begins_like_a_formula_gets_an_apostrophe(sign):
    assert as_text(f"{sign}1") == f"'{sign}1"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("Mia;=HYPERLINK(A1);x", "Mia;'=HYPERLINK(A1);x"),
        ("Mia; -1; +2", "Mia;' -1;' +2"),
        (" =1", "' =1"),
        ('Mia;"=1"', 'Mia;\'"=1"'),
        ("Mia\n=1", "Mia\n'=1"),
        ("Mia\r\n@x", "Mia\r\n'@x"),
        ("Mia\t=1", "Mia\t'=1"),
    ],
)
def test_what_a_program_may_part_off_as_a_formula_gets_an_apostrophe(cell, text):
    assert as_text(cell) == text


@pytest.mark.parametrize(
    "cell", [-1, 1.5, None, "", "Mia = Essai", "Mia; Essai - deux", "a\r\nb", "a-b; c", ";" + " " * 60_000]
)
def test_other_cells_stay_as_they_are(cell):
    assert as_text(cell) == cell


@pytest.mark.django_db
def test_a_name_is_no_formula_in_the_file_of_a_report():
    person = member("moi@cass.example", name='=HYPERLINK("http://elsewhere.example/")')
    log(person, "wagtail.edit", user=person)
    desk = Client()
    log_in(desk, editor(is_superuser=True))
    answer = desk.get(reverse("wagtailadmin_reports:site_history"), {"export": "csv"})
    rows = b"".join(answer.streaming_content).decode()
    assert ",\"'=HYPERLINK(" in rows and ',"=HYPERLINK(' not in rows
