"""Ending a mandate at this moment and renewing a side, in the admin: who may, what it says, what is closed at once."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kb.accounts.audiences import held_by
from kb.directory.models import Organisation, Service
from kb.groups.choices import BodyKind, SideName
from kb.groups.models import Mandate, Side
from tests.kb.accounts import builders
from tests.kb.groups.builders import body, day, mandate
from tests.kb.library import builders as library
from tests.kb.library.conftest import index  # noqa: F401
from tests.sending import opened, stamps

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(client):
    user = builders.editor(language="fr")
    builders.log_in(client, user)
    return user


@pytest.fixture
def side():
    committee = body("CP", kind=BodyKind.STEERING_COMMITTEE)
    Side.objects.create(body=committee, name=SideName.ASSOCIATIVE, seats=4)
    return Side.objects.create(body=committee, name=SideName.CPAS, seats=4)


def renew_url(side: Side) -> str:
    return reverse("body:renew", args=(side.body_id, side.name))


def end_url(seat: Mandate) -> str:
    return reverse("mandate:end", args=(seat.pk,))


@pytest.mark.parametrize("who", ["anyone", "member", "chair", "editor without the factor"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_but_an_editor_opens_them_or_changes_anything(side, who, method):
    seat, reader = mandate(builders.member("siege@cass.example"), side.body, side=side.name), Client()
    if who == "editor without the factor":
        builders.open_session_without_second_factor(reader, builders.editor())
    elif who != "anyone":
        user = builders.member("x@cass.example")
        if who == "chair":
            mandate(user, side.body, side=side.name, role="chair")
        builders.log_in(reader, user)
    for url in (renew_url(side), end_url(seat)):
        answer = getattr(reader, method)(url)
        assert answer.status_code in (302, 403) and "siege@" not in answer.content.decode()
    seat.refresh_from_db()
    assert (seat.ended_at, seat.until) == (None, None)


def test_ended_now_is_ended_this_minute_on_pages_in_files_and_in_the_search(client, editor, index):  # noqa: F811
    group, person = body("LOG"), builders.member("siege@cass.example")
    seat = mandate(person, group, is_referent=True)
    notice = library.reference("Confidence", code="LOG", audiences=("body:LOG",))
    library.file(notice, "Vandenbulckewoning", audiences=("body:LOG",))
    index()
    reader, place = Client(), f"/fr/bibliotheque/{notice.mark_slug}/"
    builders.log_in(reader, person)

    def opened() -> list[bool]:
        search = reader.get("/fr/chercher/", {"q": "vandenbulckewoning"}).content.decode()
        pages = [reader.get(address).status_code == 200 for address in (place, f"{place}fichier/1.1/")]
        return [*pages, notice.mark_slug in search]

    assert opened() == [True, True, True]
    assert client.get(end_url(seat)).status_code == 200
    seat.refresh_from_db()
    assert seat.ended_at is None, "a GET only shows"

    assert client.post(end_url(seat)).status_code == 302

    assert opened() == [False, False, False]
    assert held_by(person, second_factor=False) == {"public", f"person:{person.pk}"}
    seat.refresh_from_db()
    ended_at = seat.ended_at
    client.post(end_url(seat))
    seat.refresh_from_db()
    assert (seat.until, seat.ended_at) == (day(0), ended_at)
    assert "a pris fin" in client.get(end_url(seat)).content.decode()


def test_the_body_leads_to_the_renewal_of_each_of_its_sides(client, editor, side):
    page = client.get(reverse("body:edit", args=(side.body_id,))).content.decode()
    for one in side.body.sides.all():
        assert renew_url(one) in page
    seat = mandate(builders.member("siege@cass.example"), side.body)
    assert end_url(seat) in client.get(reverse("mandate:edit", args=(seat.pk,))).content.decode()


def test_a_side_is_renewed_on_one_page(client, editor, side):
    ends = mandate(builders.member("finit@cass.example", name="Finit"), side.body, side=side.name)
    passes = mandate(builders.member("passe@cass.example", name="Passe"), side.body, side=side.name)
    after = builders.member("arrive@cass.example")
    page = client.get(renew_url(side)).content.decode()
    assert "Finit" in page and "Passe" in page and "checked" not in page
    answer = client.post(
        renew_url(side),
        {
            "day": day(3).isoformat(),
            f"lot-{ends.pk}": "ends",
            f"lot-{passes.pk}": "passes",
            f"to-{passes.pk}": "Arrive@cass.example",
        },
    )
    assert answer["Location"] == reverse("body:edit", args=(side.body_id,))
    assert Mandate.objects.get(user=after).since == day(3)
    assert not Mandate.objects.filter(until=None).exclude(user=after).exists()


@pytest.mark.parametrize(
    ("posted", "sentence"),
    [
        ({}, "Dites ce que devient ce mandat"),
        ({"lot": "passes"}, "Écrivez l’adresse"),
        ({"lot": "passes", "to": "personne@cass.example"}, "Personne ici n’a cette adresse"),
        ({"lot": "passes", "to": "ferme@cass.example"}, "est fermé"),
        ({"lot": "passes", "to": "siege@cass.example"}, "la personne qui l’a déjà"),
        ({"lot": "passes", "to": "assise@cass.example"}, "siège déjà"),
    ],
)
def test_what_is_missing_is_said_at_its_line_and_nothing_typed_is_lost(client, editor, side, posted, sentence):
    seat = mandate(builders.member("siege@cass.example"), side.body, side=side.name)
    builders.member("ferme@cass.example", is_active=False)
    mandate(builders.member("assise@cass.example"), side.body, side=SideName.ASSOCIATIVE)
    values = {f"{name}-{seat.pk}": value for name, value in posted.items()}
    answer = client.post(renew_url(side), {"day": day(3).isoformat(), **values})
    page = answer.content.decode()
    assert answer.status_code == 200 and sentence in page
    assert day(3).isoformat() in page and posted.get("to", "") in page
    assert Mandate.objects.filter(until=None).count() == 2


def test_the_page_takes_as_many_queries_for_five_seats_as_for_two(client, editor, side):
    counted = []
    for first, last in ((0, 2), (2, 5)):
        for number in range(first, last):
            mandate(builders.member(f"s{number}@cass.example"), side.body, side=side.name)
        client.get(renew_url(side))
        with CaptureQueriesContext(connection) as queries:
            assert client.get(renew_url(side)).status_code == 200
        counted.append(len(queries))
    assert counted[0] == counted[1]


def test_another_role_brings_its_voice_along_unless_another_is_chosen(client, editor):
    seat = mandate(builders.member("siege@cass.example"), body("LOG"))
    url = reverse("mandate:edit", args=(seat.pk,))
    line = {"user": seat.user_id, "body": seat.body_id, "standing": "holder", "organisation": "", "service": ""}
    for role, typed, voice in (
        ("consultant", "deliberative", "consultative"),
        ("member", "consultative", "deliberative"),
        ("coordinator", "deliberative", "consultative"),
        ("coordinator", "deliberative", "deliberative"),
    ):
        answer = client.post(url, {**line, "side": "", "role": role, "voice": typed} | stamps(client, url))
        assert answer.status_code == 302
        seat.refresh_from_db()
        assert (seat.role, seat.voice) == (role, voice)


def test_the_page_says_that_a_suspended_mandate_passes_suspended(client, editor, side):
    seat = mandate(builders.member("siege@cass.example"), side.body, side=side.name)
    assert "Ce mandat est suspendu" not in client.get(renew_url(side)).content.decode()
    Mandate.objects.filter(pk=seat.pk).update(is_suspended=True)
    assert "Ce mandat est suspendu" in client.get(renew_url(side)).content.decode()


@pytest.mark.parametrize("until", ["", "2090-01-01"])
def test_a_mandate_that_was_ended_gets_no_other_last_day(client, editor, until):
    seat = mandate(builders.member("siege@cass.example"), body("LOG"))
    seat.end_now()
    url = reverse("mandate:edit", args=(seat.pk,))
    shown = opened(client, url)
    answer = client.post(url, {**shown, "until": until})
    assert "Il a été mis fin à ce mandat" in answer.content.decode()
    assert client.post(url, {**shown, "standing": "substitute"}).status_code == 302
    seat.refresh_from_db()
    assert seat.until == day(0) and seat.standing == "substitute"


def test_a_mandate_that_began_since_the_page_was_shown_is_asked_for_too(client, editor, side):
    seat = mandate(builders.member("siege@cass.example"), side.body, side=side.name)
    client.get(renew_url(side))
    late = mandate(builders.member("tard@cass.example", name="Arrivée tard"), side.body, side=side.name)
    answer = client.post(renew_url(side), {"day": day(3).isoformat(), f"lot-{seat.pk}": "ends"})
    page = answer.content.decode()
    assert answer.status_code == 200 and "Arrivée tard" in page and "Dites ce que devient ce mandat" in page
    assert not Mandate.objects.filter(pk__in=(seat.pk, late.pk)).exclude(until=None).exists()


def test_a_side_without_mandates_says_where_they_are_given(client, editor, side):
    page = client.get(renew_url(side)).content.decode()
    assert "Personne n’a de mandat de ce côté" in page and "<fieldset" not in page


def test_a_service_of_another_organisation_is_a_sentence_on_the_page_of_the_person_too(client, editor):
    ours, theirs = (Organisation.objects.create(code=code, name=code.title()) for code in ("un", "deux"))
    service = Service.objects.create(organisation=ours, code="s", name="Permanence")
    seat = mandate(builders.member("siege@cass.example"), body("LOG"), organisation=ours, service=service)
    url = reverse("people:edit", args=(seat.user_id,))
    form = opened(client, url)
    form["mandates-0-organisation"] = [str(theirs.pk)]
    answer = client.post(url, form)
    assert answer.status_code == 200 and "Ce service appartient à une autre organisation" in answer.content.decode()
    form["mandates-0-service"] = [""]
    assert client.post(url, form).status_code == 302
    seat.refresh_from_db()
    assert (seat.organisation, seat.service) == (theirs, None)
