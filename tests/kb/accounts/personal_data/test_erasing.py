"""Erasing a person: nothing in any column of any table says who it was, and what is counted stays the same."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db.models import Count
from django.utils import timezone
from wagtail.models import ModelLogEntry, Page, Revision

from kb.accounts.models import NamedPlace, User
from kb.accounts.personal_data import erasing, places, registry
from kb.accounts.personal_data.scrubbing import Identity
from kb.accounts.session_rows import UserSession
from kb.clock.models import OutgoingMail
from kb.files.models import FileVersion, private_storage
from kb.groups.models import Mandate
from kb.library.models import Contribution, ContributionStep, Creator, Reference
from kb.sheets.models import SheetImport, SheetLine
from tests.home import builders as pages
from tests.kb.accounts import builders as people
from tests.kb.accounts import full_person as full
from tests.kb.groups import builders as groups

pytestmark = pytest.mark.django_db

# What goes on leading to the number, so that what is counted and who is answerable stay true.
STAYS = {
    "accounts.namedplace.user",
    "accounts.invitation.made_by",
    "clock.outgoingmail.user",
    "directory.employment.user",
    "sheets.sheetimport.created_by",
    "files.fileversion.created_by",
    "groups.mandate.user",
    "library.contributionstep.actor",
    "library.reference.created_by",
    "newsletter.consent.recorded_by",
    "newsletter.sending.created_by",
    "wagtailcore.comment.user",
    "wagtailcore.modellogentry.user",
    "wagtailcore.pagelogentry.user",
    "wagtailcore.revision.user",
    "wagtailcore.taskstate.finished_by",
    "wagtailcore.workflowstate.requested_by",
}


@pytest.fixture
def erased():
    user = full.person()
    erasing.erase(user, by=user)
    user.refresh_from_db()
    return user


def test_the_person_of_these_tests_is_in_the_tables_at_all():
    full.person()
    places = {place.rsplit(".", 1)[0] for place in full.found_in_database()}
    assert places >= {
        *(
            "accounts_user",
            "account_emailaddress",
            "clock_outgoingmail",
            "clock_notice",
            "clock_lastrun",
            "directory_employment",
            "sheets_sheetline",
        ),
        *(
            "sheets_sheetimport",
            "django_tasks_database_dbtaskresult",
            "files_fileversion",
            "library_contribution",
            "library_contributionstep",
        ),
        *("newsletter_subscriber", "newsletter_consent", "newsletter_delivery", "newsletter_sending"),
        *(
            "library_creator",
            "library_reference",
            "library_holding",
            "library_importeddocument",
            "wagtailadmin_formstate",
            "wagtailcore_comment",
        ),
        *(
            "wagtailcore_commentreply",
            "wagtailcore_modellogentry",
            "wagtailcore_pagelogentry",
            "wagtailcore_revision",
            "wagtailcore_taskstate",
        ),
        *("wagtailusers_userprofile", "wagtail_localize_translationsource"),
    }


# Where others wrote the name or the number, which an editor looks at, and where it goes by itself within a year.
EDITORS_DECIDE = {
    "sheets_sheetimport.original_name",
    "library_holding.note",
    "library_holding.place",
    "library_importeddocument.path",
    "wagtail_localize_translationsource.content_json",
    "wagtail_localize_translationsource.object_repr",
    "wagtailcore_commentreply.text",
    "wagtailcore_modellogentry.label",
    "wagtailcore_pagelogentry.label",
    "wagtailcore_revision.content",
    "wagtailcore_revision.object_str",
}
GOES_WITH_ITS_PERIOD = {
    "clock_notice.detail",
    "clock_outgoingmail.subject",
    "django_tasks_database_dbtaskresult.args_kwargs",
    "django_tasks_database_dbtaskresult.return_value",
    "django_tasks_database_dbtaskresult.traceback",
}


def test_afterwards_only_texts_of_others_and_names_of_authors_say_who_it_was(erased):
    found = full.found_in_database()
    assert set(found) == {"library_creator.name"} | EDITORS_DECIDE | GOES_WITH_ITS_PERIOD
    assert set().union(*found.values()) == {full.NAME, full.PHONE}
    assert Creator.objects.filter(name=full.NAME).count() == 1


def test_every_text_of_others_that_stays_is_listed_and_an_editor_takes_the_name_out(erased):
    for place in NamedPlace.objects.all():
        assert places.take_out(place)
    assert set(full.found_in_database()) == {"library_creator.name"} | GOES_WITH_ITS_PERIOD
    assert not NamedPlace.objects.exists()


def test_what_still_leads_to_the_number_is_only_what_is_counted(erased):
    assert set(full.pointing_at(erased)) <= STAYS


def test_the_account_is_a_number_that_nobody_logs_in_with(client, erased):
    assert (erased.email, erased.name, erased.phone) == (f"erased-{erased.pk}@erased.invalid", "", "")
    assert not (erased.is_active or erased.is_staff or erased.is_superuser or erased.has_usable_password())
    assert erased.erased_at is not None
    assert str(erased.pk) in str(erased) and "@" not in str(erased)
    people.log_in(client, erased)
    assert "_auth_user_id" not in client.session


def counted():
    """Mandates and people of each body, organisation and role."""
    rows = Mandate.objects.order_by("body", "organisation", "role").values_list("body", "organisation", "role")
    return list(rows.annotate(Count("pk"), Count("user", distinct=True)))


def test_mandates_of_each_body_and_organisation_are_counted_as_before():
    user = full.person()
    groups.mandate(people.member("autre@cass.example"), groups.body("AU"))
    before = counted()
    erasing.erase(user, by=user)
    assert counted() == before
    assert not Mandate.objects.filter(user=user, is_referent=True).exists()
    assert not Mandate.objects.filter(user=user, until=None).exists()


def test_references_and_words_about_them_stay_without_the_name(erased):
    reference = Reference.objects.get(title="Étude acceptée")
    assert reference.created_by == erased
    step = ContributionStep.objects.get(reference=reference)
    assert step.word == f"L’année manque, merci erased-{erased.pk}"
    assert FileVersion.objects.get(created_by=erased).properties["title"] == "Étude"
    assert Contribution.objects.get(reference=reference).drafted.keys() == {"title"}


def test_drafts_that_were_never_confirmed_go_with_their_bytes(django_capture_on_commit_callbacks):
    user = full.person()
    name = FileVersion.objects.get(original_name="brouillon.pdf").content.name
    with django_capture_on_commit_callbacks(execute=True):
        erasing.erase(user, by=user)
    assert not Reference.objects.filter(title="Brouillon jamais confirmé").exists()
    assert not private_storage().exists(name)
    assert Reference.objects.filter(title="Fiche d’éditeur").exists()


def test_mail_that_waits_is_dropped_and_mail_that_was_sent_is_counted(erased):
    assert not OutgoingMail.objects.filter(state="waiting").exists()
    mine = OutgoingMail.objects.filter(user=erased)
    assert {one.address for one in mine} == {erased.email}
    assert all(bytes(one.sealed) == b"" for one in mine)
    assert OutgoingMail.objects.get(address="autre@cass.example").subject == f"{full.NAME} a proposé une étude"


def test_lines_of_workbooks_are_emptied_and_the_workbook_removed(django_capture_on_commit_callbacks):
    user = full.person()
    name = SheetImport.objects.get().content.name
    with django_capture_on_commit_callbacks(execute=True):
        erasing.erase(user, by=user)
    assert SheetLine.objects.get(number=2).values == {}
    assert not SheetImport.objects.get().content
    assert not private_storage().exists(name)


def test_sessions_of_the_person_and_of_whoever_typed_the_address_are_over(client):
    user = full.person()
    people.open_session_without_second_factor(client, user)
    erasing.erase(user, by=user)
    assert not UserSession.objects.exists()
    assert client.get(people.url("account_my_data")).status_code == 302


def test_nothing_of_other_people_changes():
    user, other = full.person(), people.member("autre@cass.example", name="Collègue d’à côté")
    groups.mandate(other, groups.body("AU"))
    before = User.objects.filter(pk=other.pk).values().get()
    erasing.erase(user, by=user)
    assert before == User.objects.filter(pk=other.pk).values().get()
    assert Mandate.objects.filter(user=other, until=None).count() == 1


def test_erasing_twice_does_nothing_the_second_time(erased):
    log = ModelLogEntry.objects.count()
    assert erasing.erase(erased, by=None).rows == {}
    assert ModelLogEntry.objects.count() == log


def test_an_erasure_that_fails_half_way_leaves_everything_as_it_was():
    user = full.person()
    before = full.found_in_database()
    last = registry.PersonalData(
        name="x.fails",
        **dict.fromkeys(("label", "what", "people", "purpose", "basis_words", "kept_words", "seen_by"), "x"),
        basis=registry.Basis.PUBLIC_TASK,
        erase=lambda user, identity: 1 // 0,
        looks_through_texts=True,
        order=10_000,
    )
    with registry.KINDS.temporarily(*registry.KINDS.names()):
        registry.register_personal(last)
        with pytest.raises(ZeroDivisionError):
            erasing.erase(user, by=user)
    assert full.found_in_database() == before


def test_what_is_published_about_a_person_stays_and_is_told():
    user = people.member("portrait@cass.example", name="Personne du Portrait")
    page = pages.page("Portrait", slug="portrait")
    page.intro = "Rencontre avec Personne du Portrait"
    page.save_revision(user=user).publish()
    done = erasing.erase(user, by=None)
    assert done.still_named == ("Portrait",)
    assert "Personne du Portrait" in Page.objects.get(pk=page.pk).specific.intro
    assert "Personne du Portrait" in json.dumps(
        Revision.objects.get(object_id=str(page.pk)).content, ensure_ascii=False
    )


def test_a_name_of_one_word_is_not_taken_out_of_texts():
    identity = Identity(7, ("x@cass.example",), "Coordination")
    assert (
        identity.own.scrubbed("La Coordination sociale de x@cass.example")
        == "La Coordination sociale de erased-7@erased.invalid"
    )
    assert identity.own.scrubbed("coordination") == "erased-7"


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("ana.mia@cass.example", "ana.mia@cass.example"),
        ("mia@cass.example.org", "mia@cass.example.org"),
        ("<mia@cass.example>, MIA@cass.example.", "<erased-7@erased.invalid>, erased-7@erased.invalid."),
        ("Mia Essais, Mia Essai", "Mia Essais, erased-7"),
        (json.dumps(json.dumps("a\nMia Essai")), json.dumps(json.dumps("a\nerased-7"))),
    ],
)
def test_only_whole_words_are_replaced(text, scrubbed):
    assert Identity(7, ("mia@cass.example",), "Mia Essai").own.scrubbed(text) == scrubbed


def test_the_last_editor_in_chief_is_not_erased_and_reads_why():
    chief = people.editor("chef@cass.example", is_superuser=True)
    with pytest.raises(erasing.NotErased, match=r"\w+"):
        erasing.erase(chief, by=chief)
    people.editor("autre-chef@cass.example", is_superuser=True)
    erasing.erase(chief, by=chief)
    assert User.objects.filter(is_superuser=True).count() == 1


def test_who_was_erased_is_erased_again_after_a_backup_was_put_back(
    settings, tmp_path, django_capture_on_commit_callbacks
):
    settings.VAR_DIR = tmp_path
    user = people.member("revient@cass.example", name="Qui Revient")
    row = User.objects.filter(pk=user.pk).values().get()
    with django_capture_on_commit_callbacks(execute=True):
        erasing.erase(user, by=None)
    assert "@" not in erasing.list_of_erased().read_text()
    User.objects.filter(pk=user.pk).update(**row)
    assert erasing.erase_again() == 1
    assert erasing.erase_again() == 0
    assert full.found_in_database(("revient@cass.example", "Qui Revient")) == {}


@pytest.mark.parametrize(
    "half",
    [b"17", b"17 2026-11-29T10", b"x 2026-11-29T10:00:00+00:00\n", b"17 0001-01-01T00:00:00+14:00\n", b"\xff\x00\n"],
)
def test_a_line_of_the_list_that_cannot_be_read_stops_nobody(
    settings, tmp_path, django_capture_on_commit_callbacks, caplog, half
):
    settings.VAR_DIR = tmp_path
    erasing.list_of_erased().write_bytes(half)
    user = people.member("revient@cass.example", name="Qui Revient")
    row = User.objects.filter(pk=user.pk).values().get()
    with django_capture_on_commit_callbacks(execute=True):
        erasing.erase(user, by=None)
    User.objects.filter(pk=user.pk).update(**row)
    assert erasing.erase_again() == 1
    assert "Line 1 of" in caplog.text


def test_a_new_person_who_got_the_number_of_an_erased_one_is_not_erased(
    settings, tmp_path, django_capture_on_commit_callbacks
):
    settings.VAR_DIR = tmp_path
    user = people.member("revient@cass.example")
    with django_capture_on_commit_callbacks(execute=True):
        erasing.erase(user, by=None)
    User.objects.filter(pk=user.pk).update(
        email="neuf@cass.example", erased_at=None, date_joined=timezone.now() + timedelta(days=1)
    )
    assert erasing.erase_again() == 0


@registry.KINDS.temporarily()
def test_erasing_works_with_an_empty_registry():
    user = people.member()
    erasing.erase(user, by=None)
    user.refresh_from_db()
    assert user.erased_at and user.name == ""
