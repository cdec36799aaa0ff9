"""An article of one of our groups is public as it was agreed to and not otherwise, whatever way it is written; what
came by none is not shown.
"""

from __future__ import annotations

import pytest
from django.db import models, transaction
from django.test import Client
from django.urls import reverse
from wagtail.models import Page

from home.articles.agreeing import GATED
from home.articles.guarding import compare
from home.models import KIND, ContentPage
from home.news import ArticleNews
from home.public.mapping import PageSitemap, branches
from kb.accounts.audiences import PUBLIC, STAFF
from kb.decisions.choices import ManifestState
from kb.decisions.models import Manifest
from kb.pages import agreements
from kb.pages.agreements import NotAgreed
from search.indexing import record
from search.recording import erasing
from tests.home.articles.builders import (
    ADDRESS,
    DUTCH,
    agreed,
    article,
    drafted,
    fresh,
    picture,
    public,
    translated,
)
from tests.home.builders import home, page
from tests.kb.library import builders as library
from tests.kb.library.conftest import index, readers  # noqa: F401

pytestmark = pytest.mark.django_db


def saved(row, **values):
    for name, value in values.items():
        setattr(row, name, value)
    row.save()


def of(one: ContentPage) -> models.QuerySet:
    return ContentPage.objects.filter(pk=one.pk)


def bulk(one: ContentPage, **values) -> None:
    row = fresh(one)
    for name, value in values.items():
        setattr(row, name, value)
    ContentPage.objects.bulk_update([row], list(values))


# Closed before


OPENS = {
    "save": lambda one: saved(fresh(one), live=True),
    "save of a field": lambda one: setattr(row := fresh(one), "live", True) or row.save(update_fields=["live"]),
    "update": lambda one: of(one).update(live=True),
    "bulk_update": lambda one: bulk(one, live=True),
    "publish": lambda one: fresh(one).get_latest_revision().publish(),
    "publish of the page": lambda one: fresh(one).publish(fresh(one).get_latest_revision()),
    "of whom it is, taken off": lambda one: (drafted(one), saved(fresh(one), own_production=None, live=True)),
    "a new page": lambda one: page("Nouvelle", slug="nouvelle", own_production=one.own_production),
    "a new page, by its author": lambda one: saved(named(one), live=True),
    "an alias": lambda one: fresh(one).create_alias(update_slug="alias"),
    "a forged agreement": lambda one: saved(fresh(one), live=True, agreement=Manifest.objects.create(subject="x:1")),
    "a page saved as a plain one": lambda one: saved(Page.objects.get(pk=one.pk), live=True),
}


def named(one: ContentPage) -> ContentPage:
    made = page("Nouvelle", slug="nouvelle", live=False)
    made.bodies.add(library.body("PA"))
    return made


def refused(way, one: ContentPage) -> bool:
    """Whether it is refused as not agreed to; what it wrote before is undone."""
    try:
        with transaction.atomic():
            way(one)
    except NotAgreed:
        return True
    return False


def test_no_way_of_writing_makes_public_what_nobody_agreed_to():
    one = article()
    Manifest.objects.write(one.search_subject(), GATED.shown(one.pk, ["fr"]))
    assert [name for name, way in OPENS.items() if not refused(way, one)] == []
    assert public() == [] and not ContentPage.objects.filter(own_production=one.own_production, live=True)
    assert Client().get(ADDRESS).status_code == 404
    assert Page.find_problems() == ([], [], [], [], [])


def test_the_same_ways_are_open_to_exactly_what_was_agreed_to():
    one = agreed()
    for way in ("save", "save of a field", "update", "bulk_update", "publish", "publish of the page"):
        fresh(one).unpublish()
        assert fresh(one).agreement_id is None and public() == [], way
        OPENS[way](one)
        assert public() == ["Un accueil"] and fresh(one).agreement_id == one.agreement_id, way


@pytest.mark.parametrize("audiences", [["members"], ["body:PA"]])
def test_for_its_group_or_the_members_it_needs_no_agreement(audiences):
    one = article(audiences=audiences)
    one.get_latest_revision().publish()
    assert fresh(one).live and public() == [] and Client().get(ADDRESS).status_code == 404
    with pytest.raises(NotAgreed):
        of(one).update(audiences=[PUBLIC])
    with pytest.raises(NotAgreed):
        saved(fresh(one), audiences=[PUBLIC])
    assert fresh(one).audiences == audiences


def test_with_the_setting_off_an_article_is_public_as_any_page(settings):
    settings.ARTICLES_NEED_AGREEMENT = False
    article().get_latest_revision().publish()
    assert Client().get(ADDRESS).status_code == 200 and public() == ["Un accueil"]


def test_with_nobody_to_answer_nothing_of_ours_becomes_public():
    one = agreed()
    fresh(one).unpublish()
    with agreements.ANSWERS.temporarily(), pytest.raises(NotAgreed):
        fresh(one).get_latest_revision().publish()


# What is public


CHANGES = {
    "its title": lambda one: saved(fresh(one), title="Autre"),
    "its introduction": lambda one: of(one).update(intro="Autre"),
    "its text": lambda one: saved(fresh(one), body=[("text", "<p>Autre</p>")]),
    "a field": lambda one: setattr(row := fresh(one), "title", "Autre") or row.save(update_fields=["title"]),
    "its date": lambda one: bulk(one, date="2014-01-01"),
    "its address": lambda one: saved(fresh(one), slug="autre"),
    "its words for search engines": lambda one: of(one).update(search_description="Autre"),
    "a revision": lambda one: drafted(one, title="Autre").publish(),
    "no longer ours": lambda one: saved(fresh(one), own_production=None),
    "no longer ours, at once": lambda one: of(one).update(own_production=None),
    "deleted": lambda one: fresh(one).delete(),
    "all deleted": lambda one: of(one).delete(),
    "deleted with what it stands under": lambda one: Page.objects.get(pk=home().pk).delete(),
    "its picture": lambda one: saved(picture_of(one), file=picture("autre.png", "#000000").file),
    "its picture deleted": lambda one: picture_of(one).delete(),
    "a translation": lambda one: translated(one).get_latest_revision().publish(),
    "as a plain page": lambda one: saved(Page.objects.get(pk=one.pk), title="Autre"),
}


def picture_of(one: ContentPage):
    return fresh(one).body[1].value["image"]


def test_no_way_of_writing_changes_what_is_public_by_an_agreement():
    one = agreed(article(blocks=[("image", {"image": picture(), "caption": ""})]))
    before = GATED.shown(one.pk)
    assert [name for name, way in CHANGES.items() if not refused(way, one)] == []
    assert GATED.shown(one.pk) == before and public() == ["Un accueil"]
    assert fresh(one).agreement_id == one.agreement_id


def moved(one: ContentPage) -> None:
    fresh(one).move(page("Dossier", slug="dossier"), pos="last-child")


ASKS_NOBODY = {
    "a save of the same": lambda one: fresh(one).save(),
    "a draft": lambda one: drafted(one, title="Autre"),
    "the same published again": lambda one: drafted(one).publish(),
    "the day of its review": lambda one: of(one).update(last_reviewed="2014-01-01"),
    "moved": moved,
    "indexed again": lambda one: record(one.search_subject()),
    "closed and opened again as it was": lambda one: (
        saved(fresh(one), audiences=["members"]),
        saved(fresh(one), audiences=[PUBLIC]),
    ),
}


def test_what_is_no_part_of_the_agreement_changes_freely():
    one = agreed()
    for name, way in ASKS_NOBODY.items():
        with transaction.atomic():
            way(one)
            assert fresh(one).agreement_id == one.agreement_id and public() == ["Un accueil"], name
            transaction.set_rollback(True)


def test_one_language_is_taken_off_and_comes_back_while_the_other_stays():
    one = article()
    two = translated(one)
    agreed(one)
    fresh(two).unpublish()
    assert public() == ["Un accueil"]
    fresh(two).get_latest_revision().publish()
    assert public() == ["Un accueil", "Een onthaal"]


def test_a_copy_is_a_draft_that_nobody_agreed_to_and_names_no_agreement():
    one = agreed()
    with pytest.raises(NotAgreed):
        fresh(one).copy(update_attrs={"slug": "copie"})
    copied = fresh(one).copy(update_attrs={"slug": "copie"}, keep_live=False)
    assert (copied.live, copied.agreement_id, copied.own_production) == (False, None, one.own_production)
    assert Page.find_problems() == ([], [], [], [], [])


def test_what_was_put_to_the_committee_stays_ours():
    one = article()
    saved(fresh(one), own_production=None)
    saved(fresh(one), own_production=library.body("PA"))
    Manifest.objects.write(one.search_subject(), GATED.shown(one.pk, ["fr"]))
    with pytest.raises(NotAgreed):
        saved(fresh(one), own_production=None)
    assert fresh(one).own_production == library.body("PA")


def test_a_plain_page_whose_draft_was_put_to_the_committee_is_not_published_as_a_plain_one():
    one = article(own_production=None)
    one.get_latest_revision().publish()
    drafted(one, own_production=library.body("PA"), title="Autre")
    Manifest.objects.write(one.search_subject(), GATED.shown(one.pk, ["fr"]))
    with pytest.raises(NotAgreed):
        drafted(one, own_production=None).publish()
    assert fresh(one).title == "Un accueil"


def test_the_words_of_an_erased_person_go_from_the_page_and_from_what_was_agreed_to():
    one = agreed(article(text="Écrire à ecrire@cass.example."))
    with erasing():
        saved(fresh(one), body=[("text", "<p>Écrire.</p>")])
    assert fresh(one).agreement_id == one.agreement_id and "ecrire@" not in str(Manifest.objects.get().shown())
    assert compare() is None


# What came by no way of ours


@pytest.fixture
def smuggled():
    """As a restore or an SQL statement leaves it: live, for everyone, by no agreement; in two languages."""
    one = article(blocks=[("image", {"image": picture(), "caption": ""})], text="Hortensia clandestin")
    two = translated(one)
    for row in (one, two):
        models.QuerySet(ContentPage).filter(pk=row.pk).update(live=True)
    return fresh(one)


def test_a_live_row_without_an_agreement_is_shown_to_editors_alone(smuggled, index, readers):  # noqa: F811
    beside = page("Voisine", slug="voisine", body=[("text", f'<p><a linktype="page" id="{smuggled.pk}">lien</a></p>')])
    child = page("Enfant", slug="enfant", parent=smuggled)
    record(smuggled.search_subject())
    index()
    assert smuggled.effective_audiences == {STAFF} and not smuggled.is_public() and public() == []
    assert smuggled.title not in [one.title for one in PageSitemap().items()]
    assert ArticleNews().public([smuggled.search_subject()]) == {}
    anyone = frozenset({PUBLIC})
    assert smuggled.title not in str(branches(home(), audiences=anyone))
    image = smuggled.body[1].value["image"]
    for name in ("anyone", "member", "other", "consultant", "editor"):
        client, is_editor = readers.named(name), name == "editor"
        shown = 200 if is_editor else 404
        for address in (ADDRESS, DUTCH, "/en/un-accueil/", f"/media/{image.file.name}"):
            assert client.get(address).status_code == shown, (name, address)
        for address in ("/fr/", reverse("site_map"), beside.get_url(), child.get_url(), "/fr/nulle-part/un-accueil/"):
            text = client.get(address).content.decode()
            assert is_editor or (smuggled.title not in text and 'href="/fr/un-accueil/"' not in text), (name, address)
        total = client.get(reverse("search:results"), {"q": "clandestin"}).context["answer"].results.total
        assert total == is_editor, name


def test_a_held_back_page_is_narrowed_and_taken_off_freely_one_language_after_the_other(smuggled):
    with pytest.raises(NotAgreed):
        saved(fresh(smuggled), title="Autre")
    ContentPage.objects.get(slug="een-onthaal").unpublish()
    saved(fresh(smuggled), audiences=["members"], title="Autre")
    assert fresh(smuggled).effective_audiences == {"members"}


def test_the_clock_takes_off_what_differs_from_its_agreement_and_leaves_the_others():
    one, same, over = agreed(), agreed(article("Pareil", slug="pareil")), agreed(article("Fini", slug="fini"))
    models.QuerySet(ContentPage).filter(pk=one.pk).update(intro="Changé en SQL")
    models.QuerySet(Manifest).filter(pk=over.agreement_id).update(state=ManifestState.OVER)
    assert compare() == "2 taken off: not what was agreed to"
    assert public() == [same.title] and compare() is None


def test_the_clock_finds_an_author_of_ours_that_was_written_past_all_that_saves_a_page():
    one, mine = page("Simple", slug="simple"), library.body("PA")
    two = page("Eenvoudig", language="nl", of=one, slug="eenvoudig")
    models.QuerySet(ContentPage.bodies.through).create(contentpage_id=one.pk, body_id=mine.pk)
    assert compare() == "2 taken off: not what was agreed to" and compare() is None
    for shown in (fresh(one), fresh(two)):
        assert shown.own_production == mine and shown.effective_audiences == {STAFF}


def test_an_older_text_names_no_body_that_is_gone():
    one, gone = article(), library.body("LOIN")
    drafted(one, own_production=gone)
    gone.delete()
    assert fresh(one).get_latest_revision_as_object().own_production == one.own_production
    drafted(one, own_production=None)
    assert fresh(one).get_latest_revision_as_object().own_production is None


def test_the_kind_is_asked_under_the_name_that_the_search_uses():
    assert article().search_subject().startswith(f"{KIND}:")
