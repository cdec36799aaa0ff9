"""Who reads an older version of a page that comes back: readers it had, and that the page has now."""

from __future__ import annotations

from itertools import combinations, product

import pytest

from kb.accounts.audiences import STAFF, is_within
from kb.pages.models import _kept
from tests.home import builders as pages

AUDIENCES = ("public", "members", "body:LOG", "body:CP", "person:3")
SETS = [list(some) for size in (1, 2) for some in combinations(AUDIENCES, size)]


def test_what_comes_back_is_for_nobody_more_than_before_and_nobody_more_than_now():
    for older, now in product(SETS, SETS):
        kept = _kept("audiences", older, now)
        assert kept, (older, now)
        assert all(is_within(one, older) and is_within(one, now) for one in kept if one != STAFF), (older, now, kept)
    assert _kept("audiences", ["public"], ["members"]) == ["members"]
    assert _kept("audiences", ["members"], ["public"]) == ["members"]
    assert _kept("audiences", ["body:LOG"], ["members"]) == [STAFF]


@pytest.mark.django_db
def test_words_for_one_group_do_not_come_back_for_another():
    page = pages.page("Note", slug="note", audiences=["body:LOG"])
    older = page.save_revision()
    older.publish()
    page.refresh_from_db()
    page.audiences = ["body:CP"]
    page.save_revision().publish()
    older.publish()
    page.refresh_from_db()
    assert (page.live, page.audiences) == (True, [STAFF])
