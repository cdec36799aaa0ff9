"""An article of one of our groups as what is agreed to: a vote publishes exactly the draft that was asked about."""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone
from wagtail.images import get_image_model

from home.articles.agreeing import GATED
from home.articles.guarding import compare
from home.articles.telling import sha256_of
from home.models import KIND, ContentPage
from kb.decisions.choices import ManifestState
from kb.decisions.deciding import closing
from kb.decisions.models import Decision, Manifest
from kb.library.models import Reference
from kb.pages.agreements import KINDS, NotAgreed, digest_of
from tests.home.articles.builders import (
    ADDRESS,
    DUTCH,
    agreed,
    article,
    asked_about,
    drafted,
    fresh,
    picture,
    public,
    question,
    translated,
    voted,
    yes,
)
from tests.kb.library import builders as library

pytestmark = pytest.mark.django_db


def status(address: str = ADDRESS) -> int:
    return Client().get(address).status_code


def test_one_row_for_each_language_and_each_picture_with_the_words_of_the_draft():
    image = picture()
    blocks = [
        ("image", {"image": image, "caption": "La maison"}),
        ("quotation", {"text": "On nous écoute.", "source": "Une habitante"}),
        ("callout", {"title": "À savoir", "text": "<p>Sur rendez-vous.</p>"}),
        ("reference", {"mark": "PA 2012/147", "note": "Le rapport"}),
    ]
    one = article(blocks=blocks)
    two = translated(one)
    drafted(one, title="Un accueil revu")
    french, dutch, shown = GATED.shown(one.pk, ["fr", "nl"])
    assert (french.subject, french.language) == (one.search_subject(), "fr")
    assert (french.values["title"], french.values["date"]) == ("Un accueil revu", "2013-03-01")
    assert [block["type"] for block in french.values["body"]] == [
        *("text", "image", "quotation", "callout", "reference")
    ]
    assert "hortensias" in french.values["body"][0]["html"] and french.values["body"][1]["number"] == 2
    assert (dutch.subject, dutch.values["title"]) == (two.search_subject(), "Een onthaal")
    assert (shown.subject, shown.values["sha256"]) == (f"home.picture:{image.pk}", sha256_of(image))
    assert GATED.shown(one.pk) == (), "nobody sees it now"
    assert [part.key for part in GATED.parts(one.pk)] == ["fr", "nl"] and not GATED.parts(one.pk)[0].is_open
    assert GATED.body(one.pk) == "PA" and str(GATED.titles(one.pk)["nl"]) == "Een onthaal"
    assert KINDS[KIND] is GATED


@pytest.mark.parametrize("name", ["a plain page", "a translation", "nothing"])
def test_what_is_not_the_work_of_a_group_has_no_rows_and_a_translation_is_asked_about_by_its_source(name):
    pk = {
        "a plain page": lambda: article(own_production=None).pk,
        "a translation": lambda: translated(article()).pk,
        "nothing": lambda: 4000,
    }[name]()
    with pytest.raises(LookupError):
        GATED.shown(pk, ["fr"])


def test_who_is_named_as_the_author_of_a_page_is_whose_work_it_is():
    one = article(own_production=None)
    one.bodies.add(library.body("LO"), library.body("PA"))
    one.save()
    assert fresh(one).own_production == library.body("LO")


def test_a_vote_publishes_the_draft_in_both_languages_in_the_transaction_of_its_outcome():
    one = article()
    two = translated(one)
    assert (status(), status(DUTCH)) == (404, 404)
    decision = voted(question(one))
    assert decision.is_public and public() == ["Un accueil", "Een onthaal"]
    assert {page.agreement_id for page in (fresh(one), fresh(two))} == {decision.manifest_id}
    assert fresh(one).first_public_at and fresh(one).live_revision_id == fresh(one).latest_revision_id
    assert (status(), status(DUTCH)) == (200, 200)


def test_without_an_agreement_nothing_opens():
    assert not voted(question(article()), "against").is_public
    assert public() == [] and status() == 404


def test_only_the_languages_that_were_chosen_open():
    one = article()
    translated(one)
    yes(asked_about(one, ["fr"]))
    assert public() == ["Un accueil"]


def test_what_was_for_the_members_is_for_everyone_once_it_is_agreed_to():
    one = article(audiences=["members"])
    one.get_latest_revision().publish()
    assert status() == 404
    agreed(one)
    assert status() == 200 and fresh(one).audiences == ["public"]


def test_drafting_goes_on_beside_the_question_and_the_yes_publishes_what_was_asked_about():
    one = article()
    manifest = asked_about(one)
    drafted(one, title="Une autre idée")
    assert yes(manifest).is_public
    assert public() == ["Un accueil"] and fresh(one).has_unpublished_changes
    assert fresh(one).get_latest_revision_as_object().title == "Une autre idée"


def test_a_revision_that_was_asked_about_is_never_written_over_and_a_later_one_is():
    one = article()
    first = one.get_latest_revision()
    asked_about(one)
    draft = fresh(one)
    for title in ("Par-dessus", "Encore"):
        draft.title = title
        draft.save_revision(overwrite_revision=fresh(one).get_latest_revision())
    first.refresh_from_db()
    assert first.content["title"] == "Un accueil"
    assert [revision.content["title"] for revision in one.revisions.order_by("pk")] == ["Un accueil", "Encore"]


def other_address(one: ContentPage) -> None:
    taken = fresh(one)
    taken.slug = "deja-pris"
    taken.save()
    article("Autre", slug="un-accueil", own_production=None)


def replaced(image) -> None:
    other = picture("autre.png", "#000000")
    type(image).objects.filter(pk=image.pk).update(file=other.file.name, file_hash=other.file_hash)


def forgotten(one: ContentPage) -> None:
    newer = drafted(one, title="Autre")
    one.revisions.exclude(pk=newer.pk).delete()


CHANGES = {
    "its readers": lambda one: drafted(one, audiences=["members"]),
    "its revisions": forgotten,
    "its picture": lambda one: replaced(get_image_model().objects.get()),
    "its address": other_address,
    "its page": lambda one: fresh(one).delete(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_after_it_was_asked_does_not_open_and_nothing_is_half_done(change):
    one = article(blocks=[("image", {"image": picture(), "caption": ""})])
    translated(one)
    manifest = asked_about(one)
    CHANGES[change](one)
    decision = yes(manifest)
    assert decision.manifest.state == ManifestState.AGREED and not decision.is_public
    assert public() == [] and not ContentPage.objects.filter(translation_key=one.translation_key, live=True)


def test_a_changed_text_is_a_new_question_and_the_agreed_one_stays_until_its_yes():
    one = article()
    first = agreed(one).agreement
    drafted(one, title="Un accueil revu")
    manifest = asked_about(one)
    assert public() == ["Un accueil"]
    second = yes(manifest)
    assert public() == ["Un accueil revu"] and fresh(one).agreement_id == second.manifest_id
    first.refresh_from_db()
    assert first.state == ManifestState.OVER


def test_a_language_that_a_later_agreement_does_not_name_is_taken_off_by_it():
    one = article()
    two = translated(one)
    agreed(one)
    drafted(one, title="Un accueil revu")
    yes(asked_about(one, ["fr"]))
    assert public() == ["Un accueil revu"] and not fresh(two).live


def suspended(decision: Decision) -> None:
    """A seat said that a vote was not its own."""
    closing.suspend_agreed(decision)


def withdrawn(decision: Decision) -> None:
    """A later decision ends it."""
    later = Decision.objects.create(
        body=decision.body, withdraws=decision, state="closed", outcome="agreement", closed_at=timezone.now()
    )
    later.give_number(2013)
    later.save()
    closing.end_agreement(decision.pk)


def settled(decision: Decision) -> bool:
    """It was looked at, and stands."""
    Manifest.objects.filter(pk=decision.manifest_id).update(state=ManifestState.AGREED)
    return closing.reopen_agreed(decision)


def test_what_is_disputed_is_seen_by_editors_alone_and_comes_back_as_it_was():
    one = article()
    decision = yes(asked_about(one))
    suspended(decision)
    assert fresh(one).live and fresh(one).effective_audiences == {"staff"} and (status(), public()) == (410, [])
    said = Client().get(ADDRESS).content.decode()
    assert decision.code in said and one.title not in said
    assert settled(decision)
    assert status() == 200 and fresh(one).agreement_id == decision.manifest_id


def test_a_doubt_that_was_settled_gives_back_nothing_that_an_editor_took_off_meanwhile():
    one = article()
    decision = yes(asked_about(one))
    suspended(decision)
    fresh(one).unpublish()
    assert not settled(decision) and not fresh(one).live


def test_a_withdrawn_agreement_makes_it_a_draft_again_in_every_language():
    one = article()
    translated(one)
    first = yes(asked_about(one))
    assert public() == ["Un accueil", "Een onthaal"]
    withdrawn(first)
    assert not ContentPage.objects.filter(translation_key=one.translation_key, live=True)
    assert (status(), status(DUTCH)) == (410, 410) and fresh(one).agreement_id is None


def test_an_agreement_that_is_over_closes_nothing_that_rests_on_another():
    one = article()
    first = yes(asked_about(one))
    drafted(one, title="Un accueil revu")
    yes(asked_about(one))
    GATED.close(one.pk, first.manifest_id, True)
    assert public() == ["Un accueil revu"]


def test_the_template_shows_the_values_of_the_rows_with_the_blocks_of_the_site(rf):
    table = {
        "caption": "Chiffres",
        "columns": [{"type": "words", "heading": "Année"}, {"type": "number", "heading": "Familles"}],
        "rows": [{"values": ["2012", 41.5]}],
    }
    image = picture()
    one = article(
        blocks=[
            ("image", {"image": image, "caption": "La maison"}),
            ("quotation", {"text": "On nous écoute.", "source": "Une habitante"}),
            ("callout", {"title": "À savoir", "text": "<p>Sur rendez-vous.</p>"}),
        ]
    )
    draft = fresh(one)
    draft.body.append(("table", draft.body.stream_block.child_blocks["table"].to_python(table)))
    draft.save_revision()
    rows = GATED.shown(one.pk, ["fr"])
    manifest = Manifest.objects.write(one.search_subject(), rows)
    assert digest_of(manifest.shown()) == digest_of(rows)
    urls = {f"home.picture:{image.pk}": "/vote/2/fichier/"}
    html = render_to_string(GATED.template, {**GATED.page(rf.get("/"), manifest.shown()[:1]), "file_urls": urls})
    for words in ("Un accueil", "hortensias", "La maison", "On nous", "Sur rendez-vous", "Familles", "un-accueil"):
        assert words in html, words
    assert "/vote/2/fichier/" in html


def test_the_words_of_a_reference_are_those_that_were_agreed_to_and_its_readers_those_of_now(rf):
    report = library.reference("Titre d’alors", state="accepted", audiences=["public"])
    mark = report.mark
    one = article(blocks=[("reference", {"mark": mark, "note": ""}), ("reference", {"mark": "PA 1900/1", "note": ""})])
    manifest = asked_about(one)
    Reference.objects.filter(pk=report.pk).update(title="Titre changé")
    assert yes(manifest).is_public
    html = render_to_string(GATED.template, GATED.page(rf.get("/"), manifest.shown()[:1]))
    assert "Titre d’alors" in html and "Titre changé" not in html
    shown = Client().get(ADDRESS).content.decode()
    assert "Titre d’alors" in shown and "Titre changé" not in shown
    assert compare() is None
    fresh(one).save()
    drafted(one).publish()
    assert public() == ["Un accueil"]
    Reference.objects.filter(pk=report.pk).update(audiences=["members"])
    assert "Titre d’alors" not in Client().get(ADDRESS).content.decode()
    yes(asked_about(one))
    assert mark not in Client().get(ADDRESS).content.decode()


def test_a_picture_of_a_row_is_served_while_it_is_the_one_that_was_asked_about(rf):
    image = picture()
    one = article(blocks=[("image", {"image": image, "caption": ""})])
    page, shown = GATED.shown(one.pk, ["fr"])
    assert GATED.file(page.values) is None
    answer = GATED.file(shown.values)(rf.get("/"))
    assert (answer.status_code, answer["Cache-Control"], answer["Content-Type"]) == (
        200,
        "private, no-store",
        "image/png",
    )
    replaced(image)
    with pytest.raises(Exception, match="not what was asked about"):
        GATED.file(shown.values)(rf.get("/"))


def test_opening_by_hand_what_was_agreed_to_as_something_else_is_refused():
    one = article()
    manifest = asked_about(one)
    with pytest.raises(NotAgreed):
        GATED.open(one.pk, manifest.pk, ["fr"])
    assert public() == []
