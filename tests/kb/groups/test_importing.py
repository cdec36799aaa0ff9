"""Bringing people in with a workbook: organisations, people, mandates; new, same, changed, not understood; nobody
twice, nobody's rights.
"""

from __future__ import annotations

from datetime import date

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kb.accounts.audiences import held_by
from kb.accounts.models import Invitation, User
from kb.clock.models import Notice, OutgoingMail
from kb.directory.models import Employment, Organisation
from kb.groups.choices import MandateRole
from kb.groups.models import Mandate
from kb.sheets import bringing_in
from kb.sheets.kinds import Context, sheet_kind
from kb.sheets.models import SheetImport
from tests.kb.accounts.builders import editor, member
from tests.kb.groups.builders import body, day, mandate
from tests.kb.sheets.builders import book

pytestmark = pytest.mark.django_db

PEOPLE = ("Adresse électronique", "Nom", "Langue", "Téléphone", "Employeur", "Fonction", "Depuis le", "Autres adresses")
MANDATES = ("Adresse électronique", "Groupe", "Organisation", "Qualité", "Depuis le", "Jusqu’au", "Personne référente")
ORGANISATIONS = ("Code", "Nom", "Type")


def workbook(*, people=(), mandates=(), organisations=()) -> bytes:
    sheets = {"Mandats": [MANDATES, *mandates], "Organisations": [ORGANISATIONS, *organisations]}
    return book(people, name="Personnes", headers=PEOPLE, more=sheets)


def looked(content: bytes) -> SheetImport:
    user = User.objects.filter(email="gestion@cass.example").first() or member("gestion@cass.example", language="en")
    made = bringing_in.put_in(ContentFile(content), kind="people", name="people.xlsx", user=user)
    bringing_in.work_through.call(made.pk)
    made.refresh_from_db()
    assert made.state == "looked", made.problem
    return made


def written(content: bytes) -> SheetImport:
    made = looked(content)
    bringing_in.write(made)
    bringing_in.work_through.call(made.pk)
    made.refresh_from_db()
    assert made.state == "done"
    return made


def said(sheet_import: SheetImport) -> list[tuple[str, str, str]]:
    return list(sheet_import.rows.values_list("sheet", "verdict", "message"))


def one(sheet_import: SheetImport) -> tuple[str, str]:
    [(_sheet, verdict, message)] = said(sheet_import)
    return verdict, message


def organisation(code="pf", name="Planning familial", **values) -> Organisation:
    return Organisation.objects.create(code=code, name=name, **values)


def test_a_hundred_people_come_in_with_one_workbook_and_nothing_is_sent(django_capture_on_commit_callbacks):
    group = body("PA")
    people = [
        (f"p{number}@asbl.example", f"Personne {number}", "nl", "02 555 00 00", "asbl-verte", "médiatrice", "", "")
        for number in range(100)
    ]
    seats = [
        (f"p{number}@asbl.example", "PA", "asbl-verte", "Membre", "01/09/2025", "", "oui" if number == 0 else "")
        for number in range(100)
    ]
    with django_capture_on_commit_callbacks(execute=True):
        found = written(workbook(organisations=[("asbl-verte", "ASBL Verte", "ASBL")], people=people, mandates=seats))

    assert (found.rows.filter(verdict="new").count(), found.rows.exclude(written_at=None).count()) == (201, 201)
    assert User.objects.filter(email__startswith="p").count() == 100
    person = User.objects.get(email="p7@asbl.example")
    assert (person.name, person.language, person.phone, person.has_usable_password()) == (
        "Personne 7",
        "nl",
        "02 555 00 00",
        False,
    )
    assert Employment.objects.get(user=person).function == "médiatrice"
    seat = Mandate.objects.get(user=person)
    assert (seat.body, seat.organisation.name, seat.role, seat.since) == (
        group,
        "ASBL Verte",
        MandateRole.MEMBER,
        date(2025, 9, 1),
    )
    assert Mandate.objects.get(is_referent=True).user.email == "p0@asbl.example"
    assert (
        not mail.outbox
        and not OutgoingMail.objects.exists()
        and not Notice.objects.exists()
        and not Invitation.objects.exists()
    )


def test_the_same_workbook_a_second_time_is_all_same():
    body("PA")
    content = workbook(
        organisations=[("asbl", "ASBL Verte", "association")],
        people=[("a@x.example", "Accueil", "fr", "02 1", "asbl", "accueil", "01/02/2024", "b@x.example, c@x.example")],
        mandates=[
            ("a@x.example", "PA", "asbl", "consultant", "01/02/2024", "31/12/2030", "oui"),
            ("a@x.example", "GT PA", "", "", "", "", ""),
        ],
    )
    first = written(content)
    assert [verdict for _sheet, verdict, _message in said(first)] == ["new", "new", "new", "same"]
    before = (User.objects.count(), Mandate.objects.count(), Employment.objects.count(), EmailAddress.objects.count())
    again = looked(content)
    assert {verdict for _sheet, verdict, _message in said(again)} == {"same"}, said(again)
    bringing_in.write(again)
    bringing_in.work_through.call(again.pk)
    assert before == (
        User.objects.count(),
        Mandate.objects.count(),
        Employment.objects.count(),
        EmailAddress.objects.count(),
    )


class TestPeople:
    def test_what_changes_is_said_in_words(self):
        person = member("a@x.example", name="Médiation", phone="02 1")
        Employment.objects.create(user=person, organisation=organisation(), function="médiatrice")

        verdict, message = one(
            written(workbook(people=[("A@X.example", "", "nl", "02 2", "Planning familial", "coordinatrice", "", "")]))
        )

        assert verdict == "changed"
        assert message == "language: Français → Nederlands; phone: 02 1 → 02 2; function: médiatrice → coordinatrice"
        person.refresh_from_db()
        assert (person.name, person.language, person.phone) == ("Médiation", "nl", "02 2")
        assert Employment.objects.get().function == "coordinatrice"

    def test_empty_cells_and_lacking_columns_leave_what_is_there(self):
        person = member("a@x.example", name="Médiation", phone="02 1", language="nl")
        Employment.objects.create(user=person, organisation=organisation(), function="médiatrice")
        assert one(looked(workbook(people=[("a@x.example", "", "", "", "", "", "", "")]))) == ("same", "")
        assert one(looked(book([("a@x.example",)], name="People", headers=("E-mail",)))) == ("same", "")

    @pytest.mark.parametrize("address", ["maison@y.example", "MAISON@Y.EXAMPLE"])
    def test_someone_is_recognised_by_a_further_address_that_they_proved(self, address):
        person = member("a@x.example", name="Médiation")
        EmailAddress.objects.create(user=person, email="maison@y.example", verified=True)
        written(workbook(people=[(address, "Médiation sociale", "", "", "", "", "", "")]))
        person.refresh_from_db()
        assert (person.name, person.email, User.objects.filter(name__startswith="Médiation").count()) == (
            "Médiation sociale",
            "a@x.example",
            1,
        )

    def test_an_address_that_somebody_typed_and_never_proved_decides_nothing(self):
        stranger = member("etranger@y.example", name="Étranger")
        EmailAddress.objects.create(user=stranger, email="directrice@x.example", verified=False)
        found = written(workbook(people=[("directrice@x.example", "Direction", "", "", "", "", "", "")]))
        verdict, message = one(found)
        assert verdict == "unclear" and "“directrice@x.example” stands with Étranger" in message
        assert not User.objects.filter(email="directrice@x.example").exists()

    def test_further_addresses_are_kept_unproven_and_the_next_list_makes_nobody_twice(self):
        written(workbook(people=[("a@x.example", "Accueil", "", "", "", "", "", "b@x.example")]))
        assert EmailAddress.objects.get(email="b@x.example").verified is False
        verdict, _message = one(written(workbook(people=[("b@x.example", "Accueil", "", "", "", "", "", "")])))
        assert verdict == "unclear"
        assert User.objects.filter(name="Accueil").count() == 1
        verdict, _message = one(
            written(workbook(people=[("b@x.example", "Accueil", "", "", "", "", "", "a@x.example")]))
        )
        assert verdict == "same"

    def test_addresses_of_two_people_in_one_line_are_not_understood(self):
        member("a@x.example", name="Une"), member("b@x.example", name="Deux")
        verdict, message = one(looked(workbook(people=[("a@x.example", "Une", "", "", "", "", "", "b@x.example")])))
        assert verdict == "unclear" and "Une" in message and "Deux" in message

    def test_the_same_address_in_two_lines_is_told(self):
        found = looked(workbook(people=[("a@x.example", "Une", *[""] * 6), ("A@x.example", "Deux", *[""] * 6)]))
        assert [verdict for _sheet, verdict, _message in said(found)] == ["new", "unclear"]
        assert said(found)[1][2] == "The same as line 2 of this sheet. Keep one of them."

    UNCLEAR = {
        "address": ("pas une adresse", "", "", "", "", "", "", ""),
        "no address": ("", "Sans adresse", "", "", "", "", "", ""),
        "language": ("a@x.example", "", "klingon", "", "", "", "", ""),
        "employer": ("a@x.example", "", "", "", "Nulle part", "", "", ""),
        "day": ("a@x.example", "", "", "", "pf", "", "bientôt", ""),
        "other address": ("a@x.example", "", "", "", "", "", "", "n'importe quoi"),
        "name too long": ("a@x.example", "x" * 200, "", "", "", "", "", ""),
        "function without employer": ("known@x.example", "", "", "", "", "médiatrice", "", ""),
        "function of somebody new without employer": ("new@x.example", "Neuve", "", "", "", "médiatrice", "", ""),
        "closed": ("closed@x.example", "Fermée", "", "", "", "", "", ""),
    }

    @pytest.mark.parametrize("case", UNCLEAR)
    def test_what_is_not_understood_says_why_and_is_left_out(self, case):
        organisation()
        member("known@x.example"), member("closed@x.example", is_active=False)
        before = User.objects.count() + 1  # whoever puts the workbook in
        verdict, message = one(written(workbook(people=[self.UNCLEAR[case]])))
        assert verdict == "unclear" and message
        assert User.objects.count() == before

    def test_another_employer_ends_the_former_employment_and_leaves_the_mandates(self):
        person, former, new = member("a@x.example"), organisation(), organisation("cpas", "CPAS")
        Employment.objects.create(user=person, organisation=former, since=date(2020, 1, 1))
        seat = mandate(person, body("PA"), organisation=former)
        verdict, message = one(
            written(workbook(people=[("a@x.example", "", "", "", "cpas", "juriste", "01/10/2026", "")]))
        )
        assert (verdict, message) == ("changed", "employer: Planning familial → CPAS")
        assert list(Employment.objects.order_by("pk").values_list("organisation", "since", "until")) == [
            (former.pk, date(2020, 1, 1), date(2026, 9, 30)),
            (new.pk, date(2026, 10, 1), None),
        ]
        seat.refresh_from_db()
        assert (seat.organisation, seat.until) == (former, None)

    def test_two_organisations_of_one_name_are_told_apart_by_code(self):
        organisation(), organisation("pf2")
        verdict, message = one(looked(workbook(people=[("a@x.example", "", "", "", "Planning familial", "", "", "")])))
        assert verdict == "unclear" and "pf, pf2" in message
        assert one(looked(workbook(people=[("a@x.example", "", "", "", "PF2", "", "", "")])))[0] == "new"

    def test_an_organisation_is_found_by_its_name_in_another_language(self):
        organisation(other_names={"nl": "Gezinsplanning", "source": "nl"})
        assert one(looked(workbook(people=[("a@x.example", "", "", "", "gezinsplanning", "", "", "")])))[0] == "new"

    def test_first_names_in_a_column_of_their_own_join_the_name(self):
        content = book(
            [("a@x.example", "Sociale", "Médiation")], name="Personnes", headers=("Courriel", "Nom", "Prénom")
        )
        written(content)
        assert User.objects.get(email="a@x.example").name == "Médiation Sociale"


class TestRights:
    def test_an_import_gives_and_takes_no_rights_of_editors(self):
        boss, plain = (
            editor("chef@cass.example", is_superuser=True, name="Cheffe"),
            editor("redac@cass.example", name="Rédaction"),
        )
        fields = ("is_staff", "is_superuser", "is_active", "password", "groups")
        before = list(User.objects.filter(is_staff=True).order_by("pk").values_list(*fields))
        lines = [
            ("chef@cass.example", "Autre nom", "nl", "", "", "", "", ""),
            ("redac@cass.example", "", "", "02 9", "", "", "", ""),
        ]
        found = said(written(workbook(people=lines)))
        assert list(User.objects.filter(is_staff=True).order_by("pk").values_list(*fields)) == before
        boss.refresh_from_db(), plain.refresh_from_db()
        assert (boss.name, boss.language, plain.phone) == ("Cheffe", "fr", "")
        assert [verdict for _sheet, verdict, _message in found] == ["unclear", "unclear"]
        assert "Cheffe edits the site: only they and the editor-in-chief change their name" in found[0][2]

    def test_the_editor_in_chief_brings_in_lines_of_editors_and_everybody_their_own(self):
        importer, other = (
            editor("gestion@cass.example", language="en", name="Gestion"),
            editor("redac@cass.example", name="Rédaction"),
        )
        lines = [
            ("gestion@cass.example", "", "", "02 1", "", "", "", ""),
            ("redac@cass.example", "", "", "02 9", "", "", "", ""),
        ]
        assert [verdict for _sheet, verdict, _message in said(looked(workbook(people=lines)))] == ["changed", "unclear"]
        User.objects.filter(pk=importer.pk).update(is_superuser=True)
        written(workbook(people=lines))
        importer.refresh_from_db(), other.refresh_from_db()
        assert (importer.phone, other.phone) == ("02 1", "02 9")

    def test_an_import_adds_no_address_to_an_editor(self):
        editor("redac@cass.example", name="Rédaction")
        verdict, message = one(
            written(workbook(people=[("redac@cass.example", "", "", "", "", "", "", "pirate@x.example")]))
        )
        assert verdict == "unclear" and "Rédaction edits the site" in message
        assert not EmailAddress.objects.filter(email="pirate@x.example").exists()

    def test_a_new_person_edits_nothing_and_cannot_log_in_before_an_invitation(self):
        written(workbook(people=[("a@x.example", "Accueil", *[""] * 6)]))
        person = User.objects.get(email="a@x.example")
        assert (person.is_staff, person.is_superuser, person.groups.count(), person.has_usable_password()) == (
            False,
            False,
            0,
            False,
        )
        assert EmailAddress.objects.get(user=person).verified is False


class TestMandates:
    @pytest.fixture
    def person(self):
        return member("a@x.example", name="Accueil")

    def line(self, **changes):
        values = {
            "email": "a@x.example",
            "body": "PA",
            "organisation": "",
            "role": "membre",
            "since": "",
            "until": "",
            "referent": "",
        }
        return tuple({**values, **changes}.values())

    def test_a_mandate_is_recognised_and_its_changes_are_said(self, person):
        seat = mandate(person, body("PA"), organisation=organisation(), since=date(2025, 1, 1))
        verdict, message = one(
            written(
                workbook(mandates=[self.line(organisation="pf", since="01/01/2025", until="31/12/2026", referent="ja")])
            )
        )
        assert verdict == "changed" and "31/12/2026" in message and "follows the contributions: no → yes" in message
        seat.refresh_from_db()
        assert (seat.until, seat.is_referent, Mandate.objects.count()) == (date(2026, 12, 31), True, 1)

    def test_the_key_is_person_body_organisation_role_and_first_day(self, person):
        mandate(person, body("PA"), organisation=organisation(), since=date(2020, 1, 1), until=date(2021, 1, 1))
        assert (
            one(looked(workbook(mandates=[self.line(organisation="pf", since="01/01/2020", until="01/01/2021")])))[0]
            == "same"
        )
        assert one(looked(workbook(mandates=[self.line(organisation="pf", since="02/01/2022")])))[0] == "new"

    def test_a_first_day_that_was_open_is_filled_in(self, person):
        mandate(person, body("PA"))
        verdict, message = one(written(workbook(mandates=[self.line(since="01/09/2025")])))
        assert (verdict, Mandate.objects.get().since) == ("changed", date(2025, 9, 1)), message

    def test_a_second_mandate_beside_a_running_one_is_not_understood(self, person):
        mandate(person, body("PA"), role=MandateRole.CONSULTANT)
        verdict, message = one(written(workbook(mandates=[self.line()])))
        assert verdict == "unclear" and message.startswith("There is already a mandate there (Consultant)")
        assert Mandate.objects.count() == 1

    def test_another_role_comes_in_by_ending_the_former_in_the_line_above(self, person):
        mandate(person, body("PA"), role=MandateRole.CONSULTANT, since=date(2020, 1, 1))
        lines = [
            self.line(role="consultant", since="01/01/2020", until="31/08/2026"),
            self.line(role="membre", since="01/09/2026"),
        ]
        found = written(workbook(mandates=lines))
        assert [verdict for _sheet, verdict, _message in said(found)] == ["changed", "new"]
        assert list(Mandate.objects.order_by("pk").values_list("role", "until")) == [
            ("consultant", date(2026, 8, 31)),
            ("member", None),
        ]

    @pytest.mark.parametrize("text", ["pa", "GT PA", "wg pa"])
    def test_a_body_is_found_by_code_or_name_in_any_language(self, person, text):
        body("PA")
        assert one(looked(workbook(mandates=[self.line(body=text)])))[0] == "new"

    @pytest.mark.parametrize(
        "role", ["Membre", "Avec voix délibérative", "Stemgerechtigd", "met stem", "deliberative", "Member with a vote"]
    )
    def test_roles_are_understood_in_any_language(self, person, role):
        body("PA")
        written(workbook(mandates=[self.line(role=role)]))
        assert Mandate.objects.get().role == MandateRole.MEMBER

    @pytest.mark.parametrize(
        "changes",
        [
            *(
                {"body": "ZZ"},
                {"role": ""},
                {"role": "pirate"},
                {"since": "01/01/2026", "until": "01/01/2025"},
                {"email": "nobody@x.example"},
            ),
            *({"organisation": "Nulle part"}, {"referent": "peut-être"}, {"body": "OLD"}),
        ],
        ids=str,
    )
    def test_what_is_not_understood_says_why_and_is_left_out(self, person, changes):
        body("OLD", successor=body("PA"), is_active=False)
        verdict, message = one(written(workbook(mandates=[self.line(**changes)])))
        assert verdict == "unclear" and message
        assert not Mandate.objects.exists()

    def test_a_mandate_of_a_person_whose_own_line_was_left_out_is_left_out(self):
        body("PA")
        found = written(workbook(people=[("a@x.example", "", "klingon", *[""] * 5)], mandates=[self.line()]))
        assert [verdict for _sheet, verdict, _message in said(found)] == ["unclear", "unclear"]

    def test_a_past_mandate_of_a_body_that_no_longer_meets_may_come_in(self, person):
        body("OLD", is_active=False)
        assert (
            one(looked(workbook(mandates=[self.line(body="OLD", since="01/01/2010", until="31/12/2012")])))[0] == "new"
        )

    def test_a_referent_brought_in_holds_its_audience(self, person):
        body("PA")
        written(workbook(mandates=[self.line(since=day(-1).strftime("%d/%m/%Y"), referent="oui")]))
        assert "referent:PA" in held_by(person, second_factor=False)


def test_looking_at_a_line_takes_the_same_queries_with_two_and_with_five_of_everything():
    kind, counted = sheet_kind("people"), []
    lines = (
        ("organisations", {"code": "new", "name": "New", "kind": ""}),
        (
            "people",
            {
                "email": "p0@x.example",
                "name": "N",
                "organisation": "o0",
                "function": "f",
                "other_addresses": "q@x.example",
            },
        ),
        (
            "mandates",
            {"email": "p0@x.example", "body": "PA", "organisation": "o0", "role": "membre", "since": "2026-01-01"},
        ),
    )
    group = body("PA")
    for first, last in ((0, 2), (2, 5)):
        for number in range(first, last):
            person, employer = member(f"p{number}@x.example"), organisation(f"o{number}", f"O {number}")
            mandate(person, group, organisation=employer, since=date(2026, 1, 1))
            Employment.objects.create(user=person, organisation=employer)
        for sheet, values in lines:
            with CaptureQueriesContext(connection) as queries:
                kind.look(Context(line=2), kind.sheet(sheet), values)
            counted.append(len(queries))
    assert counted[:3] == counted[3:]
    assert max(counted) <= 8
