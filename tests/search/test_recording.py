"""One machinery by which rows tell the search of every change, tried with the models that use it."""

from __future__ import annotations

import pytest
from django.db.models import F

from kb.accounts.audiences import STAFF
from kb.directory.models import Service
from kb.library.models import Creator, Holding, ReferenceFile
from search.models import Outbox
from search.recording import closes
from tests.kb.directory import builders as directory
from tests.kb.library import builders as library

GROUP = ["body:PA"]


def recorded() -> list[str]:
    """Every subject that was recorded since the last look, sorted, each once."""
    subjects = sorted(set(Outbox.objects.values_list("subject", flat=True)))
    Outbox.objects.all().delete()
    return subjects


@pytest.fixture
def moving(db):
    """{what moves: (its model, its id, what it leaves, what it joins, the field)}."""
    one, other = library.reference("Étude"), library.reference("Enquête")
    file = library.file(one, "Le logement")
    creator = Creator.objects.create(reference=one, name="Dupont, Anne")
    copy = Holding.objects.create(reference=one, place="Armoire 12")
    union, centre = directory.organisation("Union"), directory.organisation("Centre")
    service = Service.objects.create(organisation=union, code="accueil", name="Accueil")
    recorded()
    return {
        "a file": (ReferenceFile, file.pk, one, other, "reference"),
        "a name": (Creator, creator.pk, one, other, "reference"),
        "a copy on paper": (Holding, copy.pk, one, other, "reference"),
        "a service": (Service, service.pk, union, centre, "organisation"),
    }


@pytest.mark.parametrize("what", ["a file", "a name", "a copy on paper", "a service"])
@pytest.mark.parametrize("way", ["saved", "updated", "updated by id", "updated in bulk"])
def test_what_moves_tells_both_those_it_leaves_and_those_it_joins(moving, what, way):
    model, pk, left, joined, field = moving[what]
    row = model.objects.get(pk=pk)
    setattr(row, field, joined)
    match way:
        case "saved":
            row.save()
        case "updated":
            model.objects.filter(pk=pk).update(**{field: joined})
        case "updated by id":
            model.objects.filter(pk=pk).update(**{f"{field}_id": joined.pk})
        case "updated in bulk":
            model.objects.bulk_update([row], [field])
    assert recorded() == sorted([left.search_subject(), joined.search_subject()])


def test_what_an_update_computes_is_no_name_of_a_subject(moving):
    model, pk, left, _joined, _field = moving["a service"]
    model.objects.filter(pk=pk).update(organisation_id=F("organisation_id"))
    assert recorded() == [left.search_subject()]


def test_rows_that_only_give_words_close_nothing(moving):
    model, pk, left, _joined, _field = moving["a name"]
    model.objects.get(pk=pk).delete()
    assert not Outbox.objects.closing().exists()
    assert recorded() == [left.search_subject()]


@pytest.mark.parametrize(
    ("before", "after", "closing"),
    [
        ({"": {"public"}}, {"": {"public"}, "1.1": {"members"}}, False),
        ({"": {"members"}}, {"": {"public"}}, False),
        ({"": {"person:3", "referent:PA"}}, {"": {"public"}}, False),
        ({"": {STAFF}}, {"": {"members"}}, False),
        ({}, {"": {"public"}}, False),
        ({"": {"public"}}, {"": {"members", "body:PA"}}, True),
        ({"": {"body:PA"}}, {"": {"members"}}, True),  # its consultants are no members
        ({"": {"public"}, "1.1": {"members"}}, {"": {"public"}}, True),
        ({"": {STAFF}}, {}, True),
    ],
)
def test_a_change_closes_when_somebody_loses_a_part(before, after, closing):
    assert closes(before, after) == closing
