"""What was public before there were agreements: marked, bound to what it is, and every change asks from then on."""

from __future__ import annotations

from datetime import date
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection, models

from kb.decisions.choices import ManifestState, Manner, Origin
from kb.decisions.models import Decision, DecisionCounter, Manifest
from kb.groups.choices import BodyKind
from kb.groups.models import Body
from kb.library.catalogue.agreeing import shown
from kb.library.catalogue.binding import bind_what_was_there
from kb.library.models import Reference
from kb.pages.agreements import NotAgreed, digest_of
from search.models import Outbox
from tests.kb.library import builders as make

pytestmark = pytest.mark.django_db
migration = import_module("kb.library.migrations.0027_what_was_agreed_before")


class Before:
    """The models as the migration finds them: a reference knows the day of its agreement."""

    def __init__(self, days: dict[int, date]) -> None:
        self.days = days

    def get_model(self, app: str, name: str):
        if (app, name) != ("library", "Reference"):
            return apps.get_model(app, name)
        days = self.days

        class Rows:
            @property
            def objects(self):
                return self

            def order_by(self, *names):
                found = list(models.QuerySet(Reference).filter(own_production__isnull=False).order_by("pk"))
                for one in found:
                    one.publication_agreed_on = days.get(one.pk)
                return sorted(found, key=lambda one: str(one.publication_agreed_on or ""))

            def filter(self, **values):
                return models.QuerySet(Reference).filter(**values) if "pk" in values else self

        return Rows()


def old(title: str, audiences=("public",), **values) -> Reference:
    """Own work as the version before kept it."""
    made = make.reference(title, audiences=("body:PA",), own_production=make.body("PA"), **values)
    make.file(made, "Mots", audiences=("public",))
    models.QuerySet(Reference).filter(pk=made.pk).update(audiences=list(audiences))
    return Reference.objects.get(pk=made.pk)


def migrated(**days: date) -> None:
    pks = {title: pk for pk, title in Reference.objects.values_list("pk", "title")}
    migration.write_down(Before({pks[title]: day for title, day in days.items()}), None)


def bound(reference: Reference) -> Reference:
    bind_what_was_there()
    return Reference.objects.get(pk=reference.pk)


def test_what_is_public_without_a_day_is_marked_and_bound_to_what_it_is(django_assert_num_queries):
    reference, closed = old("Rapport"), old("Dossier", audiences=("members",))
    migrated()
    assert Reference.objects.public().get() == reference, "public before it is bound too"
    reference = bound(reference)
    manifest = Manifest.objects.get()
    assert (manifest.origin, manifest.state) == (Origin.BEFORE_THE_GATE, ManifestState.AGREED)
    assert manifest.digest == digest_of(shown(reference.pk)) and reference.agreement_id == manifest.pk
    assert [row.subject.partition(":")[0] for row in manifest.rows.all()] == ["library.reference", "library.file"]
    assert manifest.parts == [f"file:{reference.files.get().pk}", "notice"]
    with pytest.raises(NotAgreed):
        Reference.objects.filter(pk=reference.pk).update(title="Autre")
    assert not Decision.objects.exists() and Reference.objects.get(pk=closed.pk).agreement_id is None
    with django_assert_num_queries(1):
        connection.introspection.table_names = lambda *_: [Manifest._meta.db_table]
        try:
            bind_what_was_there()
        finally:
            del connection.introspection.table_names


def test_a_reported_day_becomes_a_numbered_decision_of_the_committee():
    committee = Body.objects.create(code="CP", kind=BodyKind.STEERING_COMMITTEE, name={"fr": "Comité de pilotage"})
    DecisionCounter.objects.passed(committee, 2012, 3)
    second, first = old("Second"), old("Premier", audiences=("members",))
    migrated(Second=date(2012, 12, 18), Premier=date(2012, 3, 1))
    second = bound(second)
    assert [one.code for one in Decision.objects.order_by("number")] == ["CP-2012-004", "CP-2012-005"]
    decision = Decision.objects.get(number=5)
    assert (decision.manner, decision.held_on, decision.is_public) == (Manner.REPORTED, date(2012, 12, 18), True)
    assert decision.question["fr"] == "Publier « Second » ?" and "CP-2012-005" in decision.words["nl"]
    assert second.agreement_id == decision.manifest_id and decision.is_in_force
    assert decision.manifest.digest == digest_of(shown(second.pk))
    assert Outbox.objects.filter(subject=decision.search_subject()).exists()
    closed = Decision.objects.get(number=4)
    assert not closed.is_public and Reference.objects.get(pk=first.pk).agreement_id is None
    row = Reference.objects.get(pk=first.pk)
    row.audiences = ["public"]
    row.save()
    assert Reference.objects.get(pk=first.pk).agreement_id == closed.manifest_id, "its return as it was asks nobody"


def test_a_day_without_a_committee_is_a_mark_as_well_and_what_is_no_longer_there_opens_nothing():
    reference, gone = old("Rapport"), old("Retiré", state="withdrawn")
    migrated(Rapport=date(2012, 12, 18), Retiré=date(2012, 12, 18))
    bound(reference)
    assert set(Manifest.objects.values_list("origin", flat=True)) == {Origin.BEFORE_THE_GATE}
    assert Reference.objects.public().get() == reference
    assert Manifest.objects.get(subject=gone.search_subject()).state == ManifestState.OVER
