"""The members' list of people, walked by every kind of reader: who is there, of what bodies, with what contact; and
what a search confirms.
"""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from kb.accounts.models import User
from kb.directory.models import Employment, Organisation
from kb.groups.choices import MandateRole
from tests.kb.accounts import builders
from tests.kb.accounts.builders import fresh_limits, member, open_session_without_second_factor
from tests.kb.groups.builders import body, day, mandate

__all__ = ["fresh_limits"]

pytestmark = pytest.mark.django_db

URL = "/en/members/people/"
READERS = ("member", "other", "consultant", "invitee", "past", "suspended", "nobody", "editor", "half")
# name -> those who see it
PEOPLE = {
    "Ada": {"member", "other", "consultant", "invitee", "editor"},  # a vote in PA, shares
    "Bea": {"member", "other", "editor"},  # a vote in LOG
    "Cleo": {"member", "other", "consultant", "invitee", "editor"},  # consultant of PA
    "Dora": set(),  # her mandate is over
    "Eva": set(),  # suspended
    "Fay": set(),  # her account is closed
    "Gus": set(),  # erased
    "Hans": set(),  # no mandate
}


@pytest.fixture
def site():
    """Bodies PA and LOG; a person of each sort,
    whose address is <name>@secret.example and whose phone ends in the name's length.
    """
    pa, log = body("PA"), body("LOG")
    made = {
        name: member(f"{name.lower()}@secret.example", name=f"Personne {name}", phone=f"02 000 {name}")
        for name in PEOPLE
    }
    for name in ("Ada", "Bea", "Cleo"):
        employer = Organisation.objects.create(code=name.lower(), name=f"Atelier {name}")
        Employment.objects.create(user=made[name], organisation=employer, function="coordinatrice")
    mandate(made["Ada"], pa, is_referent=True), mandate(made["Ada"], log, role=MandateRole.CONSULTANT)
    mandate(made["Bea"], log), mandate(made["Cleo"], pa, role=MandateRole.CONSULTANT)
    mandate(made["Dora"], pa, until=day(-1)), mandate(made["Eva"], pa, is_suspended=True)
    mandate(made["Fay"], pa), mandate(made["Gus"], pa)
    User.objects.filter(pk=made["Ada"].pk).update(shares_contact=True)
    User.objects.filter(pk=made["Fay"].pk).update(is_active=False)
    User.objects.filter(pk=made["Gus"].pk).update(erased_at=timezone.now())
    return {"PA": pa, "LOG": log, **made}


@pytest.fixture
def reader(site):
    """A client of each kind. member and editor sit in PA; other in LOG; consultant and invitee in PA without a vote."""

    def make(kind: str) -> Client:
        client = Client()
        if kind == "anyone":
            return client
        user = builders.editor(f"{kind}@r.example") if kind in ("editor", "half") else member(f"{kind}@r.example")
        seats = {
            "member": (site["PA"], MandateRole.MEMBER),
            "other": (site["LOG"], MandateRole.MEMBER),
            "consultant": (site["PA"], MandateRole.CONSULTANT),
            "invitee": (site["PA"], MandateRole.INVITEE),
        }
        if kind in seats:
            mandate(user, *seats[kind])
        if kind == "past":
            mandate(user, site["PA"], until=day(-1))
        if kind == "suspended":
            mandate(user, site["PA"], is_suspended=True)
        if kind == "editor":
            builders.log_in(client, user)
        else:
            open_session_without_second_factor(client, user)
        return client

    return make


def text(client: Client, query: str = "") -> str:
    response = client.get(URL + query)
    assert response.status_code == 200
    return response.content.decode()


def names(page: str) -> set[str]:
    return set(re.findall(r"Personne (\w+)", page))


@pytest.mark.parametrize("kind", READERS)
def test_each_reader_finds_those_they_may_know_of_and_nobody_else(reader, kind):
    assert names(text(reader(kind))) == {name for name, seen_by in PEOPLE.items() if kind in seen_by}


def test_whoever_is_not_logged_in_is_sent_to_log_in(client, site):
    response = client.get(URL)
    assert (
        response.status_code == 302
        and response["Location"].startswith("/en/account/log-in/")
        and "members" in response["Location"]
    )


@pytest.mark.parametrize("kind", ["nobody", "past", "suspended", "half"])
def test_without_a_mandate_the_page_says_one_sentence_and_counts_nothing(reader, kind):
    page = text(reader(kind))
    assert "You are in no group at the moment" in page
    assert "people-count" not in page
    assert not re.search(r"\d+ (?:person|people)\b", page) and "GT PA" not in page


@pytest.mark.parametrize("kind", ["consultant", "invitee"])
def test_consultants_and_invitees_know_of_their_own_bodies_only(reader, kind):
    client = reader(kind)
    page = text(client)
    assert "GT PA – Member, follows the contributions" in page
    assert "LOG" not in page
    assert not names(text(client, "?body=LOG"))


def test_members_see_every_seat_and_narrow_by_body(reader):
    client = reader("member")
    assert "GT LOG – Consultant" in text(client)
    assert names(text(client, "?body=LOG")) == {"Ada", "Bea"}
    assert names(text(client, "?body=ZZ")) == set() and names(text(client, "?body=%3Cscript%3E")) == {
        "Ada",
        "Bea",
        "Cleo",
    }


class TestContact:
    SEES_ADA = {"member", "other", "consultant", "invitee"}  # each sits in PA or LOG, as she does

    @pytest.mark.parametrize("kind", READERS)
    def test_address_and_phone_are_for_who_sits_in_the_same_body_where_she_shares_them(self, reader, kind):
        page = text(reader(kind))
        assert ("ada@secret.example" in page) == ("02 000 Ada" in page) == (kind in self.SEES_ADA)
        for name in set(PEOPLE) - {"Ada"}:
            assert f"{name.lower()}@secret.example" not in page and f"02 000 {name}" not in page

    def test_a_member_of_another_body_sees_neither(self, site, reader):
        site["Ada"].mandates.filter(body=site["LOG"]).delete()
        page = text(reader("other"))
        assert "Personne Ada" in page and "ada@secret.example" not in page and "02 000 Ada" not in page

    def test_a_seat_that_is_over_opens_no_contact(self, site, reader):
        site["Ada"].mandates.filter(body=site["LOG"]).update(until=day(-1))
        assert "ada@secret.example" not in text(reader("other"))

    def test_no_address_stands_in_for_a_name_that_is_missing(self, site, reader):
        User.objects.filter(pk=site["Bea"].pk).update(name="")
        page = text(reader("member"))
        assert "Name not given yet" in page and "bea@secret" not in page


class TestSearch:
    @pytest.mark.parametrize("typed", ["bea", "BEA personne", "Béa", "atelier bea", "coordinatrice bea"])
    def test_finds_by_name_organisation_and_function_whatever_the_accents(self, reader, typed):
        assert names(text(reader("member"), f"?q={typed}").split("people-count")[2]) == {"Bea"}

    @pytest.mark.parametrize("kind", ["member", "other", "consultant", "editor"])
    @pytest.mark.parametrize("typed", ["bea@secret.example", "secret.example", "ada@secret.example", "02 000"])
    def test_confirms_no_address_and_no_phone(self, reader, kind, typed):
        client = reader(kind)
        assert not names(text(client, f"?q={typed}"))
        assert _blind(text(client, f"?q={typed}"), typed) == _blind(
            text(client, "?q=nobody@nowhere.example"), "nobody@nowhere.example"
        )

    @pytest.mark.parametrize("typed", ["Bea", "Atelier Bea"])
    def test_a_consultant_learns_nothing_of_other_bodies_by_searching(self, reader, typed):
        client = reader("consultant")
        assert _blind(text(client, f"?q={typed}"), typed) == _blind(text(client, "?q=Zzz"), "Zzz")

    @pytest.mark.parametrize("name", ["Dora", "Eva", "Fay", "Gus", "Hans"])
    def test_nobody_hidden_is_found(self, reader, name):
        assert not names(text(reader("member"), f"?q={name}").split("people-count")[2])


def _blind(page: str, typed: str) -> str:
    """The page without what was typed and without what differs at every request."""
    page = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"|nonce="[^"]*"', "", page)
    main = page[page.index("<main") : page.index("</main>")]
    return main.replace(typed, "")


def test_a_successors_members_reach_the_people_of_the_body_before_it(site, reader):
    new = body("NEW")
    site["PA"].successor = new
    site["PA"].save()
    user = member("successor@r.example")
    mandate(user, new, role=MandateRole.CONSULTANT)
    client = Client()
    open_session_without_second_factor(client, user)
    assert names(text(client)) == {"Ada", "Cleo"}


def test_a_person_with_nothing_but_an_account_sees_what_is_public_and_their_own_only(site, reader):
    client = reader("nobody")
    for address in ("/en/", "/en/library/", "/en/organisations/", "/en/members/", "/en/search/?q=personne"):
        response = client.get(address, follow=True)
        page = response.content.decode()
        assert response.status_code == 200 and not names(page), address
        assert "secret.example" not in page


def test_the_list_is_kept_by_nobody_between_reader_and_site(reader):
    response = reader("member").get(URL)
    assert "no-store" in response["Cache-Control"] or "private" in response["Cache-Control"]
    assert 'content="noindex"' in response.content.decode()


@pytest.mark.parametrize("query", ["", "?q=personne", "?body=PA"])
def test_five_people_take_the_queries_of_two(site, reader, query):
    client, counted = reader("member"), []
    for first, last in ((0, 2), (2, 5)):
        for number in range(first, last):
            person, employer = (
                member(f"p{number}@x.example", name=f"Personne {number}"),
                Organisation.objects.create(code=f"o{number}", name="O"),
            )
            Employment.objects.create(user=person, organisation=employer)
            mandate(person, site["PA"], organisation=employer)
        text(client, query)
        with CaptureQueriesContext(connection) as queries:
            text(client, query)
        counted.append(len(queries))
    assert counted[0] == counted[1]


def test_long_lists_come_in_pages(site, reader):
    for number in range(60):
        mandate(member(f"p{number}@x.example", name=f"Personne {number:02}"), site["PA"])
    client = reader("member")
    first, second = text(client), text(client, "?page=2")
    assert len(names(first)) == 50 and len(names(first) | names(second)) == 63
    assert 'rel="next"' in first and 'rel="prev"' in second and "page=99999" not in second


@pytest.mark.parametrize("address", ["/fr/membres/personnes/", "/nl/leden/personen/", "/en/members/people/"])
def test_the_page_has_an_address_in_each_language(reader, address):
    response = reader("member").get(address)
    assert response.status_code == 200 and response.content.decode().count("Personne") >= 3
