"""Versions of a file: what was replaced before acceptance goes, what acceptance opens is seen before, what is taken
away says so.
"""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.log_actions import registry as log_registry

from kb.accounts.audiences import STAFF, held_by
from kb.files.choices import State
from kb.files.intake.storing import receive
from kb.files.models import FilePage, FileVersion, StoredFile, private_storage
from kb.groups.models import Mandate
from kb.library.catalogue.versions import take_away
from kb.library.choices import ReferenceState
from kb.library.contributions import steps as handling
from kb.library.contributions.starting import replace_file
from kb.library.contributions.waiting import unread
from kb.library.models import Reference, ReferenceFile, TakenVersion
from search.models import Outbox
from tests.kb.accounts.builders import editor
from tests.kb.library import builders as make
from tests.kb.library.conftest import index, readers  # noqa: F401

pytestmark = pytest.mark.django_db
S = ReferenceState
READER, FILE, PICTURE = (
    "/fr/bibliotheque/{}/lire/1.{}/1/",
    "/fr/bibliotheque/{}/fichier/1.{}/",
    "/fr/bibliotheque/{}/image/1.{}/1.webp",
)
SHORT = "/r/{}/1.{}/1"


def begun(state: str = S.DRAFT, **values) -> ReferenceFile:
    """A file with the names of people in its first version, on a reference in this state."""
    reference = make.reference("Liste", state=state, created_by=make.member("PA"), **values)
    return make.file(reference, "Vanderhoeven Achterberg", name="liste-noms.pdf")


def replace(file: ReferenceFile, words: bytes = b"Anonyme") -> FileVersion:
    received = receive(ContentFile(words), original_name="anonyme.txt")
    return replace_file(ReferenceFile.objects.get(pk=file.pk), received, file.reference.created_by)


def numbers(file: ReferenceFile) -> list[int]:
    return list(
        FileVersion.objects.filter(stored_file=file.stored_file_id).order_by("number").values_list("number", flat=True)
    )


def chief():
    return editor(email="cheffe@cass.example")


def accept(file: ReferenceFile) -> None:
    handling.accept_unproposed(file.reference, chief(), held=frozenset({"staff"}))


# Before acceptance


@pytest.mark.parametrize("state", [S.DRAFT, S.PROPOSED, S.RETURNED])
def test_what_is_replaced_before_acceptance_goes_with_its_pages_and_bytes(state, django_capture_on_commit_callbacks):
    file = begun(state)
    first = file.stored_file.versions.get()
    picture = private_storage().save(f"{first.content.name.replace('files/', 'pages/')}/1/1.webp", ContentFile(b"RIFF"))
    Outbox.objects.all().delete()

    with django_capture_on_commit_callbacks(execute=True):
        replace(file)
        assert Outbox.objects.filter(subject=f"library.reference:{file.reference_id}", closes=True).exists()

    assert numbers(file) == [2]
    assert not FilePage.objects.filter(text__contains="Achterberg").exists()
    assert not private_storage().exists(first.content.name)
    assert not private_storage().exists(picture)


@pytest.mark.parametrize("reader", ["anyone", "member", "other", "consultant", "editor"])
def test_a_file_replaced_in_a_draft_is_nowhere_after_acceptance(readers, reader):  # noqa: F811
    file = begun(audiences=("public",))
    replace(file)
    accept(file)
    slug, client = file.reference.mark_slug, readers.named(reader)

    for address in (READER, FILE, PICTURE, SHORT):
        assert client.get(address.format(slug, 1)).status_code == 404, address
    assert client.get(FILE.format(slug, 2)).status_code == 200
    page = client.get(f"/fr/bibliotheque/{slug}/").content.decode()
    assert "anonyme" in page
    assert "liste-noms" not in page and "fichier/1.1" not in page


def test_what_was_accepted_once_stays_when_it_is_sent_back_and_replaced():
    file = begun()
    accept(file)
    reference = Reference.objects.get(pk=file.reference_id)
    reference.state = S.RETURNED
    reference.save()
    replace(file)
    replace(file, b"Encore mieux")

    assert numbers(file) == [1, 3]
    reference.state = S.ACCEPTED
    reference.save()
    assert [ReferenceFile.objects.get(pk=file.pk).opens(number) for number in (1, 3)] == [True, True]


def test_whoever_accepts_sees_every_version_that_acceptance_opens():
    file = begun(S.ACCEPTED)
    Reference.objects.filter(pk=file.reference_id).update(state=S.PROPOSED)
    replace(file)
    referent = make.member("PA")
    Mandate.objects.filter(user=referent).update(is_referent=True)
    client = Client()
    client.force_login(referent, backend="allauth.account.auth_backends.AuthenticationBackend")

    page = client.get(f"/fr/bibliotheque/ajouter/{file.reference.mark_slug}/").content.decode()

    for number in (1, 2):
        address = FILE.format(file.reference.mark_slug, number)
        assert f'href="{address}"' in page
        assert client.get(address).status_code == 200


# After acceptance


WAYS = {
    "save": lambda reference: (setattr(reference, "state", S.ACCEPTED), reference.save()),
    "update": lambda reference: Reference.objects.filter(pk=reference.pk).update(state=S.ACCEPTED),
    "the step": lambda reference: handling.accept_unproposed(reference, editor(), held=frozenset({"staff"})),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_accept_opens_what_stands_then(way):
    file = begun(S.PROPOSED)
    assert file.opened_to == 0
    WAYS[way](file.reference)
    assert ReferenceFile.objects.get(pk=file.pk).opened_to == 1


def test_a_version_that_no_acceptance_opened_is_open_to_nobody(readers):  # noqa: F811
    file = begun(S.ACCEPTED, audiences=("public",))
    make.version(file.stored_file, ("Kluizenaar",), name="pas-encore.pdf")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE library_referencefile SET opened_to = 1 WHERE id = %s", [file.pk])
    slug = file.reference.mark_slug

    for reader in ("anyone", "member", "other", "consultant", "editor"):
        client = readers.named(reader)
        assert {client.get(address.format(slug, 2)).status_code for address in (READER, FILE, PICTURE, SHORT)} == {404}
        assert "pas-encore" not in client.get(f"/fr/bibliotheque/{slug}/").content.decode()


def test_the_search_holds_no_words_of_a_version_that_is_not_open(index, readers):  # noqa: F811
    file = begun(S.ACCEPTED, audiences=("public",))
    make.version(file.stored_file, ("Kluizenaar",), name="pas-encore.pdf")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE library_referencefile SET opened_to = 1 WHERE id = %s", [file.pk])
    index()

    assert "Liste" in readers.anyone.get("/fr/chercher/?q=achterberg").content.decode()
    assert "Liste" not in readers.anyone.get("/fr/chercher/?q=kluizenaar").content.decode()


# Taken away


@pytest.fixture
def published():
    """A public file of two versions."""
    file = begun(S.ACCEPTED, audiences=("public",))
    make.version(file.stored_file, ("Une page neuve",), name="nouveau.pdf")
    return ReferenceFile.objects.select_related("reference__body").get(pk=file.pk)


def test_a_version_is_taken_away_with_its_text_and_the_others_stay(published, index, readers):  # noqa: F811
    index()
    Outbox.objects.all().delete()
    take_away(published, 2, reason="Des noms de personnes", user=chief())

    assert numbers(published) == [1]
    assert not FilePage.objects.filter(text="Une page neuve").exists()
    assert Outbox.objects.filter(closes=True).exists()
    assert readers.anyone.get(FILE.format(published.reference.mark_slug, 1)).status_code == 200
    index()
    assert "Liste" in readers.anyone.get("/fr/chercher/?q=achterberg").content.decode()


@pytest.mark.parametrize("reason", ["", "  "])
def test_nothing_is_taken_away_without_a_reason(published, reason):
    with pytest.raises(ValidationError):
        take_away(published, 1, reason=reason, user=chief())
    assert numbers(published) == [1, 2]


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
def test_the_address_of_a_version_taken_away_says_so_with_the_reason(published, readers, language):  # noqa: F811
    take_away(published, 1, reason="Des noms de personnes", user=chief())
    slug = published.reference.mark_slug
    words = {"fr": ("bibliotheque", "lire"), "nl": ("bibliotheek", "lezen"), "en": ("library", "read")}[language]

    answer = readers.anyone.get(f"/{language}/{words[0]}/{slug}/{words[1]}/1.1/1/")

    assert answer.status_code == 410
    assert answer["Cache-Control"] == "private, no-cache" and "Cookie" in answer["Vary"]
    assert "Des noms de personnes" in answer.content.decode()
    assert "liste-noms" not in answer.content.decode()
    assert readers.anyone.get(FILE.format(slug, 1)).status_code == 410
    assert readers.anyone.get(PICTURE.format(slug, 1)).status_code == 404
    assert readers.anyone.get(SHORT.format(slug, 1), follow=True).status_code == 410


@pytest.mark.parametrize(
    ("reader", "status"), [("anyone", 404), ("other", 404), ("member", 410), ("consultant", 410), ("editor", 410)]
)
def test_only_who_could_open_it_is_told_of_a_version_taken_away(published, readers, reader, status):  # noqa: F811
    published.audiences = ["body:PA"]
    published.save()
    take_away(published, 1, reason="Des noms de personnes", user=chief())
    assert readers.named(reader).get(READER.format(published.reference.mark_slug, 1)).status_code == status
    published.audiences = ["public"]
    published.save()
    assert readers.named(reader).get(READER.format(published.reference.mark_slug, 1)).status_code == status


def test_when_the_newest_was_taken_away_the_one_that_is_left_is_listed_and_read_again(published, readers):  # noqa: F811
    person = chief()
    take_away(published, 2, reason="Des noms", user=person)
    FileVersion.objects.filter(stored_file=published.stored_file_id).update(state=State.BROKEN)
    place = Reference.snippet_viewset.get_url_name("list")

    for state in ("unread", "broken"):
        assert "Liste" in readers.editor.get(reverse(place), {"reading": state}).content.decode()
    assert unread(person, frozenset({STAFF})).total == 1

    again = reverse("wagtail_bulk_action", args=["library", "reference", "read_again"])
    readers.editor.post(f"{again}?id={published.reference_id}&next={reverse(place)}")
    assert FileVersion.objects.get(stored_file=published.stored_file_id).state == State.WAITING


def test_the_number_of_a_version_taken_away_is_never_given_again(published):
    take_away(published, 2, reason="Des noms", user=chief())
    assert replace(published).number == 3


def test_an_editor_takes_a_version_away_and_it_stands_in_the_log(published, readers):  # noqa: F811
    edit = reverse(Reference.snippet_viewset.get_url_name("edit"), args=[published.reference_id])
    address = reverse("library_take_version_away", args=[published.pk, 1])
    assert address in readers.editor.get(edit).content.decode()

    assert "liste-noms" in readers.editor.get(address).content.decode()
    assert readers.editor.post(address, {"reason": ""}).status_code == 200
    assert numbers(published) == [1, 2]
    assert readers.editor.post(address, {"reason": "Des noms"}).status_code == 302

    assert numbers(published) == [2]
    assert TakenVersion.objects.get().reason == "Des noms"
    assert "library.take_version_away" in set(
        log_registry.get_logs_for_instance(published.reference).values_list("action", flat=True)
    )
    assert readers.editor.get(address, follow=True).status_code == 404
    assert readers.editor.get(edit).status_code == 200


@pytest.mark.parametrize("reader", ["anyone", "member", "other", "consultant"])
def test_nobody_else_takes_a_version_away(published, readers, reader):  # noqa: F811
    address = reverse("library_take_version_away", args=[published.pk, 1])
    assert readers.named(reader).get(address).status_code in (302, 403)
    assert readers.named(reader).post(address, {"reason": "Des noms"}).status_code in (302, 403)
    assert numbers(published) == [1, 2]


# What was there before


def test_old_data_keeps_open_what_stood_at_the_first_acceptance_and_what_came_after():
    now, day = timezone.now(), timedelta(days=1)
    cases = {
        "accepted": (dict(state=S.ACCEPTED, accepted_at=now), (-2, -1, 1), (2, 3)),
        "imported": (dict(state=S.ACCEPTED, accepted_at=now), (1, 2), (1, 2)),
        "a draft": (dict(state=S.DRAFT), (-2, -1), (2, 0)),
        "withdrawn": (dict(state=S.WITHDRAWN, accepted_at=now), (-1, 1), (1, 2)),
        "sent back after an acceptance": (dict(state=S.RETURNED, accepted_at=now), (-2, -1, 1), (2, 2)),
    }
    files = {}
    for name, (values, days, _range) in cases.items():
        stored = StoredFile.objects.create(owner_kind="library.reference")
        for place in days:
            made = make.version(stored, ("Texte",))
            FileVersion.objects.filter(pk=made.pk).update(created_at=now + place * day)
        reference = make.reference(name, **values)
        files[name] = ReferenceFile.objects.create(reference=reference, stored_file=stored, audiences=["members"])

    import_module("kb.library.migrations.0010_what_acceptances_opened").open_what_was_accepted(
        apps, connection.SchemaEditorClass(connection)
    )

    found = {
        name: ReferenceFile.objects.values_list("opened_from", "opened_to").get(pk=file.pk)
        for name, file in files.items()
    }
    assert found == {name: expected for name, (_values, _days, expected) in cases.items()}


def test_a_referent_of_another_group_sees_no_version():
    file = begun(S.PROPOSED)
    other = make.member("LO")
    Mandate.objects.filter(user=other).update(is_referent=True)
    assert not file.reference.effective_audiences & held_by(other, second_factor=False)
