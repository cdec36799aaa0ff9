"""An import decides by what it knows for sure: another document never stands in the notice of one that came before
it, and what somebody took back, replaced or gave fewer readers does not come in by itself.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import transaction
from django.test import Client

from kb.files.intake.storing import receiving, store
from kb.files.models import FilePage, FileVersion
from kb.library import importing
from kb.library.catalogue.adding import add_file
from kb.library.catalogue.returning import root_of
from kb.library.catalogue.versions import drop_replaced, take_away
from kb.library.choices import Doubt, ReferenceState
from kb.library.drafting import fill
from kb.library.hits.cards import reference_url
from kb.library.importing import Imported, import_document
from kb.library.models import Contribution, ImportedDocument, Reference, ReferenceFile, TakenVersion
from kb.library.models.references import GoneContent
from tests.kb.library import builders as make

pytestmark = pytest.mark.django_db

REPORT = "Rapport d’activités 2011\n\n" + "L’accueil des primo-arrivants à Schaerbeek a repris au printemps. " * 3
COMPLAINT = "Plainte de Madame Vandenbulcke contre le service\n\nDossier confidentiel, écrit par Jean Secret.\n"


def read(version_id: int, *, claim: str = "") -> None:
    """As the child reads a plain text."""
    version = FileVersion.objects.get(pk=version_id)
    text = version.content.open().read().decode()
    FilePage.objects.create(version=version, number=1, text=text, spans=[[0, len(text), "fr"]])
    FileVersion.objects.filter(pk=version_id).update(
        state="read", page_count=1, languages=["fr"], media_type="text/plain", text_length=len(text)
    )


@pytest.fixture(autouse=True)
def bodies(monkeypatch):
    monkeypatch.setattr(importing, "read_here", read)
    make.body("PA")
    make.body("LOG")


@pytest.fixture
def put(tmp_path):
    """Imports a text under a name of a folder, for everyone unless it is said otherwise."""

    def put(
        name: str,
        text: str,
        *,
        folder: str = "fonds",
        body: str = "PA",
        readers: str = "public",
        **options,
    ) -> Imported:
        path = tmp_path / folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return import_document(path, folder=path.parent, body=make.body(body), audiences=[readers], **options)

    return put


def status(reference: Reference) -> int:
    return Client().get(reference_url(reference)).status_code


def shelf() -> list:
    """What everyone sees of the library."""
    return list(Reference.objects.order_by("pk").values_list("pk", "title", "state", "audiences"))


# Another document under the same name


@pytest.mark.parametrize(("first", "then"), [("public", "body:PA"), ("body:PA", "public")])
def test_the_same_name_in_another_folder_is_another_document_with_its_own_readers(put, first, then):
    put("scan001.txt", REPORT, readers=first)
    before = shelf()
    said = put("scan001.txt", COMPLAINT, folder="cle", readers=then)
    complaint = Reference.objects.exclude(pk=before[0][0]).get()

    assert said.outcome == "added" and shelf()[:1] == before
    assert complaint.audiences == [then] and "Vandenbulcke" in complaint.title
    assert status(complaint) == (200 if then == "public" else 404)


@pytest.mark.parametrize(
    ("first", "then", "words"),
    [
        ("public", "body:PA", "open to more readers"),
        ("body:PA", "public", "not open to all"),
    ],
)
def test_the_same_name_for_other_readers_is_left_out_with_its_mark(put, first, then, words):
    mark = put("scan001.txt", REPORT, readers=first).mark
    before = shelf()
    said = put("scan001.txt", COMPLAINT, readers=then)

    assert (said.outcome, said.mark) == ("left out", mark) and words in said.reason
    assert shelf() == before and FileVersion.objects.count() == 1 and ImportedDocument.objects.count() == 1


def narrow_notice() -> None:
    Reference.objects.update(audiences=["body:PA"])


def narrow_file() -> None:
    ReferenceFile.objects.update(audiences=["body:PA"])


def open_file() -> None:
    ReferenceFile.objects.update(audiences=["public"], publish_reason="own")


@pytest.mark.parametrize("choose", [narrow_notice, narrow_file, open_file])
def test_a_changed_document_whose_readers_somebody_chose_since_is_left_out(put, choose):
    mark = put("rapport.txt", REPORT).mark
    choose()
    said = put("rapport.txt", REPORT + "Revu.")

    assert (said.outcome, said.mark) == ("left out", mark) and FileVersion.objects.count() == 1


def test_the_same_bytes_that_are_open_to_more_readers_than_asked_for_are_a_line_of_the_summary(put):
    mark = put("rapport.txt", REPORT).mark
    said = put("rapport.txt", REPORT, readers="body:PA")

    assert (said.outcome, said.mark) == ("left out", mark) and "open to more readers" in said.reason
    assert put("rapport.txt", REPORT).outcome == "there already"


def test_an_unread_document_is_not_taken_up_for_fewer_readers_than_it_is_going_to_have(put):
    put("rapport.txt", REPORT, read=False)

    assert put("rapport.txt", REPORT, readers="body:PA").outcome == "left out"
    assert Reference.objects.get().state == "draft"
    assert put("rapport.txt", REPORT).outcome == "there already" and Reference.objects.get().state == "accepted"


def test_what_an_import_brought_before_folders_were_remembered_goes_on_only_for_its_own_readers(put):
    put("rapport.txt", REPORT)
    ImportedDocument.objects.update(root="")

    assert put("rapport.txt", REPORT + "Revu.").outcome == "new version"
    ImportedDocument.objects.update(root="")
    assert put("rapport.txt", COMPLAINT, readers="body:PA").outcome == "added"
    assert sorted(Reference.objects.values_list("audiences", flat=True)) == [["body:PA"], ["public"]]


def test_a_folder_that_moved_goes_on_under_its_name(put, tmp_path):
    put("rapport.txt", REPORT)
    former = root_of(Path(), str(tmp_path / "fonds"))

    assert put("rapport.txt", REPORT, folder="ailleurs", root=former).outcome == "there already"
    assert put("rapport.txt", REPORT + "Revu.", folder="ailleurs", root=former).outcome == "new version"


def test_the_command_tells_folders_apart_by_their_path_or_by_the_name_it_is_given(tmp_path, capsys):
    for stick, text in (("a", REPORT), ("b", COMPLAINT)):
        (tmp_path / stick).mkdir()
        (tmp_path / stick / "PV.txt").write_text(text)
        call_command("import_folder", str(tmp_path / stick), "--group", "PA", "--audience", "members")
        assert " 1 added, 0 new versions" in capsys.readouterr().out
    call_command("import_folder", str(tmp_path / "a"), "--group", "PA", "--name", "b")
    (tmp_path / "a" / "PV.txt").write_text(REPORT + "Revu.")
    call_command("import_folder", str(tmp_path / "a"), "--group", "PA", "--name", "clé de 2011")
    assert " 1 added" in capsys.readouterr().out
    (tmp_path / "a" / "PV.txt").write_text(REPORT + "Revu encore.")
    call_command("import_folder", str(tmp_path / "a"), "--group", "PA", "--name", "clé de 2011")

    assert "0 added, 1 new versions" in capsys.readouterr().out and Reference.objects.count() == 3


# A new version and the notice


def test_a_new_version_that_reads_quite_differently_leaves_the_notice_and_is_to_verify(put):
    mark = put("rapport.txt", REPORT).mark
    before = shelf()
    creators = list(Reference.objects.get().creators.values_list("name", flat=True))
    said = put("rapport.txt", COMPLAINT)
    reference = Reference.objects.get()

    assert (said.outcome, said.mark) == ("new version", mark) and "quite differently" in said.reason
    assert shelf() == before and list(reference.creators.values_list("name", flat=True)) == creators
    assert reference.to_verify.get(field="title").why == Doubt.UNLIKE
    assert "Secret" not in str(Contribution.objects.get().drafted)


def test_small_steps_do_not_lead_from_one_document_to_another(put):
    put("rapport.txt", REPORT)
    before = shelf()
    for text in (COMPLAINT * 2, COMPLAINT * 2 + "Revu."):
        put("rapport.txt", text)
        fill(Contribution.objects.get())

    assert shelf() == before


def test_a_verified_notice_is_to_verify_again_once_another_document_stands_under_it(
    put, django_capture_on_commit_callbacks
):
    put("rapport.txt", REPORT)
    reference = Reference.objects.get()
    reference.to_verify.all().delete()
    with django_capture_on_commit_callbacks(execute=True):  # the worker reads and fills
        put("rapport.txt", COMPLAINT, read=False)

    assert set(reference.to_verify.values_list("why", flat=True)) == {Doubt.UNLIKE}
    reference.to_verify.all().delete()
    fill(Contribution.objects.get())
    assert Reference.objects.get().title == reference.title


def test_a_new_version_of_the_same_document_still_fills_what_nobody_looked_at(put):
    put("rapport.txt", REPORT)
    assert "date_text" in set(Reference.objects.get().to_verify.values_list("field", flat=True))
    said = put("rapport.txt", REPORT.replace("2011\n", "2011\nMai 2012\n"))

    assert (said.outcome, said.reason) == ("new version", "")
    assert Reference.objects.get().date_text == "2012-05"
    assert not Reference.objects.get().to_verify.filter(why=Doubt.UNLIKE).exists()


def test_a_version_after_one_without_text_fills_what_is_empty_and_rewrites_nothing(put, monkeypatch):
    scan = lambda version_id, *, claim: FileVersion.objects.filter(pk=version_id).update(state="scan")  # noqa: E731
    with monkeypatch.context() as patched:
        patched.setattr(importing, "read_here", scan)
        put("scan001.txt", REPORT)
    before = Reference.objects.get().title
    put("scan001.txt", COMPLAINT + "\nMai 2012\n")
    reference = Reference.objects.get()

    assert reference.title == before and reference.to_verify.filter(field="title", why=Doubt.NAME).exists()


# What somebody took back


def to(state: str):
    return lambda: Reference.objects.update(state=state)


def close_file() -> None:
    ReferenceFile.objects.update(audiences=["body:LOG"])


HELD_BACK = {
    "draft": to(ReferenceState.DRAFT),
    "proposed": to(ReferenceState.PROPOSED),
    "returned": to(ReferenceState.RETURNED),
    "withdrawn": to(ReferenceState.WITHDRAWN),
    "refused": to(ReferenceState.REFUSED),
    "notice for fewer": narrow_notice,
    "file for fewer": close_file,
}


@pytest.mark.parametrize("how", HELD_BACK)
def test_what_an_editor_holds_back_of_an_import_does_not_come_in_again(put, how):
    mark = put("a.txt", COMPLAINT).mark
    HELD_BACK[how]()
    before = shelf()
    for name, body in (("a.txt", "PA"), ("a-copie.txt", "PA"), ("a.txt", "LOG")):
        said = put(name, COMPLAINT, body=body)
        assert (said.outcome, said.mark) == ("left out", mark) and said.reason

    assert shelf() == before and status(Reference.objects.get()) in (200, 404)


@pytest.mark.parametrize("how", ["returned", "withdrawn", "file for fewer", "taken away"])
def test_what_an_editor_holds_back_of_a_member_does_not_come_in_by_an_import(put, how, tmp_path):
    reference = make.reference("Liste")
    (tmp_path / "m.txt").write_text(COMPLAINT)
    file = add_file(reference, tmp_path / "m.txt", audiences=["members"])
    if how == "taken away":
        take_away(file, 1, reason="Vie privée", user=None)
    else:
        HELD_BACK[how]()
    said = put("m.txt", COMPLAINT)

    assert (said.outcome, said.mark) == ("left out", reference.mark)
    assert Reference.objects.count() == 1


def test_what_a_member_put_in_for_fewer_readers_does_not_come_in_for_more(put, tmp_path):
    reference = make.reference("Liste", audiences=("body:PA",))
    (tmp_path / "m.txt").write_text(COMPLAINT)
    add_file(reference, tmp_path / "m.txt", audiences=["body:PA"])

    assert put("m.txt", COMPLAINT).mark == reference.mark
    assert put("m.txt", COMPLAINT, readers="body:LOG").outcome == "left out"
    assert put("m.txt", COMPLAINT, readers="body:PA").outcome == "added"


@pytest.mark.parametrize("state", [ReferenceState.DRAFT, ReferenceState.ACCEPTED])
def test_what_a_member_has_only_begun_or_shares_already_stands_in_no_import_s_way(put, state, tmp_path):
    readers = ("public",) if state == ReferenceState.ACCEPTED else ("members",)
    reference = make.reference("Liste", state=state, audiences=readers, created_by=make.member())
    Contribution.objects.create(reference=reference)
    (tmp_path / "m.txt").write_text(REPORT)
    add_file(reference, tmp_path / "m.txt", audiences=["members"])

    assert put("m.txt", REPORT).outcome == "added"


def replace(text: str, path: Path) -> FileVersion:
    """As an editor does in the form of the reference."""
    file = ReferenceFile.objects.get()
    path.write_text(text)
    with receiving(path) as received, transaction.atomic():
        version = store(received, stored_file=file.stored_file)
        drop_replaced(file, version)
    return version


@pytest.fixture
def anonymised(put, tmp_path) -> str:
    """The mark of an import of which an editor replaced the file before it was read, by a copy without names."""
    mark = put("e.txt", COMPLAINT, read=False).mark
    read(replace("Plainte contre le service\n\nDossier du groupe, sans noms.\n", tmp_path / "anonyme.txt").pk)
    fill(Contribution.objects.get())
    assert status(Reference.objects.get()) == 200
    return mark


@pytest.mark.parametrize(("name", "text"), [("e-bis.txt", COMPLAINT), ("e.txt", COMPLAINT + ".")])
def test_what_an_editor_replaced_comes_back_neither_beside_nor_over_it(put, anonymised, name, text):
    before = shelf()
    said = put(name, text)
    file = ReferenceFile.objects.get()

    assert (said.outcome, said.mark) == ("left out", anonymised) and "by hand" in said.reason
    assert shelf() == before and file.opened_to == 2 and FileVersion.objects.get().number == 2


GONE = {
    "deleted": lambda reference: reference.delete(),
    "deleted with others": lambda reference: Reference.objects.all().delete(),
    "file taken off": lambda reference: reference.files.get().delete(),
    "files taken off": lambda reference: ReferenceFile.objects.all().delete(),
}


@pytest.mark.parametrize("how", GONE)
@pytest.mark.parametrize("state", [ReferenceState.ACCEPTED, ReferenceState.PROPOSED])
def test_what_was_deleted_of_a_member_does_not_come_in_by_an_import(put, how, state, tmp_path):
    reference = make.reference("Liste", state=state, created_by=make.member())
    Contribution.objects.create(reference=reference, confirmed_at=reference.created_at)
    (tmp_path / "m.txt").write_text(COMPLAINT)
    add_file(reference, tmp_path / "m.txt", audiences=["members"])
    GONE[how](Reference.objects.get())
    assert put("m.txt", COMPLAINT).outcome == "left out"
    assert put("autre.txt", REPORT).outcome == "added"


def test_what_a_member_replaced_before_it_was_accepted_does_not_come_in_by_an_import(put, tmp_path):
    reference = make.reference("Liste", state=ReferenceState.DRAFT, created_by=make.member())
    Contribution.objects.create(reference=reference)
    (tmp_path / "m.txt").write_text(COMPLAINT)
    add_file(reference, tmp_path / "m.txt", audiences=["members"])
    replace("Plainte sans noms.", tmp_path / "anonyme.txt")
    assert put("m.txt", COMPLAINT).outcome == "left out"


def test_a_draft_that_its_author_deleted_stands_in_no_import_s_way(put, tmp_path):
    reference = make.reference("Liste", state=ReferenceState.DRAFT, created_by=make.member())
    Contribution.objects.create(reference=reference)
    (tmp_path / "m.txt").write_text(REPORT)
    add_file(reference, tmp_path / "m.txt", audiences=["members"])
    Reference.objects.get().delete()
    assert put("m.txt", REPORT).outcome == "added"


TAKEN_AWAY_THEN = {
    "reference deleted": lambda file: Reference.objects.get().delete(),
    "references deleted": lambda file: Reference.objects.all().delete(),
    "file taken off": lambda file: file.delete(),
}


@pytest.mark.parametrize("then", TAKEN_AWAY_THEN)
def test_what_an_editor_took_away_stays_out_also_once_the_rest_is_deleted(put, then, tmp_path):
    reference = make.reference("Liste", created_by=make.member())
    (tmp_path / "m.txt").write_text(COMPLAINT)
    file = add_file(reference, tmp_path / "m.txt", audiences=["members"])
    take_away(file, 1, reason="Vie privée", user=None)
    TAKEN_AWAY_THEN[then](ReferenceFile.objects.get())

    assert put("a.txt", COMPLAINT).outcome == "left out"
    assert put("autre.txt", REPORT).outcome == "added"


def test_what_was_taken_away_before_its_bytes_were_remembered_for_good_is_told_by_a_migration():
    migration = import_module("kb.library.migrations.0023_contents_taken_away_are_gone")
    reference = make.reference("Liste")
    for number, sha256 in ((1, "a" * 64), (2, "")):
        file = make.file(reference, "un texte")
        TakenVersion.objects.create(file=file, number=number, sha256=sha256, reason="Vie privée")
    migration.keep(apps, None)
    assert [*GoneContent.objects.values_list("sha256", flat=True)] == ["a" * 64]


def _begun_again(tmp_path, *, state: str, is_opened: bool = True) -> Reference:
    reference = make.reference("La même", state=state, created_by=make.member())
    Contribution.objects.create(reference=reference)
    file = add_file(reference, tmp_path / "m.txt", audiences=["members"])
    if not is_opened:
        ReferenceFile.objects.filter(pk=file.pk).update(opened_to=0)
    return reference


@pytest.mark.parametrize(
    ("state", "is_opened", "outcome"),
    [
        (ReferenceState.DRAFT, True, "left out"),
        (ReferenceState.ACCEPTED, False, "left out"),
        (ReferenceState.ACCEPTED, True, "added"),
    ],
)
def test_what_was_deleted_comes_in_again_only_once_somebody_accepted_the_same(put, tmp_path, state, is_opened, outcome):
    (tmp_path / "m.txt").write_text(COMPLAINT)
    add_file(make.reference("Liste"), tmp_path / "m.txt", audiences=["members"])
    Reference.objects.get().delete()
    _begun_again(tmp_path, state=state, is_opened=is_opened)

    assert put("a.txt", COMPLAINT, readers="members").outcome == outcome


def test_of_two_alike_of_which_one_is_deleted_the_other_is_there(put, tmp_path):
    mark = put("a.txt", REPORT).mark
    twin = make.reference("Le même")
    (tmp_path / "m.txt").write_text(REPORT)
    add_file(twin, tmp_path / "m.txt", audiences=["members"])
    twin.delete()
    said = put("a.txt", REPORT)
    assert (said.outcome, said.mark) == ("there already", mark)


def test_a_version_that_an_editor_put_over_an_accepted_one_stays_the_newest(put, tmp_path):
    mark = put("e.txt", REPORT).mark
    replace("Le même, sans noms.", tmp_path / "anonyme.txt")
    said = put("e.txt", REPORT + "Revu.")

    assert (said.outcome, said.mark) == ("left out", mark) and "another version" in said.reason
    assert FileVersion.objects.count() == 2


def test_looking_costs_as_many_queries_for_many_copies(put, tmp_path, django_assert_max_num_queries):
    for number in range(5):
        put(f"{number}.txt", REPORT)
    with django_assert_max_num_queries(13):
        put("0.txt", REPORT)
