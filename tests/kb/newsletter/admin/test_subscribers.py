"""Subscribers in the admin: editors read, unsubscribe and erase on request; nobody else gets near;
nobody is added or changed.
"""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse
from wagtail.models import ModelLogEntry

from kb.backoffice.counting import CEILING
from kb.newsletter.admin.subscribers import counts
from kb.newsletter.choices import ConsentEvent, ConsentSource
from kb.newsletter.models import Subscriber
from kb.newsletter.subscribers import erased
from tests.kb.accounts import builders as people
from tests.kb.accounts.builders import fresh_limits
from tests.kb.groups import builders as groups
from tests.kb.newsletter.builders import subscriber

__all__ = ["fresh_limits"]

pytestmark = pytest.mark.django_db

LIST = "/admin/subscribers/"


@pytest.fixture
def editor(client):
    user = people.editor(language="en")
    people.log_in(client, user)
    return user


def page(client, address: str = LIST) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def of(row: Subscriber) -> str:
    return reverse("subscribers:edit", args=[row.pk])


def test_an_editor_reads_searches_and_filters(client, editor):
    subscriber("abricot@asbl.example", language="nl")
    subscriber("dahlia@cpas.example", state="unsubscribed")
    assert all(word in page(client) for word in ("abricot@asbl.example", "dahlia@cpas.example"))
    for query, found, not_found in (
        ("q=ABRICOT", "abricot", "dahlia"),
        ("state=unsubscribed", "dahlia", "abricot"),
        ("language=nl", "abricot", "dahlia"),
    ):
        rows = page(client, f"{LIST}?{query}")
        assert f"{found}@" in rows and f"{not_found}@" not in rows, query


def test_the_menu_leads_there(client, editor):
    assert LIST in page(client, "/admin/")


def test_counts_by_state_and_language_are_one_query(django_assert_num_queries):
    subscriber(language="nl")
    subscriber(language="nl")
    subscriber(language="fr", state="not_now")
    with django_assert_num_queries(1):
        found = counts()
    assert [(each, all_) for _state, each, all_ in found] == [
        ([0, 0, 0], 0),
        ([0, 2, 0], 2),
        ([1, 0, 0], 1),
        ([0, 0, 0], 0),
    ]


def test_the_list_takes_as_many_queries_for_many_as_for_few(client, editor):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page(client)
        return len(captured)

    subscriber()
    queries()
    few = queries()
    Subscriber.objects.bulk_create(
        Subscriber(email=f"a{number}@b.example", email_key=f"a{number}@b.example", state="active")
        for number in range(60)
    )
    assert queries() == few


def test_counting_the_list_stops_at_the_ceiling(client, editor):
    Subscriber.objects.bulk_create(
        Subscriber(email=f"a{number}@b.example", email_key=f"a{number}@b.example") for number in range(3)
    )
    with CaptureQueriesContext(connection) as captured:
        page(client)
    counting = [
        query["sql"] for query in captured if "COUNT(*)" in query["sql"] and "newsletter_subscriber" in query["sql"]
    ]
    assert counting and all(f"LIMIT {CEILING + 1}" in sql for sql in counting)


def test_one_subscriber_is_shown_with_what_was_agreed_to(client, editor):
    row = subscriber("abricot@asbl.example", refusals=1, refused_words="550 <script>alert(1)</script>")
    row.consents.update(proof="carte signée", recorded_by=editor)
    shown = page(client, of(row))
    assert all(word in shown for word in ("abricot@asbl.example", "carte signée", "Je m’abonne à L’Échos-CASS."))
    assert "<script>alert(1)" not in shown
    assert row.key not in shown


def test_unsubscribing_on_request_is_written_down(client, editor):
    row = subscriber()
    client.post(of(row), {"action": "unsubscribe"})
    row.refresh_from_db()
    last = row.consents.last()
    assert (row.state, last.event, last.source, last.recorded_by) == (
        "unsubscribed",
        ConsentEvent.WITHDRAWN,
        ConsentSource.REQUEST,
        editor,
    )


def test_erasing_on_request_asks_first_and_leaves_no_name_in_the_log(client, editor):
    row = subscriber("abricot@asbl.example")
    assert client.post(of(row), {"action": "erase"}).status_code == 200
    assert Subscriber.objects.exists()
    assert client.post(of(row), {"action": "erase", "sure": "on"})["Location"] == LIST
    assert not Subscriber.objects.exists() and erased.was_erased("abricot@asbl.example")
    assert not any("abricot" in entry.label for entry in ModelLogEntry.objects.all())


def test_nobody_is_added_changed_or_deleted_here(client, editor):
    row = subscriber("abricot@asbl.example", language="fr", state="unsubscribed")
    for name in ("add", "delete", "history", "usage", "copy"):
        with pytest.raises(NoReverseMatch):
            reverse(f"subscribers:{name}", args=[] if name == "add" else [row.pk])
    before = Subscriber.objects.values().get()
    client.post(of(row), {"email": "autre@asbl.example", "language": "nl", "state": "active", "action": ""})
    assert Subscriber.objects.values().get() == before


@pytest.mark.parametrize("reader", ["anyone", "member", "consultant", "half"])
def test_nobody_but_editors_sees_or_changes_a_subscriber(reader):
    row = subscriber("abricot@asbl.example")
    client = Client()
    if reader != "anyone":
        user = people.editor(second_factor=False) if reader == "half" else people.member()
        if reader != "half":
            groups.mandate(user, groups.body("PA"), role="consultant" if reader == "consultant" else "member")
        people.open_session_without_second_factor(client, user)
    for address in (LIST, f"{LIST}results/", f"{LIST}?q=abricot", of(row)):
        answer = client.get(address)
        assert answer.status_code in (302, 403, 404) and "abricot@" not in answer.content.decode(), address
    for action in ("unsubscribe", "erase"):
        client.post(of(row), {"action": action, "sure": "on"})
    row.refresh_from_db()
    assert row.state == "active"
