"""The moment from which everyone could see a page: written once, on every way to being public."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone
from wagtail.models import Locale, Page

from home.models import ContentPage
from tests.home import builders as make

pytestmark = pytest.mark.django_db

LONG_AGO = timezone.now() - timedelta(days=400)


def moment(page):
    return ContentPage.objects.values_list("first_public_at", flat=True).get(pk=page.pk)


def by_publishing(page):
    page.save_revision().publish()


def by_updating(page):
    ContentPage.objects.filter(live=False).update(live=True)


@pytest.mark.parametrize("way", [by_publishing, by_updating])
def test_the_first_publication_is_dated_and_the_next_changes_nothing(way):
    page = make.page("L’accueil", live=False)
    assert moment(page) is None
    before = timezone.now()

    way(page)
    first = moment(page)
    ContentPage.objects.get(pk=page.pk).unpublish()
    way(ContentPage.objects.get(pk=page.pk))

    assert before <= first == moment(page)


def test_a_revision_from_before_takes_nothing_away():
    page = make.page("L’accueil", live=False)
    old = page.save_revision()
    old.publish()
    first = moment(page)

    old.publish()

    assert moment(page) == first is not None


def test_opening_a_page_of_members_dates_it_and_its_translations():
    page = make.page("L’accueil", audiences=["members"])
    dutch = make.page("Het onthaal", language="nl", of=page)
    assert (moment(page), moment(dutch)) == (None, None)

    page.audiences = ["public"]
    page.save()

    assert moment(page) is not None
    assert moment(dutch) is not None


def test_opening_many_dates_them():
    page = make.page("L’accueil", audiences=["members"])

    ContentPage.objects.filter(pk=page.pk).update(audiences=["members", "public"])

    assert moment(page) is not None


def test_a_copy_is_new_when_it_is_published():
    page = make.page("L’accueil")
    page.save_revision().publish()
    ContentPage.objects.filter(pk=page.pk).update(first_public_at=LONG_AGO)
    before = timezone.now()

    copy = ContentPage.objects.get(pk=page.pk).copy(update_attrs={"slug": "une-copie"}, keep_live=False)
    assert moment(copy) is None
    copy.get_latest_revision().publish()

    assert moment(copy) >= before


def test_a_translation_that_waits_is_not_dated():
    page = make.page("L’accueil")

    assert moment(page.copy_for_translation(Locale.objects.get(language_code="nl"))) is None


def test_what_was_public_before_the_moment_was_kept_counts_since_it_was_published():
    page, draft = make.page("L’accueil"), make.page("Plus tard", live=False)
    undated = make.page("Sans date de publication")
    Page.objects.filter(pk=page.pk).update(first_published_at=datetime(2012, 5, 21, tzinfo=UTC))
    ContentPage.objects.update(first_public_at=None)
    migration = import_module("home.migrations.0004_when_pages_became_public")

    migration.note(apps, SimpleNamespace(connection=connection))

    assert moment(page) == datetime(2012, 5, 21, tzinfo=UTC)
    assert moment(draft) is None
    assert moment(undated) is not None
