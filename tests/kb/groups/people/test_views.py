"""Editors look after people: list, person, invitations, employer, closing;
without becoming masters of their colleagues' log-ins.
"""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from kb.accounts.login.invitations import invite
from kb.accounts.models import Invitation, User
from kb.directory.models import Employment, Organisation, Service
from kb.groups.choices import MandateRole
from kb.groups.models import Mandate
from tests.kb.accounts import builders
from tests.kb.accounts.builders import fresh_limits, member
from tests.kb.groups.builders import body, day, mandate
from tests.sending import stamps

__all__ = ["fresh_limits"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(client):
    user = builders.editor(language="en", name="Rédaction")
    builders.log_in(client, user)
    return user


def organisation(code="pf", name="Planning familial") -> Organisation:
    return Organisation.objects.create(code=code, name=name)


def listed(client, query: str = "") -> str:
    response = client.get(reverse("people:index") + query)
    assert response.status_code == 200
    return response.content.decode()


def names(page: str) -> set[str]:
    return set(re.findall(r"Personne \w+", page))


def page_of(client, person) -> str:
    response = client.get(reverse("people:edit", args=(person.pk,)))
    assert response.status_code == 200
    return response.content.decode()


def form(person=None, *, employments=(), mandates=(), **changes) -> dict:
    """What the browser sends; each line of a formset is a dict of its fields."""
    values = {"email": "a@x.example", "name": "Personne A", "language": "nl", "phone": ""}
    if person is not None:
        values = {"email": person.email, "name": person.name, "language": person.language, "phone": person.phone}
    for prefix, lines in (("employments", employments), ("mandates", mandates)):
        values |= {f"{prefix}-TOTAL_FORMS": len(lines), f"{prefix}-INITIAL_FORMS": sum("id" in line for line in lines)}
        values |= {f"{prefix}-MIN_NUM_FORMS": 0, f"{prefix}-MAX_NUM_FORMS": 1000}
        for number, line in enumerate(lines):
            values |= {f"{prefix}-{number}-{name}": value for name, value in line.items()}
    return values | changes


def save(client, person, **changes):
    edit = reverse("people:edit", args=(person.pk,))
    return client.post(edit, stamps(client, edit) | form(person, **changes))


class TestTheList:
    def test_shows_employers_bodies_referents_and_what_became_of_invitations(self, client, editor):
        group = body("PA")
        never, invited, came = (
            member(f"{name}@x.example", name=f"Personne {name}") for name in ("jamais", "attendue", "venue")
        )
        Employment.objects.create(user=never, organisation=organisation(), function="médiatrice")
        mandate(never, group, is_referent=True)
        invite(invited)
        came.last_login = timezone.now()
        came.save()
        page = listed(client)
        assert "Planning familial (médiatrice)" in page and "PA (referent)" in page
        assert "Never invited" in page and "Invited on" in page and "Came on" in page

    def test_filters_by_body_mandate_organisation_and_invitation(self, client, editor):
        group, pf = body("PA"), organisation()
        for name in ("seat", "past", "none", "works", "invited"):
            member(f"{name}@x.example", name=f"Personne {name}")
        people = {user.name.split()[-1]: user for user in User.objects.filter(name__startswith="Personne")}
        mandate(people["seat"], group, is_referent=True)
        mandate(people["past"], group, until=day(-1))
        Employment.objects.create(user=people["works"], organisation=pf)
        invite(people["invited"])
        everyone = {f"Personne {name}" for name in people}
        assert names(listed(client, f"?body={group.pk}")) == {"Personne seat"}
        assert names(listed(client, "?mandate=true")) == {"Personne seat"}
        assert names(listed(client, "?mandate=false")) == everyone - {"Personne seat"}
        assert names(listed(client, "?referent=true")) == {"Personne seat"}
        assert names(listed(client, "?organisation=planning")) == {"Personne works"}
        assert names(listed(client, "?state=never-came")) == {"Personne invited"}
        assert names(listed(client, "?state=never-invited")) == everyone - {"Personne invited"}
        User.objects.filter(pk=people["invited"].pk).update(last_login=timezone.now())
        assert names(listed(client, "?state=came")) == {"Personne invited"}

    @pytest.mark.parametrize("typed", ["personne acc", "ACCUEIL", "bureau@", "maison@"])
    def test_finds_by_a_piece_of_the_name_or_of_any_address(self, client, editor, typed):
        person = member("bureau@x.example", name="Personne accueil")
        EmailAddress.objects.create(user=person, email="maison@y.example", verified=False)
        member("autre@x.example", name="Personne autre")
        assert names(listed(client, f"?q={typed}")) == {"Personne accueil"}

    def test_erased_people_are_not_there(self, client, editor):
        person = member("a@x.example", name="Personne effacée")
        User.objects.filter(pk=person.pk).update(erased_at=timezone.now())
        assert not names(listed(client))
        assert client.get(reverse("people:edit", args=(person.pk,)), follow=True).status_code == 404

    def test_takes_the_same_queries_for_two_people_and_for_five(self, client, editor):
        group, counted = body("PA"), []
        for first, last in ((0, 2), (2, 5)):
            for number in range(first, last):
                person, employer = (
                    member(f"p{number}@x.example", name=f"Personne {number}"),
                    organisation(f"o{number}", f"O {number}"),
                )
                Employment.objects.create(user=person, organisation=employer)
                mandate(person, group, organisation=employer)
                invite(person)
            listed(client)
            with CaptureQueriesContext(connection) as queries:
                assert len(names(listed(client))) == last
            counted.append(len(queries))
        assert counted[0] == counted[1]


class TestAPerson:
    def test_is_added_with_employment_and_mandate_and_nothing_is_sent(
        self, client, editor, django_capture_on_commit_callbacks
    ):
        group, pf = body("PA"), organisation()
        with django_capture_on_commit_callbacks(execute=True):
            response = client.post(
                reverse("people:add"),
                form(
                    employments=[{"organisation": pf.pk, "function": "médiatrice", "since": "2025-01-01", "until": ""}],
                    mandates=[
                        {
                            "body": group.pk,
                            "role": "member",
                            "standing": "holder",
                            "organisation": pf.pk,
                            "is_referent": "on",
                            "since": "",
                            "until": "",
                        }
                    ],
                ),
            )
        person = User.objects.get(email="a@x.example")
        assert response["Location"] == reverse("people:edit", args=(person.pk,))
        assert (person.is_staff, person.is_superuser, person.has_usable_password(), person.language) == (
            False,
            False,
            False,
            "nl",
        )
        assert Employment.objects.get(user=person).function == "médiatrice"
        assert Mandate.objects.get(user=person).is_referent
        assert not Invitation.objects.exists() and not mail.outbox

    def test_is_added_and_invited_at_once(self, client, editor, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            client.post(reverse("people:add"), form(invite="1"))
        assert [message.to for message in mail.outbox] == [["a@x.example"]]

    def test_with_an_address_that_is_somebodys_is_refused_and_nothing_typed_is_lost(self, client, editor):
        other = member("autre@x.example")
        EmailAddress.objects.create(user=other, email="a@x.example", verified=True)
        response = client.post(reverse("people:add"), form(name="Personne à garder"))
        assert response.status_code == 200 and "Personne à garder" in response.content.decode()
        assert not User.objects.filter(name="Personne à garder").exists()

    def test_an_unsound_mandate_saves_nothing_of_the_page(self, client, editor):
        person, group = member("a@x.example", name="Avant"), body("PA")
        line = {
            "body": group.pk,
            "role": "member",
            "standing": "holder",
            "organisation": "",
            "since": "2026-01-01",
            "until": "2025-01-01",
        }
        response = save(client, person, name="Après", mandates=[line])
        person.refresh_from_db()
        assert response.status_code == 200 and person.name == "Avant" and not Mandate.objects.exists()
        assert "would end before it begins" in response.content.decode()

    def test_a_new_address_is_unproven_and_links_sent_to_the_former_stop_working(self, client, editor):
        person = member("a@x.example")
        invitation = invite(person)
        save(client, person, email="b@x.example")
        person.refresh_from_db(), invitation.refresh_from_db()
        assert (person.email, invitation.is_open) == ("b@x.example", False)
        assert not EmailAddress.objects.filter(user=person, verified=True).exists()

    def test_the_page_takes_the_same_queries_whatever_the_organisations_and_people(self, client, editor):
        person, counted = member("a@x.example"), []
        mandate(person, body("PA"), organisation=organisation())
        for more in (10, 50):
            for number in range(more):
                organisation(f"o{more}-{number}", f"O {number}"), member(f"p{more}-{number}@x.example")
            page_of(client, person)
            with CaptureQueriesContext(connection) as queries:
                page_of(client, person)
            counted.append(len(queries))
        assert counted[0] == counted[1]


class TestColleagues:
    """No editor becomes the master of another's log-in through this door."""

    @pytest.fixture(params=["editor", "superuser"])
    def colleague(self, request):
        return builders.editor(
            "collegue@cass.example", name="Collègue", is_superuser=request.param == "superuser", second_factor=False
        )

    def test_their_address_is_not_changed(self, client, editor, colleague):
        save(client, colleague, email="pirate@x.example")
        colleague.refresh_from_db()
        assert colleague.email == "collegue@cass.example"

    def test_their_name_language_and_phone_are_not_written_by_a_colleague(self, client, editor, colleague):
        save(client, colleague, name="Pirate", language="nl", phone="02 666")
        colleague.refresh_from_db()
        assert (colleague.name, colleague.language, colleague.phone) == ("Collègue", "fr", "")
        assert "only they and the editor-in-chief change this" in page_of(client, colleague)

    def test_the_editor_in_chief_writes_them_and_everybody_their_own(self, client, editor, colleague):
        save(client, editor, name="Moi-même", phone="02 1")
        User.objects.filter(pk=editor.pk).update(is_superuser=True)
        save(client, colleague, name="Collègue bis", language="nl", phone="02 2")
        editor.refresh_from_db(), colleague.refresh_from_db()
        assert (editor.name, editor.phone) == ("Moi-même", "02 1")
        assert (colleague.email, colleague.name, colleague.language, colleague.phone) == (
            "collegue@cass.example",
            "Collègue bis",
            "nl",
            "02 2",
        )

    def test_their_account_is_not_closed(self, client, editor, colleague):
        response = client.post(reverse("people:close", args=(colleague.pk,)), {"active": "0"})
        colleague.refresh_from_db()
        assert response.status_code in (302, 403) and colleague.is_active
        assert reverse("people:close", args=(colleague.pk,)) not in page_of(client, colleague)

    def test_nobody_closes_their_own_account_here(self, client, editor):
        client.post(reverse("people:close", args=(editor.pk,)), {"active": "0"})
        editor.refresh_from_db()
        assert editor.is_active

    def test_nobody_becomes_an_editor_whatever_is_sent(self, client, editor):
        person = member("a@x.example")
        save(client, person, is_staff="on", is_superuser="on", groups="1", password="x", is_active="")
        person.refresh_from_db()
        assert (person.is_staff, person.is_superuser, person.is_active, person.groups.count()) == (
            False,
            False,
            True,
            0,
        )

    def test_editors_still_have_no_list_of_log_ins(self, client, editor):
        assert client.get(reverse("wagtailusers_users:index")).status_code in (302, 403)


class TestInvitations:
    @pytest.fixture
    def three(self):
        """Never invited, invited long ago, came."""
        never, invited, came = (
            member(f"{name}@x.example", name=f"Personne {name}") for name in ("jamais", "attendue", "venue")
        )
        invite(invited)
        Invitation.objects.update(made_at=timezone.now() - timedelta(days=8))
        User.objects.filter(pk=came.pk).update(last_login=timezone.now())
        mail.outbox.clear()
        return never, invited, came

    def post(self, client, callbacks, query: str = "", **data):
        with callbacks(execute=True):
            return client.post(reverse("people:invite") + query, data)

    def test_asks_before_it_sends(self, client, editor, three, django_capture_on_commit_callbacks):
        response = self.post(client, django_capture_on_commit_callbacks, people=[person.pk for person in three])
        page = response.content.decode()
        assert names(page) == {"Personne jamais", "Personne attendue"}
        assert "1 person is left out" in page and "Send 2 invitations" in page
        assert not mail.outbox

    def test_sends_to_those_who_are_ticked_and_may_still_come(
        self, client, editor, three, django_capture_on_commit_callbacks
    ):
        self.post(client, django_capture_on_commit_callbacks, people=[person.pk for person in three], confirmed="1")
        assert sorted(message.to[0] for message in mail.outbox) == ["attendue@x.example", "jamais@x.example"]
        assert Invitation.objects.filter(made_by=editor).count() == 2

    @pytest.mark.parametrize(
        ("scope", "to"), [("never-came", "attendue@x.example"), ("never-invited", "jamais@x.example")]
    )
    def test_sends_to_all_of_the_list_in_one_state(
        self, client, editor, three, scope, to, django_capture_on_commit_callbacks
    ):
        self.post(client, django_capture_on_commit_callbacks, scope=scope, confirmed="1")
        assert [message.to for message in mail.outbox] == [[to]]

    def test_all_of_the_list_means_the_list_as_it_is_filtered(
        self, client, editor, three, django_capture_on_commit_callbacks
    ):
        mandate(three[1], body("PA"))
        other = body("LOG")
        self.post(client, django_capture_on_commit_callbacks, f"?body={other.pk}", scope="never-came", confirmed="1")
        self.post(client, django_capture_on_commit_callbacks, "?q=zzz", scope="never-came", confirmed="1")
        assert not mail.outbox

    def test_a_task_that_runs_twice_writes_once_to_each(self, editor, three):
        from kb.groups.people.inviting import send_invitations

        asked_at, ids = timezone.now().isoformat(), [person.pk for person in three]
        assert send_invitations.call(ids, editor.pk, asked_at) == {"sent": 2, "left_out": 1}
        assert send_invitations.call(ids, editor.pk, asked_at) == {"sent": 0, "left_out": 3}
        assert len(mail.outbox) == 2

    def test_nobody_whose_account_is_closed_is_written_to(
        self, client, editor, three, django_capture_on_commit_callbacks
    ):
        User.objects.filter(pk=three[0].pk).update(is_active=False)
        response = self.post(client, django_capture_on_commit_callbacks, people=[three[0].pk], confirmed="1")
        assert response.status_code == 302 and not mail.outbox

    def test_an_unknown_scope_is_not_found_and_a_get_sends_nothing(self, client, editor, three):
        assert client.post(reverse("people:invite"), {"scope": "everybody"}, follow=True).status_code == 404
        assert client.get(reverse("people:invite"))["Location"] == reverse("people:index")
        assert not mail.outbox


class TestAChangeOfEmployer:
    @pytest.fixture
    def person(self):
        person = member("a@x.example", name="Personne A")
        former = organisation()
        Employment.objects.create(user=person, organisation=former, since=day(-900))
        for code in ("PA", "LOG", "JEU"):
            mandate(person, body(code), organisation=former, since=day(-900), is_referent=code == "LOG")
        mandate(person, body("ENF"), organisation=organisation("other", "Autre"))
        return person

    def move(self, client, person, new, **fates):
        values = {"organisation": new.pk, "function": "juriste", "since": day(0).isoformat()}
        mandates = {one.body.code: one.pk for one in Mandate.objects.filter(user=person)}
        values |= {f"mandate-{mandates[code]}": fate for code, fate in fates.items()}
        return client.post(reverse("people:employer", args=(person.pk,)), values)

    def test_ends_the_one_begins_the_other_and_settles_each_mandate(self, client, editor, person):
        new = organisation("cpas", "CPAS")
        assert self.move(client, person, new, PA="end", LOG="carry", JEU="keep").status_code == 302
        employments = list(Employment.objects.order_by("pk").values_list("organisation__code", "until", "function"))
        assert employments == [("pf", day(-1), ""), ("cpas", None, "juriste")]
        mandates = Mandate.objects.filter(user=person)
        assert set(mandates.values_list("body__code", "organisation__code", "since", "until", "is_referent")) == {
            ("PA", "pf", day(-900), day(-1), False),
            ("LOG", "pf", day(-900), day(-1), True),
            ("LOG", "cpas", day(0), None, True),
            ("JEU", "pf", day(-900), None, False),
            ("ENF", "other", None, None, False),
        }

    def test_nothing_is_prolonged_and_a_service_of_the_former_employer_stays_there(self, client, editor, person):
        former = Organisation.objects.get(code="pf")
        service = Service.objects.create(organisation=former, code="s", name="Permanence")
        Mandate.objects.filter(body__code="PA").update(until=day(0), since=None)
        Mandate.objects.filter(body__code="LOG").update(since=day(30), service=service)
        values = {"organisation": organisation("cpas", "CPAS").pk, "function": "", "since": day(9).isoformat()}
        fates = {"PA": "carry", "LOG": "carry", "JEU": "end"}
        values |= {f"mandate-{one.pk}": fates[one.body.code] for one in Mandate.objects.filter(organisation=former)}
        assert client.post(reverse("people:employer", args=(person.pk,)), values).status_code == 302
        found = Mandate.objects.filter(body__code__in=fates)
        assert set(found.values_list("body__code", "organisation__code", "service", "until")) == {
            ("PA", "pf", None, day(0)),
            ("LOG", "cpas", None, None),
            ("JEU", "pf", None, day(8)),
        }

    def test_nothing_is_decided_for_the_editor(self, client, editor, person):
        response = self.move(client, person, organisation("cpas", "CPAS"), PA="end", LOG="carry")
        assert response.status_code == 200
        assert Employment.objects.filter(until=None).count() == 1 and Mandate.objects.filter(until=None).count() == 4

    def test_a_first_day_before_the_former_one_or_the_same_employer_is_refused(self, client, editor, person):
        assert (
            self.move(client, person, Organisation.objects.get(code="pf"), PA="end", LOG="end", JEU="end").status_code
            == 200
        )
        values = {"organisation": organisation("cpas", "CPAS").pk, "since": day(-1000).isoformat()}
        values |= {f"mandate-{one.pk}": "end" for one in Mandate.objects.all()}
        assert client.post(reverse("people:employer", args=(person.pk,)), values).status_code == 200
        assert Employment.objects.count() == 1

    def test_a_person_of_several_employers_says_which_one_they_leave(self, client, editor, person):
        second = Employment.objects.create(user=person, organisation=Organisation.objects.get(code="other"))
        url = reverse("people:employer", args=(person.pk,))
        assert "Which one do they leave?" in client.get(url).content.decode()
        assert "GT ENF" in client.get(f"{url}?from={second.pk}").content.decode()
        values = {"organisation": organisation("cpas", "CPAS").pk, "since": day(0).isoformat()}
        client.post(f"{url}?from=none", values)
        assert Employment.objects.running().filter(user=person).count() == 3


class TestClosing:
    def test_a_closed_account_logs_nobody_in_ends_sessions_and_opens_again(self, client, editor):
        from django.test import Client

        person = member("a@x.example")
        elsewhere = Client()
        builders.log_in(elsewhere, person)
        invitation = invite(person)
        client.post(reverse("people:close", args=(person.pk,)), {"active": "0"})
        person.refresh_from_db(), invitation.refresh_from_db()
        assert (person.is_active, invitation.is_open) == (False, False)
        assert (
            "_auth_user_id" not in elsewhere.get("/fr/", follow=True).wsgi_request.session
            or not elsewhere.get("/fr/").wsgi_request.user.is_authenticated
        )
        client.post(reverse("people:close", args=(person.pk,)), {"active": "1"})
        person.refresh_from_db()
        assert person.is_active
        assert not elsewhere.get("/fr/").wsgi_request.user.is_authenticated


@pytest.mark.parametrize("reader", ["anyone", "member", "referent", "half"])
def test_only_editors_with_their_second_factor_come_here(client, reader):
    person = member("a@x.example", name="Personne secrète")
    if reader in ("member", "referent"):
        user = member("membre@x.example")
        mandate(user, body("PA"), is_referent=reader == "referent", role=MandateRole.MEMBER)
        builders.log_in(client, user)
    if reader == "half":
        builders.open_session_without_second_factor(client, builders.editor())
    addresses = [reverse(f"people:{name}", args=(person.pk,)) for name in ("edit", "employer", "close")]
    addresses += [reverse(f"people:{name}") for name in ("index", "index_results", "add", "invite")]
    for address in addresses:
        for method in (client.get, client.post):
            response = method(address, {"people": person.pk, "confirmed": "1", "active": "0"})
            assert response.status_code in (302, 403), f"{address}: {response.status_code}"
            assert "Personne secrète" not in response.content.decode()
    person.refresh_from_db()
    assert person.is_active and not mail.outbox
