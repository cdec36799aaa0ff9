"""Files that an editor put into a contribution, or gave readers: no step that takes the notice back opens them to those
who work on it, and what the editor alone made is nobody's contribution.
"""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.urls import reverse

from kb.accounts import editors
from kb.accounts.audiences import STAFF, held_by
from kb.files.intake.storing import receive, store
from kb.files.models import FileVersion
from kb.groups.models import Mandate
from kb.library.catalogue.adding import add_file
from kb.library.choices import ReferenceState
from kb.library.contributions import starting
from kb.library.contributions import steps as handling
from kb.library.models import Contribution, Reference, ReferenceFile
from tests.kb.accounts import builders as people
from tests.kb.library import builders as make
from tests.kb.library.conftest import index  # noqa: F401
from tests.kb.library.test_admin import add_url, form, upload
from tests.sending import opened

pytestmark = pytest.mark.django_db
S = ReferenceState
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
CHIEF = frozenset({STAFF, "public"})
TAKEN_BACK = [S.WITHDRAWN, S.RETURNED, S.REFUSED, S.DRAFT, S.PROPOSED]


@pytest.fixture
def author():
    return make.member("PA", email="auteur@cass.example")


@pytest.fixture
def referent():
    user = make.member("PA", email="referente@cass.example")
    Mandate.objects.filter(user=user).update(is_referent=True)
    return user


@pytest.fixture
def editor():
    return people.editor("redaction@cass.example")


def uploaded(words: str, name: str) -> starting.Upload:
    return starting.Upload(ContentFile(words.encode(), name=name), name)


@pytest.fixture
def accepted(author, editor):
    """A member's notice with their file, accepted, and a file that an editor added for the committee alone."""
    reference = starting.start(
        author, make.body("PA"), uploads=[uploaded("Le rapport.", "rapport.txt")], title="Un rapport"
    )
    handling.accept_unproposed(reference, editor, held=CHIEF)
    Reference.objects.filter(pk=reference.pk).update(audiences=["body:CP", "body:PA"])
    make.body("CP")
    reference = Reference.objects.get(pk=reference.pk)
    added = make.file(reference, "Vandenbulckewoning", name="note-interne.txt", audiences=("body:CP",))
    ReferenceFile.objects.filter(pk=added.pk).update(is_contributed=False)
    FileVersion.objects.filter(stored_file=added.stored_file).update(created_by=editor)
    return reference


def taken_back(reference: Reference, state: str, editor) -> Reference:
    reference = Reference.objects.select_related("body").get(pk=reference.pk)
    if state == S.WITHDRAWN:
        return handling.withdraw(reference, editor, "Plus valable", held=CHIEF)
    reference.state, reference.state_reason = state, "À revoir"
    reference.save()
    return reference


def logged_in(user) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def statuses(reference: Reference, user) -> list[int]:
    client, place = logged_in(user), f"/fr/bibliotheque/{reference.mark_slug}/"
    return [client.get(f"{place}fichier/{number}.1/").status_code for number in (1, 2)]


def finds(user, reference: Reference) -> bool:
    return reference.mark_slug in logged_in(user).get("/fr/chercher/", {"q": "vandenbulckewoning"}).content.decode()


def test_while_it_is_accepted_those_it_was_added_for_open_and_find_it(accepted, author, index):  # noqa: F811
    index()
    of_committee = make.member("CP")
    assert (statuses(accepted, of_committee)[1], finds(of_committee, accepted)) == (200, True)
    assert (statuses(accepted, author)[1], finds(author, accepted)) == (404, False)


@pytest.mark.parametrize("state", TAKEN_BACK)
def test_who_works_on_it_opens_what_was_contributed_and_nothing_that_was_added_for_few(
    accepted,
    author,
    referent,
    editor,
    state,
    index,  # noqa: F811
):
    reference = taken_back(accepted, state, editor)
    follows = state not in (S.WITHDRAWN, S.DRAFT)

    assert statuses(reference, author) == [200, 404]
    assert statuses(reference, referent) == ([200, 404] if follows else [404, 404])
    for user in (author, referent) if follows else (author,):
        page = logged_in(user).get(reverse("library:contribution", args=[reference.mark_slug]), follow=True)
        assert page.status_code == 200 and "note-interne" not in page.content.decode()
        assert "note-interne" not in logged_in(user).get(f"/fr/bibliotheque/{reference.mark_slug}/").content.decode()
    index()
    for user in (author, referent):
        assert not finds(user, reference)


@pytest.mark.parametrize("state", [S.WITHDRAWN, S.RETURNED])
def test_their_own_file_is_theirs_no_longer_once_an_editor_chose_its_readers(accepted, author, editor, state):
    file = accepted.files.get(number=1)
    file.audiences = ["body:CP"]
    file.save()
    assert statuses(taken_back(accepted, state, editor), author)[0] == 404


def test_readers_changed_for_many_files_at_once_count_as_chosen_too(accepted, author, editor):
    ReferenceFile.objects.filter(reference=accepted).update(audiences=["body:CP"])
    assert statuses(taken_back(accepted, S.RETURNED, editor), author) == [404, 404]


def test_what_everybody_of_the_group_may_open_its_referent_reads_before_it_is_accepted(
    accepted, referent, author, editor
):
    ReferenceFile.objects.filter(reference=accepted, number=2).update(audiences=["body:PA"])
    assert statuses(taken_back(accepted, S.PROPOSED, editor), referent) == [200, 200]
    assert statuses(accepted, author) == [200, 404]


def test_the_readers_an_author_chooses_are_those_of_their_own_files(accepted, author, editor, referent):
    reference = taken_back(accepted, S.RETURNED, editor)
    Reference.objects.filter(pk=reference.pk).update(audiences_at_most=None)  # as if no editor had chosen any
    client, place = logged_in(author), reverse("library:contribution", args=[accepted.mark_slug])
    client.post(place, {**opened(client, place), "readers": "members", "do": "confirm"})
    readers = dict(ReferenceFile.objects.filter(reference=reference).values_list("number", "audiences"))
    assert readers == {1: ["body:PA", "members"], 2: ["body:CP"]}
    handling.accept(Reference.objects.get(pk=reference.pk), referent, held=held_by(referent, second_factor=False))
    assert statuses(reference, make.member("LO")) == [200, 404]


def test_another_copy_cannot_take_the_place_of_a_file_that_is_not_shown(accepted, author, editor):
    taken_back(accepted, S.RETURNED, editor)
    client, place = logged_in(author), reverse("library:contribution", args=[accepted.mark_slug])
    page = client.get(place)
    assert [value for value, _label in page.context["form"].choices_of("upload_as").choices] == ["new", "1"]
    upload = ContentFile(b"Un autre texte", name="autre.txt")
    client.post(place, {"upload": upload, "upload_as": "2", "do": "save"})
    assert accepted.files.get(number=2).stored_file.versions.count() == 1


@pytest.mark.parametrize("what", ["accepted once", "with a file of others"])
def test_an_author_deletes_what_is_all_theirs_only(accepted, author, editor, what):
    reference = taken_back(accepted, S.RETURNED, editor)
    if what == "accepted once":
        reference.files.get(number=2).delete()
    else:
        Reference.objects.filter(pk=reference.pk).update(accepted_at=None)
    reference = Reference.objects.get(pk=reference.pk)
    with pytest.raises(handling.NotAllowed):
        handling.delete_draft(reference, author, held=held_by(author, second_factor=False))
    page = logged_in(author).get(reverse("library:contribution", args=[reference.mark_slug]))
    assert "delete" not in page.context["page"].may


def test_a_notice_that_an_editor_makes_is_nobodys_contribution(editor):
    client = Client()
    people.log_in(client, editor)
    body = make.body("CP")
    client.post(add_url(), form(body, state=S.DRAFT) | {"files-0-upload": upload()})
    reference = Reference.objects.get()
    assert reference.created_by is None
    editors.leave(editor)
    assert logged_in(editor).get(f"/fr/bibliotheque/{reference.mark_slug}/").status_code == 404
    assert logged_in(editor).get(reverse("library:contribution", args=[reference.mark_slug])).status_code == 404


def test_a_save_of_what_is_accepted_opens_nothing_that_waits(accepted):
    file = accepted.files.get(number=2)
    store(receive(ContentFile(b"Version deux"), original_name="note-2.txt"), stored_file=file.stored_file)
    for changed in (Reference.objects.get(pk=accepted.pk), ReferenceFile.objects.get(pk=file.pk)):
        changed.save()
    Reference.objects.filter(pk=accepted.pk).update(title="Un autre titre")
    file.refresh_from_db()
    assert (file.opened_to, file.opens(2)) == (1, False)
    add_file(accepted, ContentFile(b"Annexe"), original_name="annexe.txt", audiences=["body:PA"])
    file.refresh_from_db()
    assert file.opened_to == 1


def test_the_editors_form_opens_what_it_showed_and_not_what_came_since(accepted, editor):
    client, url = Client(), reverse(Reference.snippet_viewset.get_url_name("edit"), args=[accepted.pk])
    people.log_in(client, editor)
    file = accepted.files.get(number=2)
    before = opened(client, url)
    store(receive(ContentFile(b"Version deux"), original_name="note-2.txt"), stored_file=file.stored_file)

    for shown, opened_to in ((before, 1), (opened(client, url), 2)):
        assert client.post(url, shown).status_code == 302
        file.refresh_from_db()
        assert file.opened_to == opened_to


def test_an_upload_in_a_form_of_before_is_open_all_the_same_and_it_alone(accepted, editor):
    client, url = Client(), reverse(Reference.snippet_viewset.get_url_name("edit"), args=[accepted.pk])
    people.log_in(client, editor)
    first, second = accepted.files.get(number=1), accepted.files.get(number=2)
    before = opened(client, url)
    store(receive(ContentFile(b"Version deux"), original_name="note-2.txt"), stored_file=second.stored_file)

    answer = client.post(url, {**before, "files-0-upload": upload()})

    assert answer.status_code == 302
    first.refresh_from_db(), second.refresh_from_db()
    assert (first.opened_to, second.opened_to) == (2, 1)


# What stood before


def test_the_migration_tells_what_was_contributed_from_what_was_made_in_the_admin(accepted, author, editor):
    migration = import_module("kb.library.migrations.0021_contributed_files")
    made = make.reference("Faite par la rédaction", created_by=editor)
    make.file(made, "Un texte")
    Reference.objects.filter(pk=accepted.pk).update(audiences=["body:PA"])
    ReferenceFile.objects.update(is_contributed=False)

    migration.tell(apps, SimpleNamespace(connection=connection))

    made.refresh_from_db()
    assert made.created_by is None
    assert Contribution.objects.filter(reference=accepted).exists()
    assert dict(ReferenceFile.objects.values_list("reference", "number").filter(is_contributed=True)) == {
        accepted.pk: 1
    }
