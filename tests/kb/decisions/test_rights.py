"""What is not yours is not there: decisions, seats, votes, words and what is asked about, for each kind of reader."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from kb.accounts.audiences import held_by
from kb.decisions.deciding import closing
from kb.decisions.deciding.casting import cast
from kb.decisions.deciding.disputing import dispute
from kb.decisions.indexing import DecisionKind
from kb.decisions.linking import DecisionSitemap
from kb.decisions.models import Decision, Vote
from kb.groups.choices import MandateRole, Standing
from kb.groups.models import Body
from tests.kb.accounts.builders import editor, log_in, member
from tests.kb.accounts.builders import fresh_limits as fresh_limits
from tests.kb.decisions.builders import asked, ballot, committee, invited, leaflets, organisation, sitting
from tests.kb.groups.builders import body, mandate

pytestmark = pytest.mark.django_db
READERS = ("anyone", "member", "asker", "consultant", "seat", "substitute", "invited", "editor", "half")
OF_BODY = {"seat", "substitute", "invited", "editor"}
OF_ASKER = {"asker", "consultant"}
WORD = "motsecretduvote"


@pytest.fixture
def house():
    with leaflets() as things:
        of = committee()
        pa, other = body("PA"), body("LOG")
        people = {
            "member": member("membre@cass.example"),
            "asker": member("demande@cass.example"),
            "consultant": member("consulte@cass.example"),
            "seat": ballotless("cpas1"),
        }
        mandate(people["member"], other)
        mandate(people["asker"], pa)
        mandate(people["consultant"], pa, role=MandateRole.CONSULTANT)
        people["substitute"] = sitting(of, "rempl", organisation("CPAS", "cpas"), standing=Standing.SUBSTITUTE).user
        people["invited"] = invited(of).user
        people["editor"] = editor()
        people["half"] = editor("moitie@cass.example", second_factor=False)
        yield things, of, people


def ballotless(name: str):
    from kb.accounts.models import User

    return User.objects.get(email=f"{name}@cass.example")


def client_of(people, reader: str) -> Client:
    client = Client()
    if reader in people:
        log_in(client, people[reader], code=reader != "half")
    return client


def decided(of: Body, *, choice: str = "for") -> Decision:
    decision = asked(of, asked_by=Body.objects.get(code="PA"))
    for name in ("cpas1", "cpas2", "asso1", "asso2"):
        cast(ballot(decision, name).pk, choice, WORD)
    closing.close(decision.pk, at=timezone.now() + timedelta(hours=80))
    return Decision.objects.get(pk=decision.pk)


def sees(client: Client, decision: Decision) -> tuple[bool, bool, bool]:
    """Whether the page opens, the list names it, and the page says how the seats voted with their words."""
    page = client.get(f"/fr/decisions/{decision.code}/")
    listed = decision.code in client.get("/fr/decisions/").content.decode()
    text = page.content.decode() if page.status_code == 200 else ""
    assert page.status_code in (200, 404)
    return page.status_code == 200, listed, WORD in text


@pytest.mark.parametrize("reader", READERS)
def test_who_reads_a_decision_and_its_seats(house, reader):
    things, of, people = house
    public, refused = decided(of), None
    client = client_of(people, reader)
    assert sees(client, public) == (True, True, reader in OF_BODY)
    things.texts[1] = "Un autre texte"
    refused = decided(of, choice="against")
    is_told = reader in OF_BODY | OF_ASKER
    assert sees(client, refused) == (is_told, is_told, reader in OF_BODY)


@pytest.mark.parametrize("reader", READERS)
def test_a_question_that_is_open_is_the_bodys_and_its_choices_nobodys(house, reader):
    _things, of, people = house
    decision = asked(of, asked_by=Body.objects.get(code="PA"))
    cast(ballot(decision, "cpas2").pk, "against", WORD)
    client = client_of(people, reader)
    listed = client.get("/fr/decisions/").content.decode()
    assert ("Publier le dépliant" in listed) == (reader in OF_BODY)
    own = client.get(f"/fr/decisions/vote/{decision.pk}/")
    assert (own.status_code == 200) == (reader in {"seat", "substitute", "invited"})
    row = client.get(f"/fr/decisions/vote/{decision.pk}/objet/1/")
    assert (row.status_code == 200) == (reader in {"seat", "substitute", "invited"})
    admin = client.get(f"/admin/decision/{decision.pk}/")
    assert (admin.status_code == 200) == (reader == "editor")
    for answer in (own, admin):
        assert WORD not in answer.content.decode()


def test_a_number_that_is_not_yours_answers_as_one_that_was_never_given(house):
    things, of, people = house
    things.texts[1] = "Refusé"
    decision = decided(of, choice="against")
    client = client_of(people, "member")
    hidden = client.get(f"/fr/decisions/{decision.code}/")
    missing = client.get("/fr/decisions/CP-1999-001/")
    assert hidden.status_code == missing.status_code == 404
    assert hidden.content.decode().replace(decision.code, "") == missing.content.decode().replace("CP-1999-001", "")


def test_the_search_finds_what_the_page_shows_and_never_a_word_of_a_vote(house):
    things, of, people = house
    public = decided(of)
    things.texts[1] = "Refusé"
    refused = decided(of, choice="against")
    kind = DecisionKind()
    keys = {f"{Decision.subject_of(one.pk)}/": () for one in (public, refused)}
    for reader in READERS:
        held = held_by(people.get(reader), second_factor=reader == "editor")
        found = kind.found(keys, audiences=held, language="fr")
        of_both = reader in OF_BODY | OF_ASKER
        assert {one.card.mark for one in found.values()} == {public.code, *([refused.code] if of_both else ())}
    for _subject, entries in kind.entries([Decision.subject_of(public.pk), Decision.subject_of(refused.pk)]):
        assert all(WORD not in section.text for entry in entries for section in entry.sections)


def test_the_map_for_machines_names_what_everyone_may_see_alone(house):
    things, of, _people = house
    public = decided(of)
    things.texts[1] = "Refusé"
    refused = decided(of, choice="against")
    rows = list(DecisionSitemap().items())
    assert ("CP", public.year, public.number) in rows and ("CP", refused.year, refused.number) not in rows


def test_what_is_in_doubt_is_for_the_body_and_who_asked_alone(house):
    _things, of, people = house
    decision = decided(of)
    dispute(Vote.objects.filter(decision=decision).first().pk)
    decision.refresh_from_db()
    assert sees(client_of(people, "anyone"), decision)[:2] == (False, False)
    assert sees(client_of(people, "seat"), decision)[:2] == (True, True)


def test_messages_about_a_vote_go_to_its_person_alone_and_name_no_other_vote(house):
    _things, of, _people = house
    decided(of)
    for one in mail.outbox:
        assert len(one.to) == 1
        assert WORD not in one.body or one.kind == "decisions.receipt"
