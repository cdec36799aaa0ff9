"""Where an editor stands: the state of an article in words, the way to the committee, and what voters then see."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import models
from django.test import Client
from django.urls import reverse
from django.utils import translation

from home.articles.asking import held_back, state_of
from home.models import ContentPage
from kb.accounts.audiences import STAFF
from kb.accounts.models import User
from kb.decisions.choices import State
from kb.decisions.models import Decision
from kb.groups.choices import MandateRole
from kb.groups.models import Body
from kb.pages.agreements import NotAgreed
from tests.home.articles.builders import (
    ADDRESS,
    BACKEND,
    article,
    asked_about,
    at_the_desk,
    drafted,
    fresh,
    picture,
    question,
    translated,
    voted,
    yes,
)
from tests.home.builders import page
from tests.kb.accounts.builders import editor, member
from tests.kb.decisions.builders import asked, ballot
from tests.kb.library import builders as library

pytestmark = pytest.mark.django_db


def told(one: ContentPage) -> list[str]:
    with translation.override("en"):
        return [line.words for line in state_of(fresh(one))]


def test_the_editor_says_what_holds_of_an_article():
    one = article()
    assert [words[:10] for words in told(one)] == ["Not public"]
    question(one)
    assert len(told(one)) == 2 and "asked" in told(one)[1]
    decision = yes(asked_about(one))
    Decision.objects.exclude(pk=decision.pk).update(state=State.WITHDRAWN)
    assert told(one) == [f"Public as the Steering Committee agreed to it: {decision.code}."]
    drafted(one, title="Un accueil revu")
    assert "draft differs" in told(one)[1]
    models.QuerySet(ContentPage).filter(pk=one.pk).update(agreement=None)
    assert told(one)[0].startswith("Held back")
    assert told(article("Simple", slug="simple", own_production=None)) == []


def test_what_is_held_back_waits_for_editors():
    one = article()
    models.QuerySet(ContentPage).filter(pk=one.pk).update(live=True)
    assert held_back(member("elle@cass.example"), frozenset()).total == 0
    assert [waiting.title for waiting in held_back(editor(), frozenset({STAFF})).things] == [one.title]


@pytest.mark.parametrize("which", ["the source", "a translation"])
def test_the_question_is_put_from_the_page_in_the_editor(which, client):
    cache.clear()
    at_the_desk(client)
    one = article()
    two = translated(one)
    address = reverse("wagtailadmin_pages:edit", args=[one.pk if which == "the source" else two.pk])
    content = client.get(address).content.decode()
    ask = f"{reverse('decision:ask')}?subject={one.search_subject()}"
    assert f'href="{ask}"' in content and "Pas public" in content
    assert client.get(ask).status_code == 200


def test_a_page_of_nobody_of_ours_has_no_question(client):
    cache.clear()
    at_the_desk(client)
    content = client.get(reverse("wagtailadmin_pages:edit", args=[page("Simple", slug="simple").pk])).content.decode()
    assert "?subject=home.page" not in content


def readers() -> dict[str, Client]:
    """A client for each kind of reader; the seat is one that may vote."""
    people = {
        "member": library.member("PA"),
        "other": library.member("LO"),
        "consultant": library.member("PA", role=MandateRole.CONSULTANT),
        "seat": User.objects.get(email="cpas1@cass.example"),
    }
    found = {"anyone": Client(), "editor": Client(), **{name: Client() for name in people}}
    for name, person in people.items():
        found[name].force_login(person, backend=BACKEND)
    at_the_desk(found["editor"])
    return found


def test_what_is_asked_about_is_read_by_those_who_vote_and_by_nobody_else():
    one = article(blocks=[("image", {"image": picture(), "caption": "La maison"})])
    decision = question(one, asked_by=library.body("PA"))
    image = one.body[1].value["image"]
    for reader, client in readers().items():
        row = client.get(f"/fr/decisions/vote/{decision.pk}/objet/1/")
        shown = client.get(f"/fr/decisions/vote/{decision.pk}/objet/2/fichier/")
        expected = {"seat": 200, "anyone": 302}.get(reader, 404)
        assert (row.status_code, shown.status_code) == (expected, expected), reader
        assert client.get(f"/media/{image.file.name}").status_code == (200 if reader == "editor" else 404), reader
        assert client.get(ADDRESS).status_code == 404
        if reader == "seat":
            text = row.content.decode()
            assert "hortensias" in text and "La maison" in text
            assert client.get(re.search(r'<img src="([^"]+)"', text)[1]).headers["Content-Type"] == "image/png"
            assert shown.headers["Cache-Control"] == "private, no-store"
            assert client.get(f"/fr/decisions/vote/{decision.pk}/objet/1/fichier/").status_code == 404


def test_who_reads_on_the_page_of_the_decision_what_was_agreed_to():
    one = article()
    decision = voted(question(one))
    address, clients = f"/fr/decisions/{decision.code}/", readers()
    for client in clients.values():
        text = client.get(address).content.decode()
        assert one.title in text and f'href="{ADDRESS}"' in text
    fresh(one).unpublish()
    for reader, client in clients.items():
        assert client.get(address).status_code == (200 if reader in ("seat", "editor") else 404), reader


def test_a_link_opens_the_page_that_was_asked_about_after_the_draft_went_on():
    cache.clear()
    one = article()
    question(one)
    drafted(one, title="Une autre idée", body=[("text", "<p>Tout autre chose.</p>")])
    sent = next(message for message in mail.outbox if message.to == ["cpas1@cass.example"])
    client = Client()
    client.get(re.search(r"https?://[^/\s]+(/\S+)", sent.body)[1], follow=True)
    text = client.get("/fr/decisions/vote/objet/1/").content.decode()
    assert "hortensias" in text and "Tout autre chose" not in text


def test_voters_read_nothing_of_what_an_editor_took_off_or_that_was_closed_since(client):
    record = library.reference("Le dossier Dupont", audiences=("public",))
    one = article(blocks=[("reference", {"mark": record.mark, "note": "à lire"})])
    decision = voted(question(one, parts=["fr"]))
    drafted(one, intro="Quatre constats.")
    of = Body.objects.get(code="CP")
    second = asked(of, subject=one.search_subject(), parts=["fr"])
    client.force_login(ballot(second, "cpas1").user, backend=BACKEND)
    address = f"/fr/decisions/vote/{second.pk}/objet/1/"
    shown = client.get(address).content.decode()
    assert "Le dossier Dupont" in shown and decision.code in shown
    library.body("LOG")
    record.audiences = ["body:LOG"]
    record.save()
    shown = client.get(address).content.decode()
    assert "Le dossier Dupont" not in shown and decision.code in shown
    fresh(one).unpublish()
    drafted(one, title="Sans nom", intro="Rien.")
    third = asked(of, subject=one.search_subject(), parts=["fr"])
    shown = client.get(f"/fr/decisions/vote/{third.pk}/objet/1/").content.decode()
    assert "Sans nom" in shown and "Un accueil" not in shown and decision.code not in shown


def test_the_source_of_what_is_public_by_an_agreement_is_not_deleted():
    one = article()
    two = translated(one)
    yes(asked_about(one))
    fresh(one).unpublish()
    with pytest.raises(NotAgreed):
        fresh(one).delete()
    assert fresh(two).is_public()
    fresh(two).unpublish()
    fresh(one).delete()
