"""What the newsletter keeps about people: exported to its owner, erased with the account,
gone when its time is over.
"""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone

from kb.accounts.addresses import prove
from kb.accounts.models import User
from kb.accounts.personal_data import erasing, registry
from kb.newsletter.models import Consent, Delivery, ErasedAddress, Issue, Sending, Subscriber
from kb.newsletter.personal import thin_deliveries, thin_subscriptions
from kb.newsletter.subscribers import erased, subscribing
from kb.sheets.models import SheetImport, SheetLine
from tests.kb.accounts import builders as people
from tests.kb.accounts.full_person import found_in_database
from tests.kb.newsletter.builders import issue, subscriber

pytestmark = pytest.mark.django_db

ADDRESS = "membre@cass.example"


@pytest.fixture
def user():
    made = people.member(ADDRESS)
    prove(made, ADDRESS)
    return made


def rows(user: User, kind: str) -> list[dict]:
    data = json.loads("".join(registry.exported(user)))
    return next(one["rows"] for one in data["data"] if one["kind"] == kind)


def sending() -> Sending:
    made = issue(7, live=True)
    return Sending.objects.create(
        issue=made, revision=made.live_revision, starts_at=timezone.now(), finished_at=timezone.now(), state="done"
    )


def delivery(row: Subscriber, **values) -> Delivery:
    begun = Sending.objects.first() or sending()
    return Delivery.objects.create(
        sending=begun, subscriber=row, language="fr", next_attempt_at=timezone.now(), **values
    )


def test_a_person_is_handed_their_subscriptions_and_nobody_else_s(user):
    delivery(subscriber(ADDRESS), state="sent")
    delivery(subscriber("autre@cass.example"), state="sent")
    found = rows(user, "newsletter.subscriptions")
    assert [row["email"] for row in found] == [ADDRESS]
    assert found[0]["consents"][0]["wording"] == "Je m’abonne à L’Échos-CASS."
    assert [row["sending__issue__number"] for row in rows(user, "newsletter.deliveries")] == [7]
    assert subscriber("x@cass.example").key not in "".join(registry.exported(user))


def test_the_keys_of_links_are_not_handed_over(user):
    row = subscriber(ADDRESS, confirm_hash="d" * 64)
    text = "".join(registry.exported(user))
    assert row.key not in text and "d" * 64 not in text


def test_an_address_that_is_not_proven_hands_nothing_over_and_ends_nothing(user):
    EmailAddress.objects.create(user=user, email="victime@cass.example", verified=False)
    subscriber("victime@cass.example")
    assert rows(user, "newsletter.subscriptions") == []
    erasing.erase(user, by=user)
    assert Subscriber.objects.get().email == "victime@cass.example"


def test_an_erased_person_is_no_subscriber_and_is_still_counted(user):
    delivery(subscriber(ADDRESS), state="sent")
    erasing.erase(user, by=user)
    assert not Subscriber.objects.exists()
    assert list(Delivery.objects.values_list("state", "subscriber")) == [("sent", None)]
    assert erased.was_erased(ADDRESS)
    assert found_in_database((ADDRESS,)) == {}


def test_erasing_an_address_leaves_it_in_no_column_of_any_table():
    """A subscriber without an account, in every place where an address comes."""
    address = "lectrice@essai.example"
    row = subscriber(address, refused_words=f"550 <{address}>")
    row.consents.update(proof=f"carte de {address}")
    delivery(row, error=f"450 <{address}>")
    brought = SheetImport.objects.create(kind="subscribers", original_name="liste.xlsx", state="done")
    SheetLine.objects.create(
        sheet_import=brought,
        sheet="subscribers",
        number=2,
        verdict="new",
        values={"email": address},
        message=f"{address} est neuf",
    )
    subscribing.ask(address, "fr", wording="x")
    subscribing.ask_new_address(row, "neuve@essai.example")
    row.refresh_from_db()
    assert found_in_database((address, "neuve@essai.example"))
    subscribing.erase(row)
    assert found_in_database((address, "neuve@essai.example")) == {}


def test_an_editor_who_is_erased_leaves_the_number_and_no_lock(user):
    row = subscriber("autre@cass.example")
    row.consents.update(recorded_by=user, proof="x")
    Issue.objects.filter(pk=sending().issue_id).update(locked=True, locked_by=user)
    assert rows(user, "newsletter.handled")[0]["what"] == "consent written down"
    erasing.erase(user, by=user)
    assert Consent.objects.get().recorded_by_id == user.pk
    assert not Issue.objects.get().locked


def test_an_issue_that_names_an_erased_person_is_named_to_the_editor():
    user = people.member(ADDRESS, name="Médiatrice Essai")
    issue(9, title="Numéro neuf", lead="Merci à Médiatrice Essai.")
    assert erasing.erase(user, by=None).still_named == (str(Issue.objects.get()),)


# The clock

AGES = {
    # state, age in days, link still open: what becomes of it
    "pending, just asked": ("pending", 13, False, "stays"),
    "pending, never confirmed": ("pending", 15, False, "gone"),
    "pending, asked again": ("pending", 15, True, "stays"),
    "active for ten years": ("active", 3650, False, "stays"),
    "left": ("unsubscribed", 364, False, "stays"),
    "left a year ago": ("unsubscribed", 366, False, "erased"),
    "left, asking again": ("unsubscribed", 366, True, "stays"),
    "refusing": ("not_now", 364, False, "stays"),
    "refusing for a year": ("not_now", 366, False, "gone"),
}


@pytest.mark.parametrize("case", AGES)
def test_what_is_kept_has_an_end(case):
    state, days, is_open, expected = AGES[case]
    row = subscriber(ADDRESS, state=state)
    then = timezone.now() - timedelta(days=days)
    Subscriber.objects.filter(pk=row.pk).update(created_at=then, state_at=then)
    if is_open:
        Subscriber.objects.update(confirm_hash="x", confirm_expires_at=timezone.now() + timedelta(days=1))
    thin_subscriptions()
    thin_subscriptions()
    found = "stays" if Subscriber.objects.exists() else "erased" if erased.was_erased(ADDRESS) else "gone"
    assert found == expected


def test_a_new_address_that_nobody_confirmed_is_forgotten_with_its_link():
    subscriber(
        ADDRESS,
        new_email="inconnue@cass.example",
        confirm_hash="x" * 64,
        confirm_expires_at=timezone.now() - timedelta(hours=1),
    )
    thin_subscriptions()
    row = Subscriber.objects.get()
    assert (row.new_email, row.confirm_hash, row.confirm_expires_at) == ("", "", None)


def test_who_received_an_issue_is_forgotten_after_a_year_and_counted_for_ever():
    delivery(subscriber(ADDRESS), state="sent", error="x")
    assert thin_deliveries() is None
    Sending.objects.update(finished_at=timezone.now() - timedelta(days=366))
    assert "1 deliveries" in thin_deliveries()
    assert list(Delivery.objects.values_list("state", "subscriber", "error")) == [("sent", None, "")]


def test_who_was_erased_is_erased_again_after_a_backup_was_put_back(
    settings, tmp_path, django_capture_on_commit_callbacks
):
    settings.VAR_DIR = tmp_path
    row, values = subscriber(ADDRESS), Subscriber.objects.values().get()
    with django_capture_on_commit_callbacks(execute=True):
        subscribing.erase(row)
    assert "@" not in erased.list_of_erased().read_text()
    ErasedAddress.objects.all().delete()
    Subscriber.objects.create(**values)
    Subscriber.objects.update(created_at=values["created_at"])
    thin_subscriptions()
    assert not Subscriber.objects.exists() and erased.was_erased(ADDRESS)


def test_who_subscribed_again_after_being_erased_stays(settings, tmp_path, django_capture_on_commit_callbacks):
    settings.VAR_DIR = tmp_path
    with django_capture_on_commit_callbacks(execute=True):
        subscribing.erase(subscriber(ADDRESS))
    erased.forget(ADDRESS)
    subscriber(ADDRESS)
    thin_subscriptions()
    assert Subscriber.objects.exists() and not erased.was_erased(ADDRESS)
