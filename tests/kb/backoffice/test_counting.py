"""Rows that somebody ticked, as the request names them: what is no number of a row is not there,
and never an error of ours.
"""

from __future__ import annotations

import pytest
from django.urls import reverse

from kb.backoffice.counting import number_of
from tests.kb.accounts.builders import editor, fresh_limits, log_in

__all__ = ["fresh_limits"]

pytestmark = pytest.mark.django_db

NO_NUMBERS = {"superscript": "²", "long": "9" * 20, "very long": "1" * 5_000, "word": "x", "negative": "-1"}
BULK = [
    ("library", "reference", "accept"),
    ("accounts", "user", "set_active_state"),
    ("wagtailcore", "page", "publish"),
    ("wagtailimages", "image", "delete"),
]


@pytest.fixture
def desk(client):
    log_in(client, editor(is_superuser=True, language="en"))
    return client


def test_a_number_of_a_row_is_told_from_what_is_none():
    assert [number_of(text) for text in NO_NUMBERS.values()] == [None] * len(NO_NUMBERS)
    assert number_of("17") == 17


def test_an_action_on_rows_that_cannot_be_is_not_there(desk):
    for names in BULK:
        for given in NO_NUMBERS.values():
            address = reverse("wagtail_bulk_action", args=names)
            assert desk.get(address, {"id": [given, "1"]}, follow=True).status_code == 404, (names, given[:20])
    assert desk.post(address + "?id=²", follow=True).status_code == 404
    assert desk.get(address, {"id": "all", "childOf": "²"}, follow=True).status_code == 404


def test_people_who_cannot_be_are_not_invited(desk):
    page = desk.post(reverse("people:invite"), {"people": list(NO_NUMBERS.values())})
    assert page.status_code == 200 and page.context["ids"] == []


def test_an_organisation_that_cannot_be_is_not_chosen(desk):
    for given in NO_NUMBERS.values():
        assert desk.get(reverse("service:add"), {"organisation": given}).status_code == 200
