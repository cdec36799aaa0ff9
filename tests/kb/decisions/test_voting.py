"""The pages of a voter over HTTP: what opening, pressing, forging, repeating and being late do."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from kb.decisions.choices import State, Weight
from kb.decisions.deciding import closing
from kb.decisions.deciding.asking import take_back
from kb.decisions.deciding.casting import cast
from kb.decisions.models import Decision, Link, Vote
from kb.directory.choices import OrganisationKind
from kb.groups.choices import SideName, Standing
from kb.groups.models import Mandate
from tests.kb.accounts.builders import member
from tests.kb.decisions.builders import asked, ballot, committee, leaflets, organisation, sitting

pytestmark = pytest.mark.django_db


@pytest.fixture
def things():
    with leaflets() as found:
        yield found


@pytest.fixture
def decision(things) -> Decision:
    return asked(committee())


def link_to(name: str, kind: str = "question") -> str:
    """The path of the link in the newest message of that kind to that person."""
    texts = [one.body for one in mail.outbox if one.to == [f"{name}@cass.example"] and one.kind == f"decisions.{kind}"]
    return re.search(r"https?://[^/\s]+(/\S+)", texts[-1])[1]


def open_link(client, name: str, kind: str = "question"):
    return client.get(link_to(name, kind), follow=True)


def press(client, answer, **values):
    of = re.search(r'name="of" value="([^"]+)"', answer.content.decode())
    data = {"do": "vote", **({"of": of[1]} if of else {}), **values}
    return client.post(answer.request["PATH_INFO"], data, follow=True)


def test_opening_shows_everything_chooses_nothing_and_votes_nothing(client, decision, things):
    answer = open_link(client, "cpas1")
    text = answer.content.decode()
    assert answer.status_code == 200 and "Publier le dépliant" in text and "Dépliant" in text
    assert decision.manifest.seal in text and " checked" not in text
    assert Vote.objects.count() == 0
    assert "no-store" in answer["Cache-Control"] and "noindex" in answer["X-Robots-Tag"]
    assert link_to("cpas1").rsplit("/", 2)[1] not in answer.request["PATH_INFO"]


def test_two_presses_vote_and_the_page_is_the_receipt(client, decision):
    answer = press(client, open_link(client, "cpas1"), choice="for", word="Bien")
    assert "Votre vote est enregistré" in answer.content.decode()
    vote = Vote.objects.get()
    assert (vote.choice, vote.word, vote.weight) == ("for", "Bien", Weight.COUNTED)
    assert [one.to for one in mail.outbox if one.kind == "decisions.receipt"] == [["cpas1@cass.example"]]


def test_without_a_choice_it_says_so_and_keeps_the_word(client, decision):
    answer = press(client, open_link(client, "cpas1"), word="Un mot assez long")
    assert answer.status_code == 422
    assert "Choisissez pour, contre ou abstention" in answer.content.decode()
    assert "Un mot assez long" in answer.content.decode()
    assert Vote.objects.count() == 0


def test_pressed_twice_it_is_one_vote(client, decision):
    page = open_link(client, "cpas1")
    for _ in range(2):
        press(client, page, choice="for")
    assert Vote.objects.count() == 1


@pytest.mark.parametrize("token", ["AAAAAAAAAAAAAAAAAAAAAA", "short", "A" * 60])
def test_an_invented_link_tells_of_no_vote(client, decision, token):
    answer = client.get(f"/fr/decisions/vote/{token}/")
    assert answer.status_code == 404 and "dépliant" not in answer.content.decode()


def test_without_a_link_nothing_is_shown_and_a_forged_post_does_nothing(client, decision):
    assert client.get("/fr/decisions/vote/").status_code == 404
    assert client.post("/fr/decisions/vote/", {"do": "vote", "choice": "for"}).status_code == 404
    assert client.get("/fr/decisions/vote/objet/1/").status_code == 404
    assert Vote.objects.count() == 0


def test_the_page_of_another_link_opened_before_votes_for_nobody(client, decision):
    page = open_link(client, "cpas1")
    open_link(client, "asso1")
    assert press(client, page, choice="for").status_code == 409
    assert Vote.objects.count() == 0


def test_a_person_logged_in_as_somebody_else_is_told_so(client, decision):
    client.force_login(member("quelquun@cass.example"))
    answer = open_link(client, "cpas1")
    assert answer.status_code == 409 and "autre personne" in answer.content.decode()


def test_who_is_logged_in_votes_without_a_link_and_others_find_nothing_there(client, decision):
    address = f"/fr/decisions/vote/{decision.pk}/"
    assert client.get(address).status_code == 302
    client.force_login(member("quelquun@cass.example"))
    assert client.get(address).status_code == 404
    client.force_login(ballot(decision, "cpas1").user)
    press(client, client.get(address), choice="against")
    assert Vote.objects.get().choice == "against"


@pytest.mark.parametrize(
    ("happened", "said"),
    [
        (lambda one: Decision.objects.filter(pk=one.pk).update(closes_at=timezone.now() - timedelta(1)), "clos"),
        (lambda one: take_back(one, reason="Autre texte"), "retirée"),
        (lambda one: Mandate.objects.get(user__email="cpas1@cass.example").end_now(), "pris fin"),
    ],
)
def test_what_happened_meanwhile_is_said_and_nothing_is_noted(client, decision, happened, said):
    page = open_link(client, "cpas1")
    happened(decision)
    answer = press(client, page, choice="for")
    assert said in answer.content.decode()
    assert answer.status_code in (200, 409) and Vote.objects.count() == 0


def test_what_is_asked_about_is_not_read_under_an_ended_mandate(client, decision):
    open_link(client, "cpas1")
    Mandate.objects.get(user__email="cpas1@cass.example").end_now()
    assert client.get("/fr/decisions/vote/objet/1/").status_code == 404


def test_declining_is_noted_and_can_be_undone_by_voting(client, decision):
    page = open_link(client, "cpas1")
    answer = press(client, page, do="decline")
    assert "ne vous concerne pas" in answer.content.decode()
    assert ballot(decision, "cpas1").declined_at is not None
    again = client.get("/fr/decisions/vote/?change=1")
    press(client, again, choice="for")
    assert Vote.objects.get().choice == "for" and ballot(decision, "cpas1").declined_at is None


def test_a_receipt_undoes_by_a_post_only(client, decision):
    press(client, open_link(client, "cpas1"), choice="for")
    page = open_link(client, "cpas1", "receipt")
    assert Vote.objects.get().weight == Weight.COUNTED
    answer = press(client, page)
    assert "C’est noté" in answer.content.decode() or "c’est noté" in answer.content.decode()
    assert Vote.objects.get().weight == Weight.PAST
    assert len([one for one in mail.outbox if one.kind == "decisions.undone"]) == 1


def test_links_are_kept_as_hashes_only(decision):
    token = link_to("cpas1").rstrip("/").rsplit("/", 1)[1]
    assert not Link.objects.filter(token_hash=token).exists()
    assert decision.state == State.OPEN and len(token) == 22


def test_what_was_asked_about_is_read_no_longer_once_it_was_refused(client, decision):
    client.force_login(ballot(decision, "cpas1").user)
    row = f"/fr/decisions/vote/{decision.pk}/objet/1/"
    kind = client.get(f"/fr/decisions/vote/{decision.pk}/")
    assert kind.status_code == 200 and client.get(row).status_code == 200
    closing.close(decision.pk, at=timezone.now() + timedelta(hours=80))
    assert client.get(row).status_code == 404


def test_an_ended_mandate_is_told_nothing_of_the_question(client, decision):
    open_link(client, "cpas1")
    Mandate.objects.get(user__email="cpas1@cass.example").end_now()
    take_back(decision, reason="Raison secrète")
    text = client.get("/fr/decisions/vote/").content.decode()
    assert "pris fin" in text and "dépliant" not in text and "Raison" not in text


def test_the_link_of_a_receipt_is_of_its_person(client, decision):
    press(client, open_link(client, "cpas1"), choice="for")
    client.force_login(member("quelquun@cass.example"))
    answer = open_link(client, "cpas1", "receipt")
    assert answer.status_code == 409 and press(client, answer).status_code in (404, 409)
    assert Vote.objects.get().weight == Weight.COUNTED


def test_a_doubt_is_looked_at_by_its_link_and_said_again_nothing_more(client, decision):
    press(client, open_link(client, "cpas1"), choice="for")
    for name in ("cpas2", "asso1", "asso2"):
        cast(ballot(decision, name).pk, "for")
    closing.close(decision.pk, at=timezone.now() + timedelta(hours=80))
    answer = press(client, open_link(client, "cpas1", "receipt"))
    assert answer.status_code == 200 and Decision.objects.get().disputed_at is not None
    page = open_link(client, "asso1", "disputed")
    assert "mis en doute" in page.content.decode()
    for _ in range(2):
        assert press(client, page, do="looked").status_code == 200
    assert Decision.objects.get().looked_at_by_seat is not None


def test_who_stands_in_sees_that_the_holder_voted_and_how(client, things):
    of = committee(associations=0, seats=1)
    one = organisation("Un", OrganisationKind.ASSOCIATION)
    holder = sitting(of, "tenant", one)
    sitting(of, "remplacant", one, standing=Standing.SUBSTITUTE)
    decision = asked(of, named={SideName.ASSOCIATIVE: [holder.pk]})
    cast(ballot(decision, "tenant").pk, "against")
    answer = open_link(client, "remplacant")
    assert "a déjà voté" in answer.content.decode() and "contre" in answer.content.decode().lower()
    assert press(client, answer, choice="for").status_code == 409
    assert Vote.objects.get().choice == "against"


def test_a_vote_is_changed_so_often_an_hour_the_first_and_undoing_are_never_refused(client, things):
    decision = asked(committee())
    page = open_link(client, "cpas1")
    answers = [press(client, page, choice="for", word=str(number)) for number in range(12)]
    assert [answer.status_code for answer in answers] == [200] * 11 + [409]
    assert press(client, page, choice="for", word="10").status_code == 200, "the same again changes nothing"
    said = answers[-1].content.decode()
    assert "dans l’heure" in said and Vote.objects.get(weight=Weight.COUNTED).word == "10"
    receipts = [one for one in mail.outbox if one.kind == "decisions.receipt"]
    assert [one.in_bulk for one in receipts] == [False] + [True] * 10
    undone = press(client, open_link(client, "cpas1", "receipt"), do="undo")
    assert undone.status_code == 200 and not Vote.objects.filter(decision=decision, weight=Weight.COUNTED).exists()
    assert press(client, open_link(client, "cpas1", "undone"), choice="against").status_code == 200
    assert Vote.objects.get(weight=Weight.COUNTED).choice == "against"


def substitute_of(of, organisation_of: str, name: str = "remplace") -> Mandate:
    one = organisation(organisation_of, OrganisationKind.CPAS)
    return sitting(of, name, one, standing=Standing.SUBSTITUTE)


def test_a_substitute_of_several_seats_is_shown_nobody_s_vote_and_may_take_a_free_one(client, things):
    of = committee(cpas=2, seats=2)
    holders = [Mandate.objects.get(user__email=f"cpas{number}@cass.example") for number in (1, 2)]
    client.force_login(substitute_of(of, "CPAS").user)
    decision = asked(of, named={SideName.CPAS: [one.pk for one in holders]})
    address = f"/fr/decisions/vote/{decision.pk}/"
    cast(ballot(decision, "cpas1").pk, "against")
    assert 'name="choice"' in client.get(address).content.decode(), "a seat is free"
    cast(ballot(decision, "cpas2").pk, "against")
    taken = client.get(address)
    text = taken.content.decode()
    assert "Votre siège a déjà voté" in text and "Contre" not in text
    assert client.post(address, {"do": "vote", "choice": "for"}).status_code == 409


def test_without_an_organisation_nobody_stands_in_for_anybody(client, things):
    of = committee(cpas=1, seats=1)
    substitute = substitute_of(of, "CPAS")
    Mandate.objects.filter(body=of, side=SideName.CPAS).update(organisation=None)
    holder = Mandate.objects.get(user__email="cpas1@cass.example")
    decision = asked(of, named={SideName.CPAS: [holder.pk]})
    cast(ballot(decision, "cpas1").pk, "against")
    client.force_login(substitute.user)
    assert "Contre :" not in client.get(f"/fr/decisions/vote/{decision.pk}/").content.decode()


def test_a_number_that_no_row_can_have_is_not_there(client, decision):
    client.force_login(ballot(decision, "cpas1").user)
    for way in (f"{10**30}/", f"{10**17}/", f"{decision.pk}/objet/{10**30}/"):
        assert client.get(f"/fr/decisions/vote/{way}").status_code == 404
