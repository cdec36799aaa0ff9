"""Whatever an editor presses: what nobody agreed to does not become public, the page says why, the draft is kept."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.contrib import messages
from django.contrib.auth.models import Group
from django.contrib.messages import get_messages
from django.contrib.messages.storage.fallback import FallbackStorage
from django.core.cache import cache
from django.core.management import call_command
from django.db import transaction
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone, translation
from wagtail.models import GroupApprovalTask, Locale, Page, Workflow, WorkflowState, WorkflowTask
from wagtail.test.utils.form_data import nested_form_data, rich_text, streamfield
from wagtail_localize.models import StringTranslation, Translation, TranslationContext, TranslationSource

from home.articles.guarding import PICTURE_STAYS, changed
from home.articles.publishing import publish_due
from home.articles.refusing import NotAgreedMiddleware, note_refusal
from home.models import NEEDS_AGREEMENT, NO_ALIAS, STAYS_OURS, TAKEN_OFF_NOT_DELETED, ContentPage
from kb.accounts.reopening import STAMP
from kb.pages.agreements import NotAgreed
from tests.home.articles.builders import (
    agreed,
    article,
    at_the_desk,
    drafted,
    fresh,
    picture,
    public,
    translated,
)
from tests.home.builders import home, page
from tests.kb.accounts.builders import editor
from tests.kb.library import builders as library

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client):
    cache.clear()
    at_the_desk(client)
    return client


def form(one: ContentPage | None = None, **values) -> dict:
    """What the editor's form sends."""
    given = {
        "title": "Un accueil",
        "slug": "un-accueil",
        "intro": "Trois constats.",
        "date": "2013-03-01",
        "place": "",
        "seo_title": "",
        "search_description": "",
        "audiences": ["public"],
        "own_production": library.body("PA").pk,
        "body": streamfield([("text", rich_text("<p>Les hortensias du quartier.</p>"))]),
        "comments": {"TOTAL_FORMS": 0, "INITIAL_FORMS": 0, "MIN_NUM_FORMS": 0, "MAX_NUM_FORMS": 1000},
        **values,
    }
    audiences = given.pop("audiences")
    return {**nested_form_data(given), "audiences": audiences}


def edit(desk, one, **values):
    shown = ContentPage.get_edit_handler().get_form_class()(instance=fresh(one).get_latest_revision_as_object())
    address = reverse("wagtailadmin_pages:edit", args=[one.pk])
    return desk.post(address, {STAMP: shown.fields[STAMP].initial} | form(**values))


def said(answer) -> str:
    """On the next page that is shown; it is not shown here."""
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def in_french(words) -> str:
    with translation.override("fr"):
        return str(words)


def refused(answer, words) -> bool:
    """The sentence, and not that it was done."""
    text = said(answer)
    assert answer.status_code == 302 and in_french(words) in text, text or answer.status_code
    return "publié" not in text.replace(in_french(words), "")


def test_publishing_a_new_article_keeps_it_as_a_draft_and_says_why(desk):
    library.body("PA")
    add = reverse("wagtailadmin_pages:add", args=["home", "contentpage", home().pk])
    answer = desk.post(add, form() | {"action-publish": "1"})
    made = ContentPage.objects.get(slug="un-accueil")
    assert refused(answer, NEEDS_AGREEMENT) and not made.live and made.latest_revision_id
    assert answer["Location"] == reverse("wagtailadmin_pages:edit", args=[made.pk])


def test_publishing_in_the_editor_keeps_the_draft_and_says_why(desk):
    one = article()
    answer = edit(desk, one, title="Un accueil revu", **{"action-publish": "1"})
    assert refused(answer, NEEDS_AGREEMENT) and public() == []
    assert fresh(one).get_latest_revision_as_object().title == "Un accueil revu"


def test_publishing_a_change_keeps_the_agreed_text_and_the_draft(desk):
    one = agreed()
    with translation.override("fr"):
        words = changed(one, one.agreement_id)
    answer = edit(desk, one, title="Un accueil revu", **{"action-publish": "1"})
    assert refused(answer, words) and public() == ["Un accueil"]
    assert fresh(one).get_latest_revision_as_object().title == "Un accueil revu"


def test_saving_what_was_agreed_to_is_published_again_without_a_word(desk):
    one = agreed()
    fresh(one).unpublish()
    answer = edit(desk, one, body=streamfield_of(one), **{"action-publish": "1"})
    assert in_french(NEEDS_AGREEMENT) not in said(answer) and public() == ["Un accueil"]


def streamfield_of(one):
    return streamfield([("text", rich_text(fresh(one).body[0].value.source))])


def test_an_older_revision_is_not_published_again_over_the_agreed_one(desk):
    one = article(text="Jamais lu.")
    older = one.get_latest_revision()
    newer = drafted(one, title="Un accueil revu")
    agreed(one)
    assert newer.pk > older.pk and public() == ["Un accueil revu"]
    answer = edit(desk, one, revision=older.pk, **{"action-publish": "1"})
    assert "Un accueil revu" in public() and "accord" in said(answer)


def test_the_body_is_not_taken_off_what_was_public_and_the_form_says_so(desk):
    one = agreed()
    answer = edit(desk, one, own_production="")
    assert in_french(STAYS_OURS) in str(answer.context["form"].errors)


def bulk(desk, action: str, *pages, **values):
    address = reverse("wagtail_bulk_action", args=["wagtailcore", "page", action])
    ids = "&".join(f"id={one.pk}" for one in pages)
    return desk.post(f"{address}?{ids}&next={reverse('wagtailadmin_explore', args=[home().pk])}", values)


def test_publishing_many_publishes_the_others_and_says_which_was_refused(desk):
    one, plain = article(), page("Simple", slug="simple", live=False)
    below = article("Dessous", slug="dessous", parent=plain)
    answer = bulk(desk, "publish", one, plain, include_descendants="on")
    assert in_french(NEEDS_AGREEMENT) in said(answer) and "Dessous:" in said(answer)
    assert fresh(plain).live and not fresh(one).live and not fresh(below).live


def test_what_is_agreed_to_is_published_with_many(desk):
    one = agreed()
    fresh(one).unpublish()
    bulk(desk, "publish", one)
    assert public() == ["Un accueil"]


def scheduled(one: ContentPage) -> None:
    revision = fresh(one).get_latest_revision()
    revision.approved_go_live_at = timezone.now() - timedelta(minutes=1)
    revision.save()


@pytest.mark.parametrize("way", ["the clock", "the command"])
def test_on_its_day_one_refusal_stops_no_other_and_is_not_tried_again(way, caplog):
    first, plain = article(), article("Simple", slug="simple", own_production=None)
    back = agreed(article("Accepté", slug="accepte"))
    fresh(back).unpublish()
    over = page("Fini", slug="fini", expire_at=timezone.now() - timedelta(minutes=1))
    for one in (first, plain, back):
        scheduled(one)
    if way == "the clock":
        assert publish_due() == "1 taken off, 2 published, 1 refused"
    else:
        call_command("publish_scheduled", stdout=(out := StringIO()))
        assert "1 refused" in out.getvalue()
    assert fresh(plain).live and public() == ["Accepté"] and not fresh(over).live
    assert "Not published on its day: Un accueil" in caplog.text and publish_due() is None


def test_an_agreed_article_that_expires_names_no_agreement_any_more():
    one = agreed()
    Page.objects.filter(pk=one.pk).update(expire_at=timezone.now() - timedelta(minutes=1))
    assert publish_due() == "1 taken off, 0 published, 0 refused"
    assert not fresh(one).live and fresh(one).agreement_id is None


def test_a_workflow_that_finishes_publishes_nothing_that_nobody_agreed_to(desk):
    one, person = article(), editor("autre@cass.example", language="fr")
    task = GroupApprovalTask.objects.create(name="Relire")
    task.groups.set(Group.objects.all())
    workflow = Workflow.objects.create(name="Relecture")
    WorkflowTask.objects.create(workflow=workflow, task=task)
    workflow.start(fresh(one), person)
    answer = edit(desk, one, **{"action-workflow-action": "true", "workflow-action-name": "approve"})
    assert refused(answer, NEEDS_AGREEMENT)
    assert not fresh(one).live and WorkflowState.objects.get().status == WorkflowState.STATUS_IN_PROGRESS


def test_a_copy_that_would_be_public_is_refused_in_words(desk):
    one = agreed()
    values = {"new_title": "Copie", "new_slug": "copie", "new_parent_page": home().pk, "publish_copies": "on"}
    address = reverse("wagtailadmin_pages:copy", args=[one.pk])
    answer = desk.post(address, values, headers={"referer": f"http://testserver{address}"})
    assert refused(answer, NEEDS_AGREEMENT) and public() == ["Un accueil"]
    desk.post(address, {**values, "publish_copies": ""})
    assert not ContentPage.objects.get(slug="copie").live


def test_a_branch_with_what_needs_an_agreement_is_copied_whole_or_not_at_all(desk):
    dossier = page("Dossier", slug="dossier")
    page("Simple", slug="simple", parent=dossier)
    agreed(article(parent=dossier))
    values = {"new_title": "Copie", "new_slug": "copie", "new_parent_page": home().pk, "copy_subpages": "on"}
    address = reverse("wagtailadmin_pages:copy", args=[dossier.pk])
    for wish, words in (("publish_copies", NEEDS_AGREEMENT), ("alias", NO_ALIAS)):
        assert refused(desk.post(address, values | {wish: "on"}), words)
    with pytest.raises(NotAgreed), transaction.atomic():
        fresh(dossier).copy(recursive=True, update_attrs={"slug": "copie"})
    with pytest.raises(NotAgreed), transaction.atomic():
        fresh(dossier).create_alias(recursive=True, update_slug="copie")
    assert not ContentPage.objects.filter(slug="copie") and Page.find_problems() == ([], [], [], [], [])
    desk.post(address, values)
    assert ContentPage.objects.filter(slug="un-accueil", live=False).exists()


def test_an_alias_is_refused_in_words(desk):
    one = agreed()
    values = {"new_title": "Alias", "new_slug": "alias", "new_parent_page": home().pk, "alias": "on"}
    address = reverse("wagtailadmin_pages:copy", args=[one.pk])
    answer = desk.post(address, values, headers={"referer": f"http://testserver{address}"})
    assert refused(answer, NO_ALIAS) and not ContentPage.objects.filter(slug="alias").exists()


def test_moving_makes_nothing_public_and_takes_nothing_off(desk):
    one, hidden = agreed(), article("Brouillon", slug="brouillon")
    below = page("Dossier", slug="dossier")
    for moved in (one, hidden):
        desk.post(reverse("wagtailadmin_pages:move_confirm", args=[moved.pk, below.pk]))
        assert fresh(moved).get_parent().pk == below.pk
    assert public() == ["Un accueil"]


@pytest.mark.parametrize("way", ["alone", "with what it stands under", "with many"])
def test_what_is_agreed_to_is_taken_off_not_deleted(way, desk):
    dossier = page("Dossier", slug="dossier")
    one = agreed(article(parent=dossier))
    gone = dossier if way == "with what it stands under" else one
    if way == "with many":
        answer = bulk(desk, "delete", one)
    else:
        answer = desk.post(reverse("wagtailadmin_pages:delete", args=[gone.pk]))
    assert refused(answer, TAKEN_OFF_NOT_DELETED) and public() == ["Un accueil"]
    desk.post(reverse("wagtailadmin_pages:unpublish", args=[one.pk]))
    desk.post(reverse("wagtailadmin_pages:delete", args=[gone.pk]))
    assert not ContentPage.objects.filter(pk=one.pk).exists()


def test_a_picture_of_what_is_agreed_to_stays_and_the_page_says_so(desk):
    image = picture()
    agreed(article(blocks=[("image", {"image": image, "caption": ""})]))
    answer = desk.post(reverse("wagtailimages:delete", args=[image.pk]))
    assert refused(answer, PICTURE_STAYS) and type(image).objects.filter(pk=image.pk).exists()


def test_readers_are_not_widened_without_an_agreement(desk):
    one = article(audiences=["members"])
    one.get_latest_revision().publish()
    answer = edit(desk, one, **{"audiences": ["public"], "action-publish": "1"})
    assert not public() and "accord" in said(answer)
    assert fresh(one).audiences == ["members"]


# Translations


def translation_of(one: ContentPage, title: str) -> Translation:
    """Of the French words, made by wagtail-localize, with a Dutch title."""
    source, _made = TranslationSource.update_or_create_from_instance(fresh(one))
    dutch = Locale.objects.get(language_code="nl")
    made, _new = Translation.objects.get_or_create(source=source, target_locale=dutch)
    segment = source.stringsegment_set.get(context__path="title")
    StringTranslation.objects.update_or_create(
        translation_of=segment.string,
        locale=dutch,
        context=TranslationContext.objects.get(pk=segment.context_id),
        defaults={"data": title, "translation_type": "manual"},
    )
    return made


def test_a_translation_that_is_published_is_kept_as_a_draft(django_capture_on_commit_callbacks):
    one = agreed()
    made = translation_of(one, "Een onthaal")
    with django_capture_on_commit_callbacks(execute=True):
        made.save_target(publish=True)
    dutch = ContentPage.objects.get(translation_key=one.translation_key, locale__language_code="nl")
    assert not dutch.live and dutch.get_latest_revision_as_object().title == "Een onthaal"
    assert dutch.own_production == one.own_production and public() == ["Un accueil"]


def test_a_translation_that_is_public_keeps_its_words_until_the_new_ones_are_agreed_to(
    django_capture_on_commit_callbacks,
):
    one = article()
    translated(one)
    agreed(one)
    made = translation_of(one, "Anders")
    for publish in (False, True):
        with django_capture_on_commit_callbacks(execute=True):
            made.save_target(publish=publish)
        assert public() == ["Un accueil", "Een onthaal"]
    dutch = ContentPage.objects.get(slug="een-onthaal")
    assert dutch.get_latest_revision_as_object().title == "Anders"
    agreed(one)
    assert public() == ["Un accueil", "Anders"]


def test_translations_brought_up_to_date_and_made_aliases_of_their_source_say_why(
    desk, django_capture_on_commit_callbacks
):
    one = agreed()
    made = translation_of(one, "Een onthaal")
    made.save_target(publish=False)
    dutch = ContentPage.objects.get(translation_key=one.translation_key, locale__language_code="nl")
    update = reverse("wagtail_localize:update_translations", args=[made.source_id])
    with django_capture_on_commit_callbacks(execute=True):
        answer = desk.post(update, {"publish_translations": "on"})
    assert answer.status_code == 302 and not fresh(dutch).live
    assert fresh(dutch).get_latest_revision_as_object().title == "Een onthaal"
    alias = reverse("wagtail_localize:convert_to_alias", args=[dutch.pk])
    with translation.override("fr"):
        words = changed(one, one.agreement_id)
    assert refused(desk.post(alias), words)
    assert fresh(dutch).alias_of is None and not fresh(dutch).live and public() == ["Un accueil"]
    fresh(one).unpublish()
    assert refused(desk.post(alias), NO_ALIAS) and fresh(dutch).alias_of is None


def test_the_translation_editor_says_why(desk, django_capture_on_commit_callbacks):
    one = agreed()
    made = translation_of(one, "Een onthaal")
    made.save_target(publish=False)
    dutch = ContentPage.objects.get(translation_key=one.translation_key, locale__language_code="nl")
    with django_capture_on_commit_callbacks(execute=True):
        answer = desk.post(reverse("wagtailadmin_pages:edit", args=[dutch.pk]), {"action": "publish"})
    assert answer.status_code == 302
    assert not fresh(dutch).live


def test_what_is_refused_by_a_request_that_wants_no_page_is_an_answer_in_json(desk):
    one = agreed()
    address = reverse("wagtailadmin_pages:delete", args=[one.pk])
    answer = desk.post(address, headers={"accept": "application/json"})
    assert answer.status_code == 409 and in_french(TAKEN_OFF_NOT_DELETED) == answer.json()["error_message"]


def test_what_was_refused_on_the_way_is_said_in_place_of_that_it_was_done(rf):
    def answered(request):
        messages.success(request, "Publié")
        messages.warning(request, "À relire")
        note_refusal(NotAgreed("Pas encore"))
        return HttpResponse()

    request = rf.post("/admin/")
    request.session = {}
    request._messages = FallbackStorage(request)
    NotAgreedMiddleware(answered)(request)
    kept = [str(message) for message in request._messages._queued_messages]
    assert kept == ["À relire", "Pas encore"]
    note_refusal(NotAgreed("Hors de toute demande"))
