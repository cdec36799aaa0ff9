"""What a program wrote and nobody has looked at is listed to editors, shown on the form with why, and taken off by a
box or by another value; readers are told nothing false meanwhile.
"""

from __future__ import annotations

from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext, override

from kb.accounts.audiences import STAFF, held_by
from kb.accounts.models import User
from kb.files.models import FileVersion
from kb.library.catalogue.verifying import field_name, mark, verified
from kb.library.choices import Doubt, ReferenceState
from kb.library.contributions.waiting import to_verify
from kb.library.drafting import fill
from kb.library.hits.entries import ReferenceKind
from kb.library.models import Contribution, LineToVerify, Reference
from tests.kb.accounts import builders as people
from tests.kb.library import builders as make
from tests.kb.library.test_admin import form, list_url

pytestmark = pytest.mark.django_db


def marks(reference: Reference) -> dict[str, str]:
    return dict(LineToVerify.objects.filter(reference=reference).values_list("field", "why"))


def doubted(title: str = "Le bail", **doubts: str) -> Reference:
    reference = make.reference(title, audiences=("public",))
    mark(reference, doubts or {"title": Doubt.NAME, "date_text": Doubt.NOWHERE})
    return reference


def edit_url(reference: Reference) -> str:
    return reverse("wagtailsnippets_library_reference:edit", args=[reference.pk])


def edit_form(reference: Reference, **changes) -> dict:
    """What the form of this reference sends when nothing was touched but the changes."""
    own = {name: getattr(reference, name) for name in ("title", "language", "type", "date_text", "audiences")}
    empty = {"translated_titles_nl": "", "keywords_fr": "", "keywords_nl": ""}
    none = {"creators-TOTAL_FORMS": "0", "files-TOTAL_FORMS": "0"}
    return {**form(reference.body), **own, **empty, **none, **changes}


@pytest.fixture
def editor(client):
    user = people.editor()
    people.log_in(client, user)
    return user


def imported(*pages: str, language: str = "fr", state: str = "read", name: str = "le_bail_v2.pdf") -> Contribution:
    """As an import leaves it before its file is read."""
    reference = make.reference("Le bail", state=ReferenceState.DRAFT, language="", type="")
    named = {"title": {"value": "Le bail", "where": "name", "page": None}}
    make.file(reference, *pages, language=language, state=state, name=name)
    return Contribution.objects.create(reference=reference, accept_when_read=True, drafted=named)


class TestFilling:
    def test_what_was_read_is_accepted_and_what_is_not_sure_is_marked(self):
        made = imported(
            "Dossier sur le logement à Schaerbeek\nAuteur : Groupe de travail Logement\nmai 2011",
            "La garantie locative protège le bailleur. " * 9,
        )
        fill(made)
        reference = Reference.objects.get()

        assert (reference.state, reference.language, reference.date_text) == ("accepted", "fr", "2011-05")
        assert not {"date_text", "creators", "language"} & set(marks(reference))

    def test_a_type_that_nothing_says_is_left_open_and_marked(self):
        fill(imported("Vivre ici\n\n" + "La commune accueille ses habitants. " * 9, "Suite. " * 40, "Fin. " * 40))
        reference = Reference.objects.get()

        assert reference.type == "" and marks(reference)["type"] == Doubt.NOWHERE

    @pytest.mark.parametrize("state", ["broken", "encrypted", "scan", "unsupported"])
    def test_what_cannot_be_read_is_accepted_with_everything_to_verify_and_no_language(self, state):
        fill(imported(state=state))
        reference = Reference.objects.get()

        assert (reference.state, reference.title, reference.language, reference.type) == ("accepted", "Le bail", "", "")
        assert marks(reference) == {
            "title": "name",
            "date_text": "unread",
            "creators": "unread",
            "language": "unread",
            "type": "unread",
        }

    def test_what_waits_to_be_read_is_not_accepted_yet(self):
        fill(imported(state="waiting"))
        assert Reference.objects.get().state == "draft" and not LineToVerify.objects.exists()

    def test_a_later_reading_may_fill_what_nobody_looked_at_and_nothing_else(self):
        made = imported(state="scan")
        fill(made)
        reference = Reference.objects.get()
        verified(reference, ["title"])
        make.version(
            reference.files.get().stored_file,
            ("Dossier sur le logement\nAuteur : Groupe de travail Logement\nmai 2011", "La garantie locative. " * 9),
        )
        fill(Contribution.objects.select_related("reference").get())
        reference.refresh_from_db()

        assert (reference.title, reference.date_text, reference.language) == ("Le bail", "2011-05", "fr")
        assert not {"title", "date_text", "language"} & set(marks(reference))

    def test_a_text_that_came_while_the_older_was_looked_at_is_left_to_who_brought_it(self, monkeypatch):
        made = imported(state="scan")

        def meanwhile(reference, version):
            FileVersion.objects.update(reading=7)
            return {}

        monkeypatch.setattr("kb.library.drafting.filling.lines_of_reference", meanwhile)
        fill(made)
        assert Reference.objects.get().state == "draft" and Contribution.objects.get().drafted_from is None

    def test_a_member_s_own_contribution_is_never_accepted_by_itself(self):
        made = imported("Dossier sur le logement\nmai 2011")
        Contribution.objects.update(accept_when_read=False)
        fill(Contribution.objects.select_related("reference").get(pk=made.pk))
        assert Reference.objects.get().state == "draft" and not LineToVerify.objects.exists()


class TestTheList:
    def test_an_imported_draft_that_somebody_held_back_waits_too(self):
        """It is accepted by itself no more, so that nobody else would say that it is there."""
        contribution = imported(state="waiting")
        reference = contribution.reference
        mark(reference, {"title": Doubt.NAME})
        assert to_verify(people.editor(), frozenset({STAFF})).total == 0
        reference.audiences = ["members"]
        reference.save()
        waiting = to_verify(User.objects.get(), frozenset({STAFF}))
        assert (waiting.total, [thing.title for thing in waiting.things]) == (1, [reference.full_title])

    def test_it_waits_for_editors_alone_and_is_named_after_the_second_factor(self):
        doubted()
        editor = people.editor()

        assert to_verify(editor, frozenset({STAFF})).total == 1
        with override("en"):
            [thing] = to_verify(editor, frozenset({STAFF})).things
        assert (thing.title, thing.word) == ("Le bail", "title, date")
        assert to_verify(editor, frozenset({"public"})).things == ()
        for who in (make.member("PA"), make.member("LOG", email="autre@cass.example")):
            assert to_verify(who, held_by(who, second_factor=True)).total == 0

    def test_what_is_not_in_the_library_yet_does_not_wait(self):
        Reference.objects.filter(pk=doubted().pk).update(state=ReferenceState.DRAFT)
        assert to_verify(people.editor(), frozenset({STAFF})).total == 0

    def test_it_asks_three_questions_for_five_as_for_two(self, django_assert_num_queries):
        editor = people.editor()
        for count in (2, 3):
            for number in range(count):
                doubted(f"Le bail {count}{number}")
            with django_assert_num_queries(3):
                to_verify(editor, frozenset({STAFF}))

    def test_the_home_of_the_admin_and_its_menu_lead_to_it(self, client, editor):
        doubted()
        shown = client.get(reverse("wagtailadmin_home")).content.decode()
        assert shown.count("to_verify=any") >= 2

    @pytest.mark.parametrize(("asked", "found"), [("any", True), ("title", True), ("type", False), ("", True)])
    def test_the_list_of_references_is_filtered_by_line(self, client, editor, asked, found):
        doubted("Un bail peu sûr")
        make.reference("Un bail sûr")
        shown = client.get(list_url(), {"to_verify": asked}).content.decode()
        assert ("Un bail peu sûr" in shown, "Un bail sûr" in shown) == (found, asked == "")

    def test_the_list_holds_what_the_home_counts(self, client, editor):
        states = {"Un bail gardé": ReferenceState.ACCEPTED, "Un bail retiré": ReferenceState.WITHDRAWN}
        for title, state in states.items():
            Reference.objects.filter(pk=doubted(title).pk).update(state=state)
        assert to_verify(people.editor("autre@cass.example"), frozenset({STAFF})).total == 1
        for asked in ("any", "title"):
            shown = client.get(list_url(), {"to_verify": asked}).content.decode()
            assert [title for title in states if title in shown] == ["Un bail gardé"]

    def test_nobody_else_sees_the_list_or_the_form(self, client):
        reference = doubted()
        list_of_all = reverse("wagtailsnippets_library_reference:list")
        for user in (None, make.member("PA"), make.member("LOG", email="autre@cass.example")):
            asked = Client()
            if user:
                asked.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
            for address in (f"{list_of_all}?to_verify=any", edit_url(reference)):
                assert asked.get(address).status_code in (302, 403, 404)


class TestTheForm:
    def test_it_says_which_lines_and_why(self, client, editor):
        shown = unescape(client.get(edit_url(doubted())).content.decode())
        with override(editor.language):
            why = [Doubt.NAME.label, Doubt.NOWHERE.label]
            assert (
                gettext("%(field)s: %(value)s (%(why)s)")
                % {
                    "field": capfirst(field_name("title")),
                    "value": "Le bail",
                    "why": why[0],
                }
                in shown
            )
            assert (
                gettext("%(field)s: empty (%(why)s)") % {"field": capfirst(field_name("date_text")), "why": why[1]}
                in shown
            )

    def test_one_without_marks_shows_no_box(self, client, editor):
        assert 'name="verified"' not in client.get(edit_url(make.reference("Le bail"))).content.decode()

    def test_the_box_takes_the_mark_off_and_the_others_stay(self, client, editor):
        reference = doubted()
        assert client.post(edit_url(reference), edit_form(reference, verified=["title"])).status_code == 302
        assert set(marks(reference)) == {"date_text"}

    def test_another_value_takes_the_mark_off(self, client, editor):
        reference = doubted()
        assert client.post(edit_url(reference), edit_form(reference, date_text="2012")).status_code == 302
        assert set(marks(reference)) == {"title"}

    def test_saving_alone_takes_nothing_off(self, client, editor):
        reference = doubted()
        assert client.post(edit_url(reference), edit_form(reference, source="carton 3")).status_code == 302
        assert set(marks(reference)) == {"title", "date_text"}


class TestReaders:
    def test_the_page_of_a_reference_says_no_language_and_no_type_that_nobody_knows(self):
        reference = make.reference("Le bail", audiences=("public",), language="", type="")
        shown = Client().get(f"/fr/bibliotheque/{reference.mark_slug}/").content.decode()
        assert "Le bail" in shown
        assert "Rapport" not in shown and "Document en français" not in shown
        assert 'name="citation_language"' not in shown and 'name="DC.language"' not in shown

    def test_the_search_is_given_a_reference_to_verify_as_any_other(self):
        reference = make.reference("Le bail expliqué", language="", type="")
        mark(reference, {"language": Doubt.UNREAD})
        [(_subject, [entry])] = ReferenceKind().entries([Reference.subject_of(reference.pk)])
        assert ("public" in entry.audiences, entry.languages, entry.type) == (True, (), "")
        assert entry.titles[0].text == "Le bail expliqué"


def test_a_mark_says_why_anew_and_goes_with_its_reference():
    reference = doubted()
    mark(reference, {"title": Doubt.PLAIN})
    assert marks(reference) == {"title": "plain"}
    reference.delete()
    assert not LineToVerify.objects.exists()
