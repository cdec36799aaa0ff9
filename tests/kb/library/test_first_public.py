"""The moment from which everyone could see a reference: written once, on every way to being public."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from kb.library.choices import ReferenceState
from kb.library.models import Reference
from tests.kb.library import builders as make

pytestmark = pytest.mark.django_db

LONG_AGO = timezone.now() - timedelta(days=400)


def moment(reference: Reference):
    return Reference.objects.values_list("first_public_at", flat=True).get(pk=reference.pk)


def by_saving(reference):
    reference.state, reference.audiences = ReferenceState.ACCEPTED, ["public"]
    reference.save()


def by_saving_two_fields(reference):
    reference.state, reference.audiences = ReferenceState.ACCEPTED, ["public"]
    reference.save(update_fields=["state", "audiences"])


def by_updating(reference):
    Reference.objects.filter(pk=reference.pk).update(state=ReferenceState.ACCEPTED, audiences=["public"])


def by_updating_what_the_filter_loses(reference):
    Reference.objects.filter(pk=reference.pk).update(audiences=["public"])
    Reference.objects.filter(state=ReferenceState.DRAFT).update(state=ReferenceState.ACCEPTED)


def by_bulk_update(reference):
    reference.state, reference.audiences = ReferenceState.ACCEPTED, ["public"]
    Reference.objects.bulk_update([reference], ["state", "audiences"])


WAYS = [by_saving, by_saving_two_fields, by_updating, by_updating_what_the_filter_loses, by_bulk_update]


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_being_public_is_dated(way):
    draft = make.reference(state=ReferenceState.DRAFT)
    before = timezone.now()
    assert moment(draft) is None

    way(draft)

    assert before <= moment(draft) <= timezone.now()


@pytest.mark.parametrize("way", WAYS)
def test_the_first_moment_is_never_changed(way):
    reference = make.reference()
    Reference.objects.filter(pk=reference.pk).update(first_public_at=LONG_AGO)
    Reference.objects.filter(pk=reference.pk).update(state=ReferenceState.DRAFT, audiences=["members"])

    way(Reference.objects.get(pk=reference.pk))

    assert moment(reference) == LONG_AGO


def test_made_public_at_once_is_dated_one_by_one_and_many_at_once():
    draft = make.reference(state=ReferenceState.DRAFT)
    Reference.objects.bulk_create(
        [
            Reference(
                body=make.body(), title="Plusieurs", state=ReferenceState.ACCEPTED, audiences=["public"], mark_year=2012
            )
            for _number in range(2)
        ]
    )

    assert moment(make.reference()) is not None
    assert Reference.objects.filter(title="Plusieurs", first_public_at__isnull=False).count() == 2
    assert moment(draft) is None


def test_what_members_alone_see_is_not_dated():
    members = make.reference(audiences=("members",))
    members.save()
    Reference.objects.filter(pk=members.pk).update(state=ReferenceState.ACCEPTED)

    assert moment(members) is None


def test_an_old_copy_of_the_row_does_not_take_the_moment_away():
    """Another process made it public meanwhile."""
    draft = make.reference(state=ReferenceState.DRAFT)
    stale = Reference.objects.get(pk=draft.pk)
    by_saving(draft)

    stale.title = "Un autre titre"
    stale.save()

    assert moment(draft) is not None


def test_the_moment_costs_no_query_of_a_save():
    """What becomes public costs what is accepted for a group."""
    queries = []
    for audiences in (("body:PA",), ("public",)):
        reference = make.reference(state=ReferenceState.DRAFT, audiences=audiences)
        reference.state = ReferenceState.ACCEPTED
        with CaptureQueriesContext(connection) as accepted:
            reference.save()
        queries.append(len(accepted))

    assert queries[0] == queries[1]


def test_what_was_public_before_the_moment_was_kept_counts_since_it_was_accepted():
    public, members, draft = (
        make.reference(),
        make.reference(audiences=("members",)),
        make.reference(state=ReferenceState.DRAFT),
    )
    Reference.objects.update(first_public_at=None, accepted_at=LONG_AGO)
    migration = import_module("kb.library.migrations.0007_when_references_became_public")

    migration.note(apps, SimpleNamespace(connection=connection))

    assert [moment(one) for one in (public, members, draft)] == [LONG_AGO, None, None]
