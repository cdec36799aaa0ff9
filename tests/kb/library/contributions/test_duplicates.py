"""The list of possible duplicates: for editors alone, until a pair is settled."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kb.accounts.audiences import STAFF
from kb.library.choices import ReferenceState
from kb.library.contributions.duplicates import open_pairs, settle, waiting
from kb.library.models import Resemblance
from tests.kb.accounts import builders as people
from tests.kb.library import builders as make

pytestmark = pytest.mark.django_db
ADDRESS = "/admin/library/duplicates/"


def pair(title: str = "Dossier double", *, how: str = "file", **values) -> Resemblance:
    other = make.reference(f"{title}, autre", audiences=("body:LO",))
    return Resemblance.objects.create(reference=make.reference(title, **values), other=other, how=how)


def test_an_editor_sees_both_with_what_they_share_and_settles_them_by_a_post(client):
    made = pair()
    people.log_in(client, people.editor())
    shown = client.get(ADDRESS)
    assert shown.status_code == 200
    assert "Dossier double, autre" in shown.content.decode()
    assert client.get(f"{ADDRESS}{made.pk}/settled/").status_code == 405
    assert client.post(f"{ADDRESS}{made.pk}/settled/", follow=True).redirect_chain[-1][0] == ADDRESS
    made.refresh_from_db()
    assert made.settled_at is not None
    assert "Dossier double" not in client.get(ADDRESS).content.decode()


def test_a_pair_is_settled_once():
    made = pair()
    assert (settle(made.pk), settle(made.pk), settle(0)) == (True, False, False)


@pytest.mark.parametrize("reader", ["anyone", "member", "other", "consultant"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_else_sees_or_settles_anything(readers, reader, method):
    made = pair()
    address = ADDRESS if method == "get" else f"{ADDRESS}{made.pk}/settled/"
    answer = getattr(readers.named(reader), method)(address)
    assert answer.status_code in (302, 403)
    assert "Dossier" not in answer.content.decode()
    made.refresh_from_db()
    assert made.settled_at is None


def test_an_editor_without_second_factor_is_led_to_it_and_sees_nothing(client):
    pair()
    client.force_login(people.editor(), backend="allauth.account.auth_backends.AuthenticationBackend")
    answer = client.get(ADDRESS)
    assert answer.status_code in (302, 403)
    assert "Dossier" not in answer.content.decode()


def test_what_waits_is_counted_for_editors_and_named_after_the_second_factor_only():
    pair()
    editor = people.editor()
    assert (waiting(editor, frozenset()).total, waiting(editor, frozenset()).things) == (1, ())
    named = waiting(editor, frozenset({STAFF}))
    assert (named.total, named.things[0].title, named.url) == (1, "Dossier double", ADDRESS)
    assert waiting(make.member(), frozenset({"members"})).total == 0


@pytest.mark.parametrize("state", [ReferenceState.DRAFT, ReferenceState.REFUSED, ReferenceState.WITHDRAWN])
def test_a_pair_of_which_one_is_at_rest_waits_for_nobody(state):
    pair(state=state, created_by=make.member())
    assert not open_pairs().exists()


def test_the_list_costs_as_much_for_five_pairs_as_for_two(client):
    people.log_in(client, people.editor())
    counts = []
    for number in range(5):
        pair(f"Dossier {number}")
        if number in (1, 4):
            client.get(ADDRESS)
            with CaptureQueriesContext(connection) as queries:
                client.get(ADDRESS)
            counts.append(len(queries))
    assert counts[0] == counts[1]
