"""Pages that name one of our bodies, from before there were agreements: ours, and what was public stays so."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.db import models

from home.articles.agreeing import shown
from home.articles.binding import bind_what_was_there
from home.articles.guarding import compare
from home.models import ContentPage
from kb.decisions.choices import ManifestState, Origin
from kb.decisions.models import Manifest
from kb.pages.agreements import NotAgreed, digest_of
from tests.home.articles.builders import article, drafted, fresh, public, translated
from tests.home.builders import page
from tests.kb.library import builders as library

pytestmark = pytest.mark.django_db
migration = import_module("home.migrations.0006_articles_public_before")


def old(*, live: bool = True) -> ContentPage:
    """As the version before kept it: an author is named, nobody whose work it is."""
    one = article(own_production=None)
    one.bodies.add(library.body("PA"))
    rows = models.QuerySet(ContentPage).filter(pk=one.pk)
    for name, value in {"live": live}.items():
        rows.update(**{name: value})
    models.QuerySet(ContentPage.bodies.through).get_or_create(contentpage_id=one.pk, body_id=library.body("PA").pk)
    return fresh(one)


class Rows:
    """The models as a migration finds them, which check and record nothing."""

    @staticmethod
    def get_model(app: str, name: str):
        model = apps.get_model(app, name)

        class Historical:
            objects = models.QuerySet(model)

        return Historical


def migrated() -> None:
    migration.mark(Rows, None)
    bind_what_was_there()


def test_what_was_public_stays_so_bound_to_what_it_is_and_a_change_asks():
    one = old()
    migrated()
    manifest = Manifest.objects.get()
    assert (manifest.origin, manifest.state) == (Origin.BEFORE_THE_GATE, ManifestState.AGREED)
    assert manifest.digest == digest_of(shown(one.pk)) and fresh(one).agreement_id == manifest.pk
    assert fresh(one).own_production == library.body("PA") and public() == ["Un accueil"] and compare() is None
    with pytest.raises(NotAgreed):
        drafted(one, title="Autre").publish()
    bind_what_was_there()
    assert Manifest.objects.get().digest == manifest.digest


def test_a_draft_and_a_plain_page_are_not_marked():
    one, plain = old(live=False), page("Simple", slug="simple")
    migrated()
    assert not Manifest.objects.exists() and fresh(one).own_production == library.body("PA")
    assert fresh(plain).own_production is None and fresh(plain).is_public()


def test_a_translation_is_the_work_of_whom_its_source_is():
    one = old()
    two = translated(one)
    models.QuerySet(ContentPage).filter(pk=two.pk).update(live=True, own_production=None)
    migrated()
    assert public() == ["Un accueil", "Een onthaal"] and len(Manifest.objects.get().shown()) == 2


def test_taking_the_migration_back_leaves_what_is_public_public():
    one = old()
    migrated()
    migration.take_back(Rows, None)
    assert not Manifest.objects.exists() and fresh(one).live
