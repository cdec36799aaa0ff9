"""A name, a phone and an address that a person only asked for are theirs to choose: erasing the account changes nothing
of others by them. What may name the person is shown to the editors.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from allauth.account.models import EmailAddress
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.models import Revision

from kb.accounts.models import NamedPlace, User
from kb.accounts.personal_data import erasing, places, retaining, scrubbing
from kb.accounts.session_rows import SessionStore, UserSession
from kb.clock.models import OutgoingMail
from kb.clock.notices.waiting import waiting_for
from kb.directory.models import Organisation
from kb.files.models import FileVersion
from kb.library.models import ContributionStep, Holding, ImportedDocument, Reference
from kb.sheets.models import SheetImport, SheetLine
from search.models import Outbox
from tests.home import builders as pages
from tests.kb.accounts import builders as people
from tests.kb.groups import builders as groups
from tests.kb.library import builders as library

pytestmark = pytest.mark.django_db
TABLES = (FileVersion, Reference, ContributionStep, Holding, ImportedDocument, Revision, SheetLine, OutgoingMail)


def waiting_subjects() -> set[str]:
    return set(Outbox.objects.values_list("subject", flat=True))


def rows_of_others() -> list[dict]:
    return [row for model in TABLES for row in model.objects.order_by("pk").values()]


def put_in_by_others(words: str) -> Reference:
    """The words in every sort of text of somebody else, a public file with exactly that name among them."""
    other = people.member("autre@cass.example", name="Une Autre")
    reference = library.reference("Une étude", created_by=other, source=f"Reçu de {words}", state_reason=words)
    file = library.file(reference, "Page une", name=words)
    file.stored_file.versions.update(created_by=other, original_name=words, properties={"author": words, words: "x"})
    ContributionStep.objects.create(reference=reference, handling="returned", actor=other, word=f"Voir {words}")
    Holding.objects.create(reference=reference, place=words, note=f"Armoire {words}")
    ImportedDocument.objects.create(body=reference.body, path=f"{words}/x.pdf", sha256="c" * 64, reference=reference)
    page = pages.page("Une page", slug="une-page")
    page.intro = f"Écrire à {words}"
    page.save_revision(user=other)
    page.intro = ""
    page.save()
    done = SheetImport.objects.create(kind="people", original_name="x.xlsx", state="done", created_by=other)
    SheetLine.objects.create(sheet_import=done, sheet="people", number=2, verdict="new", values={"name": words})
    OutgoingMail.objects.create(user=other, address=other.email, kind="x", subject=f"Lu: {words}", state="waiting")
    return reference


def names_themselves(client: Client, user: User, **values) -> None:
    people.log_in(client, user)
    form = {"language": "fr", "digest_frequency": "never", "name": "", "phone": "", **values}
    assert client.post(people.url("account_index"), form).status_code == 302
    user.refresh_from_db()
    assert all(getattr(user, name) == value for name, value in values.items())


def erase_by_the_page(client: Client) -> None:
    assert client.post(people.url("account_my_data_erase"), {"confirmed": "on"}).status_code == 302


# What others put in


def test_who_takes_the_name_of_a_public_file_and_erases_the_account_does_not_rename_it(client):
    user = people.member("sans.mandat@cass.example")
    reference = put_in_by_others("gui-scan.pdf")
    address = f"/fr/bibliotheque/{reference.mark_slug}/fichier/1.1/?download"
    names_themselves(client, user, name="gui-scan.pdf")
    before = Client().get(address)["Content-Disposition"]
    erase_by_the_page(client)
    assert User.objects.get(pk=user.pk).erased_at is not None
    assert "gui-scan.pdf" in before
    assert Client().get(address)["Content-Disposition"] == before


@pytest.mark.parametrize(
    ("name", "phone"),
    [
        ("gui-scan.pdf", ""),
        ("Rapport annuel", ""),
        ("CPAS de Schaerbeek", ""),
        ("Mia Essai", ""),
        ("", "02 247 22 11"),
        ("", "2012-2013"),
    ],
)
def test_no_name_and_no_phone_of_choice_changes_what_others_put_in(name, phone):
    put_in_by_others(name or phone)
    user = people.member("sans.mandat@cass.example", name=name, phone=phone)
    before, waiting = rows_of_others(), waiting_subjects()
    erasing.erase(user, by=user)
    assert rows_of_others() == before
    assert waiting_subjects() == waiting


def test_an_account_that_nobody_uses_and_that_is_called_like_a_service_changes_nothing_when_the_clock_erases_it():
    put_in_by_others("Service Logement")
    long_ago = timezone.now() - retaining.NEVER_CAME_AFTER - timedelta(days=1)
    user = people.member("service@cass.example", name="Service Logement", date_joined=long_ago)
    before = rows_of_others()
    assert retaining.erase_never_came() >= 1
    assert User.objects.get(pk=user.pk).erased_at is not None
    assert rows_of_others() == before


def test_an_address_that_was_asked_for_and_never_proven_stays_in_everything_that_holds_it():
    strange = "info@somebody.example"
    put_in_by_others(strange)
    user = people.member("sans.mandat@cass.example")
    EmailAddress.objects.create(user=user, email=strange, verified=False)
    asked = OutgoingMail.objects.create(
        user=user, address=strange, kind="accounts.address_confirm", subject="x", state="sent"
    )
    OutgoingMail.objects.create(address=strange, kind="newsletter.confirm", subject="À eux", state="waiting")
    session = SessionStore()
    session.update({"account_login": {"email": strange}})
    session.save()
    before = [row for row in rows_of_others() if row != OutgoingMail.objects.filter(pk=asked.pk).values().get()]
    erasing.erase(user, by=user)
    after = [row for row in rows_of_others() if row.get("subject") != "" or row.get("kind") != asked.kind]
    assert after == before
    assert UserSession.objects.filter(session_key=session.session_key).exists()
    assert not EmailAddress.objects.filter(email=strange).exists()


def test_an_address_that_somebody_else_proved_meanwhile_is_theirs():
    user, owner = people.member("ancienne@cass.example"), people.member("autre@cass.example")
    EmailAddress.objects.create(user=owner, email=user.email, verified=True)
    assert erasing.identity_of(user).addresses == ()


def test_a_proven_address_goes_wherever_it_stands():
    user = people.member("moi@cass.example")
    reference = put_in_by_others("moi@cass.example")
    erasing.erase(user, by=user)
    assert FileVersion.objects.get().original_name == f"erased-{user.pk}@erased.invalid"
    assert Holding.objects.get().note == f"Armoire erased-{user.pk}@erased.invalid"
    assert f"library.reference:{reference.pk}" in waiting_subjects()  # the search hears of it


def test_what_the_person_put_in_loses_the_name():
    user = people.member("moi@cass.example", name="Mia Essai")
    reference = library.reference("Une étude", created_by=user, source="Reçu de Mia Essai")
    file = library.file(reference, "Page une")
    file.stored_file.versions.update(created_by=user, original_name="Rapport de Mia Essai.pdf")
    erasing.erase(user, by=user)
    reference.refresh_from_db()
    assert reference.source == f"Reçu de erased-{user.pk}"
    assert FileVersion.objects.get().original_name == f"Rapport de erased-{user.pk}.pdf"
    assert not NamedPlace.objects.exists()


# The list for editors


@contextmanager
def fewer_frames(number: int) -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + number)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def listed() -> list[tuple[str, str]]:
    return [(one.words, one.place.field) for one in places.shown(NamedPlace.objects.order_by("pk"))]


def test_a_whole_name_and_a_whole_number_in_texts_of_others_are_listed_for_an_editor():
    reference = put_in_by_others("Mia Essai, 02 247 22 11")
    user = people.member("moi@cass.example", name="Mia Essai", phone="02 247 22 11")
    done = erasing.erase(user, by=None)
    found = {field for _words, field in listed()}
    assert found >= {
        "original_name",
        "properties",
        "source",
        "state_reason",
        "word",
        "place",
        "note",
        "path",
        "content",
    }
    assert {words for words, _field in listed()} == {"Mia Essai"}
    assert done.to_look_at == len(listed())
    assert "Mia Essai" not in str(list(NamedPlace.objects.values()))
    place = NamedPlace.objects.get(content_type=ContentType.objects.get_for_model(Holding), field="note")
    assert places.take_out(place)
    assert Holding.objects.get().note == f"Armoire erased-{user.pk}, erased-{user.pk}"
    assert f"library.reference:{reference.pk}" in waiting_subjects()


@pytest.mark.parametrize("name", ["Rapport annuel", "Coordination", "gui-scan.pdf", "mia essai"])
def test_words_that_are_no_name_are_not_listed(name):
    put_in_by_others(name)
    erasing.erase(people.member("moi@cass.example", name=name, phone="2012-2013"), by=None)
    assert not NamedPlace.objects.exists()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Organisation.objects.create(code="x", name="Service Logement de Schaerbeek"),
        lambda: library.reference("Le Service Logement en 2012"),
        lambda: library.concept("x", "Service Logement"),
        lambda: pages.page("Service Logement", slug="service"),
    ],
    ids=["organisation", "title", "concept", "page"],
)
def test_a_name_that_is_also_that_of_a_thing_is_not_listed(make):
    make()
    put_in_by_others("Service Logement")
    erasing.erase(people.member("moi@cass.example", name="Service Logement"), by=None)
    assert not NamedPlace.objects.exists()


@pytest.mark.parametrize("name", ['Depth": 3, "Numchild', 'Type": "Text', 'Text", "Value'])
def test_a_name_that_is_written_like_json_is_listed_nowhere_and_breaks_nothing(name):
    put_in_by_others("rien")
    pages.page("Trois", slug="trois", body=[("text", "<p>Rien</p>")]).save_revision()
    page = pages.page("Deux", slug="deux")
    page.body = [("text", "<p>Un mot de Mia Essai</p>")]
    revision = page.save_revision()
    before = Revision.objects.get(pk=revision.pk).content
    assert '"type": "text"' in before["body"] and '"depth": 3, "numchild"' in json.dumps(before)
    erasing.erase(people.member("moi@cass.example", name=name), by=None)
    assert not NamedPlace.objects.exists()
    erasing.erase(people.member("elle@cass.example", name="Mia Essai"), by=None)
    place = NamedPlace.objects.get()
    assert places.take_out(place)
    after = Revision.objects.get(pk=revision.pk).content
    assert after == before | {"body": before["body"].replace("Mia Essai", f"erased-{place.user_id}")}


@pytest.mark.parametrize(
    ("name", "phone"),
    [
        ("", "2026-11-29T23:20"),
        ("", "2026-11-29 23"),
        ("", "29/11/2026 10"),
        ('A Linktype="Page"', ""),
        ("A Linktype", ""),
    ],
    ids=["moment", "start of a moment", "day", "tag with signs", "tag"],
)
def test_a_name_or_a_phone_that_is_written_like_html_or_a_moment_is_listed_nowhere(name, phone):
    page = pages.page("Trois", slug="trois", body=[("text", '<p>Voir <a linktype="page" id="3">le guide</a></p>')])
    page.first_published_at = datetime(2026, 11, 29, 23, 20, 15, tzinfo=UTC)
    page.intro = "Le 2026-11-29 23, ou le 29/11/2026 10"
    revision = page.save_revision()
    page.body, page.intro, page.first_published_at = [], "", None
    page.save()
    content = (
        json.dumps(Revision.objects.get(pk=revision.pk).content).lower().replace('\\\\\\"', '"').replace('\\"', '"')
    )
    assert (name.lower() or phone.lower()) in content
    erasing.erase(people.member("moi@cass.example", name=name, phone=phone), by=None)
    assert not NamedPlace.objects.exists()


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ('<p>Voir <a linktype="page" id="3">A Linktype</a></p>', '<p>Voir <a linktype="page" id="3">X</a></p>'),
        ('<p><embed alt="A linktype" id="3"/> a &lt; b</p>', '<p><embed alt="X" id="3"/> a &lt; b</p>'),
        ("1 < 2, a linktype > 3", "1 < 2, X > 3"),
        ("2026-11-29T23:20:15.123Z", "2026-11-29T23:20:15.123Z"),
        ("8d2ae1a0-0000-4000-8000-000022472211", "8d2ae1a0-0000-4000-8000-000022472211"),
        ("02 247 22 11", "X"),
    ],
    ids=["tag", "alt", "no tag", "moment", "id", "number"],
)
def test_words_are_taken_out_where_people_read_them(text, without):
    def change(text: str) -> str:
        for words in ("a linktype", "2026-11-29T23:20", "8d2ae1a0", "02 247 22 11"):
            text = scrubbing.whole_words(words).sub("X", text)
        return text

    assert scrubbing.with_texts({"body": json.dumps([text])}, change) == {"body": json.dumps([without])}


@pytest.mark.parametrize("phone", ["02 247 22 11", "+32 (0)2/247.22.11", "0471-20-20-20", "022472211"])
def test_a_phone_that_is_written_like_one_is_asked_about(phone):
    assert erasing.Identity(7, phone=phone).asked.sought == [phone]


def test_a_version_that_could_not_be_opened_without_the_words_stays_as_it_is():
    revision = pages.page("Trois", slug="trois").save_revision()
    before = revision.content | {"owner": "022472211"}
    Revision.objects.filter(pk=revision.pk).update(content=before)
    erasing.erase(people.member("moi@cass.example", phone="022472211"), by=None)
    place = NamedPlace.objects.get()
    assert not places.take_out(place)
    assert Revision.objects.get(pk=revision.pk).content == before
    assert NamedPlace.objects.filter(pk=place.pk).exists()


def test_a_text_nested_too_deep_is_left_to_the_editor(place):
    deep = "Mia Essai"
    for _level in range(300):
        deep = [deep]
    FileVersion.objects.update(properties=[deep, json.dumps(deep)])
    row = FileVersion.objects.get()
    assert list(scrubbing.texts_of(row.properties)) == ["Mia Essai"] * 2
    NamedPlace.objects.filter(field="properties").delete()
    places.note_place(row, "properties", erasing.Identity(place.user_id, name="Mia Essai"))
    deep_place = NamedPlace.objects.get(field="properties")
    with fewer_frames(400):
        assert not places.take_out(deep_place)
    row.refresh_from_db()
    assert row.properties == [deep, json.dumps(deep)]


def test_a_text_that_only_reads_like_json_keeps_its_writing(place):
    note = '{"Où": "Mia Essai", "Où": "là-bas"}'
    Holding.objects.update(note=note)
    place.delete()
    holding = Holding.objects.get()
    places.note_place(holding, "note", erasing.Identity(place.user_id, name="Mia Essai"))
    assert places.take_out(NamedPlace.objects.get(field="note"))
    holding.refresh_from_db()
    assert holding.note == note.replace("Mia Essai", f"erased-{place.user_id}")


def test_keys_that_become_equal_are_all_kept():
    keys = {"Mia Essai": 1, "MIA ESSAI": 2, "X": 3}
    pattern = scrubbing.whole_words("mia essai")
    assert scrubbing.with_texts(keys, lambda text: pattern.sub("X", text)) == {"X (2)": 1, "X (3)": 2, "X": 3}


def test_a_text_that_was_changed_since_is_left_to_the_editor():
    put_in_by_others("Mia Essai")
    erasing.erase(people.member("moi@cass.example", name="Mia Essai"), by=None)
    Holding.objects.update(note="Autre chose que Mia Essai")
    place = NamedPlace.objects.get(field="note")
    (one,) = places.shown([place])
    assert (one.words, places.take_out(place)) == ("", False)
    assert Holding.objects.get().note == "Autre chose que Mia Essai"


def test_places_whose_thing_is_gone_leave_the_list():
    put_in_by_others("Mia Essai")
    erasing.erase(people.member("moi@cass.example", name="Mia Essai"), by=None)
    kept = NamedPlace.objects.exclude(field__in=("place", "note")).count()
    Holding.objects.all().delete()
    assert places.drop_gone()
    assert NamedPlace.objects.count() == kept
    assert places.drop_gone() is None


def test_a_name_that_stands_everywhere_fills_no_table(monkeypatch):
    monkeypatch.setattr(places, "MOST", 3)
    put_in_by_others("Mia Essai")
    erasing.erase(people.member("moi@cass.example", name="Mia Essai"), by=None)
    assert NamedPlace.objects.count() == 3


@pytest.fixture
def place():
    put_in_by_others("Mia Essai")
    erasing.erase(people.member("moi@cass.example", name="Mia Essai"), by=None)
    return NamedPlace.objects.get(field="note")


def reads(reader: str) -> Client:
    client = Client()
    if reader == "editor":
        people.log_in(client, people.editor())
    elif reader != "anyone":
        user = people.editor(second_factor=False) if reader == "half" else people.member("lit@cass.example")
        if reader == "consultant":
            groups.mandate(user, library.body("PA"), role="consultant")
        people.open_session_without_second_factor(client, user)
    return client


@pytest.mark.parametrize("reader", ["anyone", "member", "consultant", "half", "editor"])
def test_only_editors_see_the_list_and_decide(place, reader):
    client = reads(reader)
    page = client.get("/admin/personal-data/places/")
    seen = page.status_code == 200 and "Mia Essai" in page.content.decode()
    assert seen is (reader == "editor")
    client.post(f"/admin/personal-data/places/{place.pk}/", {"do": "take out"})
    assert ("Mia Essai" in Holding.objects.get().note) is (reader != "editor")
    assert NamedPlace.objects.filter(pk=place.pk).exists() is (reader != "editor")


def test_an_editor_leaves_a_text_as_it_is_once(place):
    client = reads("editor")
    address = f"/admin/personal-data/places/{place.pk}/"
    for level in ("success", "warning"):
        answer = client.post(address, {"do": "leave"}, follow=True)
        assert [one.level_tag for one in answer.context["messages"]] == [level]
    assert Holding.objects.get().note == "Armoire Mia Essai"


@pytest.mark.parametrize(("given", "leads"), [("3", "?p=3"), ("1", ""), ("x&y=1", ""), ("", "")])
def test_who_decided_is_on_the_same_page_of_the_list_again(place, given, leads):
    answer = reads("editor").post(f"/admin/personal-data/places/{place.pk}/", {"do": "leave", "p": given})
    assert answer["Location"] == reverse("account_named_places") + leads


def test_a_text_of_which_a_part_is_shown_says_so(place):
    Holding.objects.update(note=f"{'avant ' * 20}Mia Essai{' après' * 20}")
    NamedPlace.objects.filter(pk=place.pk).delete()
    places.note_place(Holding.objects.get(), "note", erasing.Identity(place.user_id, name="Mia Essai"))
    (one,) = places.shown(NamedPlace.objects.filter(field="note"))
    assert one.before.startswith("…") and one.after.endswith("…")
    Holding.objects.update(note="Mia Essai")
    NamedPlace.objects.filter(field="note").delete()
    places.note_place(Holding.objects.get(), "note", erasing.Identity(place.user_id, name="Mia Essai"))
    (whole,) = places.shown(NamedPlace.objects.filter(field="note"))
    assert (whole.before, whole.after) == ("", "")


def test_each_place_leads_to_where_an_editor_sees_it_and_the_list_waits_on_their_home(place):
    client = reads("editor")
    reference = Reference.objects.get()
    for one in NamedPlace.objects.all():
        leads = client.get(f"/admin/personal-data/places/{one.pk}/open/")["Location"]
        model = one.content_type.model_class()
        if model in (Holding, FileVersion, ContributionStep, ImportedDocument, Reference):
            assert leads == reverse(Reference.snippet_viewset.get_url_name("edit"), args=[reference.pk]), model
        elif model is Revision:
            assert leads.startswith("/admin/pages/")
    editor, member = User.objects.get(email="redaction@cass.example"), User.objects.get(email="autre@cass.example")
    (heading,) = [one for one in waiting_for(editor, frozenset()) if one.name == "accounts.named_places"]
    assert (heading.waiting.total, heading.waiting.things) == (NamedPlace.objects.count(), ())
    assert "accounts.named_places" not in [one.name for one in waiting_for(member, frozenset())]


def test_the_list_asks_as_much_of_the_database_for_many_as_for_few(place, django_assert_max_num_queries):
    client = reads("editor")
    client.get("/admin/personal-data/places/")
    for number in range(30):
        made = Holding.objects.create(reference=Reference.objects.get(), place=f"x{number}", note="Mia Essai")
        places.note_place(made, "note", erasing.Identity(place.user_id, name="Mia Essai"))
    with django_assert_max_num_queries(45):
        page = client.get("/admin/personal-data/places/").content.decode()
    assert page.count("<mark>") > 30
