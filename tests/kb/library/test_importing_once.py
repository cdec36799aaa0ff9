"""What an import brought is accepted by itself once: what somebody chose since stays, whatever text comes after."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from kb.files.models import FilePage, FileVersion
from kb.files.owners import tell
from kb.library import importing
from kb.library.catalogue.versions import take_away
from kb.library.choices import ReferenceState
from kb.library.drafting import filling
from kb.library.drafting.filling import enqueue_lost, fill
from kb.library.models import Contribution, Reference, ReferenceFile
from tests.kb.library import builders as make

pytestmark = pytest.mark.django_db

PAGES = ("Dossier sur le logement\nAuteur : Groupe de travail Logement\nmai 2011", "La garantie locative. " * 9)


def imported(*, state: str = "scan") -> Reference:
    """As an import leaves it before its notice is filled, for everyone."""
    reference = make.reference("Le bail", state=ReferenceState.DRAFT, language="", type="")
    make.file(reference, state=state)
    Contribution.objects.create(reference=reference, accept_when_read=True)
    return reference


def fill_all() -> None:
    for contribution in Contribution.objects.select_related("reference"):
        fill(contribution)


def by_saving(state: str) -> None:
    reference = Reference.objects.get()
    reference.state = state
    reference.save()


def by_one_field(state: str) -> None:
    reference = Reference.objects.get()
    reference.state = state
    reference.save(update_fields=["state"])


def by_many(state: str) -> None:
    Reference.objects.update(state=state)


def a_new_version() -> None:
    make.version(Reference.objects.get().files.get().stored_file, PAGES, content=b"%PDF newer")


def a_new_reading() -> None:
    FileVersion.objects.update(state="read", reading=7)


CHOICES = [by_saving, by_one_field, by_many]


@pytest.mark.parametrize("state", ReferenceState.values)
@pytest.mark.parametrize("choose", CHOICES)
def test_the_state_that_somebody_chose_after_acceptance_stays(choose, state, django_capture_on_commit_callbacks):
    imported()
    fill_all()
    assert Reference.objects.get().state == "accepted"
    choose(state)
    for comes in (a_new_version, a_new_reading):
        comes()
        with django_capture_on_commit_callbacks(execute=True):
            tell(Reference.objects.get().files.get().stored_file)  # as a reading that ends
        fill_all()

        assert Reference.objects.get().state == state


@pytest.mark.parametrize("state", sorted({*ReferenceState.values} - {ReferenceState.DRAFT}))
@pytest.mark.parametrize("choose", CHOICES)
def test_a_draft_that_came_back_from_another_state_before_it_was_read_stays_a_draft(choose, state):
    imported(state="waiting")
    choose(state)
    choose(ReferenceState.DRAFT)
    FileVersion.objects.update(state="read")
    fill_all()

    assert Reference.objects.get().state == "draft"


def narrowed_by_saving() -> None:
    reference = Reference.objects.get()
    reference.audiences = ["body:PA"]
    reference.save()


@pytest.mark.parametrize(
    "choose", [narrowed_by_saving, lambda: Reference.objects.update(audiences=["body:PA"])], ids=["save", "update"]
)
def test_a_draft_whose_readers_somebody_chose_before_it_was_read_stays_a_draft(choose):
    imported(state="waiting")
    choose()
    FileVersion.objects.update(state="read")
    fill_all()

    assert Reference.objects.get().state == "draft"


def file_narrowed_by_saving() -> None:
    file = ReferenceFile.objects.get()
    file.audiences = ["body:PA"]
    file.save()


def file_narrowed_by_many() -> None:
    ReferenceFile.objects.update(audiences=["body:PA"])


FILE_CHOICES = [file_narrowed_by_saving, file_narrowed_by_many]


@pytest.mark.parametrize("is_opened_again", [False, True])
@pytest.mark.parametrize("choose", FILE_CHOICES)
def test_a_draft_the_readers_of_whose_file_somebody_chose_before_it_was_read_stays_a_draft(choose, is_opened_again):
    imported(state="waiting")
    choose()
    if is_opened_again:
        ReferenceFile.objects.update(audiences=["members"])
    FileVersion.objects.update(state="read")
    fill_all()

    assert Reference.objects.get().state == "draft"


@pytest.mark.parametrize("choose", FILE_CHOICES)
def test_no_word_of_a_file_for_few_comes_into_the_notice_for_all(choose, django_capture_on_commit_callbacks):
    imported()
    fill_all()
    before = Reference.objects.values().get()
    choose()
    a_new_version()
    with django_capture_on_commit_callbacks(execute=True):
        tell(ReferenceFile.objects.get().stored_file)
    fill_all()
    reference = Reference.objects.get()

    assert Reference.objects.values().get() == before and not reference.creators.exists()
    assert reference.to_verify.filter(field="date_text").exists()
    assert "mai" not in str(Contribution.objects.get().drafted) and Contribution.objects.get().drafted_from
    ReferenceFile.objects.update(audiences=["members"])
    fill_all()
    assert Reference.objects.get().date_text == "2011-05"


def test_a_draft_of_which_only_words_were_changed_is_accepted():
    reference = imported(state="waiting")
    reference.title = "Le bail de résidence principale"
    reference.save()
    FileVersion.objects.update(state="read")
    fill_all()

    assert Reference.objects.get().state == "accepted"


def test_what_was_taken_back_is_filled_with_what_a_later_text_says():
    imported()
    fill_all()
    by_saving(ReferenceState.DRAFT)
    a_new_version()
    fill_all()
    reference = Reference.objects.get()

    assert (reference.state, reference.date_text, reference.language) == ("draft", "2011-05", "fr")


def test_what_the_clock_asks_for_again_stays_taken_back():
    imported(state="read")
    fill_all()
    by_saving(ReferenceState.DRAFT)
    FileVersion.objects.update(read_at=timezone.now() - timedelta(hours=1))
    Contribution.objects.update(drafted_from=None)
    enqueue_lost()

    assert Reference.objects.get().state == "draft" and Contribution.objects.get().drafted_from


def test_what_ended_the_workers_and_was_taken_back_stays_back():
    imported(state="read")
    fill_all()
    by_saving(ReferenceState.DRAFT)
    FileVersion.objects.update(read_at=timezone.now() - timedelta(hours=1))
    Contribution.objects.update(drafted_from=None)

    assert filling._stays_as_it_is(Contribution.objects.get().pk, timezone.now())
    assert Reference.objects.get().state == "draft"


@pytest.mark.parametrize("option", ["--read", "--no-read"])
def test_a_new_run_of_the_import_changes_the_state_of_nothing_that_somebody_chose(option, tmp_path, monkeypatch):
    def read_here(version_id: int, *, claim: str) -> None:
        FileVersion.objects.filter(pk=version_id).update(state="scan", read_at=timezone.now())

    def run(*options: str) -> None:
        call_command("import_folder", str(tmp_path), "--group", "PA", "--audience", "public", *options)

    def states() -> dict[str, str]:
        return dict(Reference.objects.values_list("source", "state"))

    monkeypatch.setattr(importing, "read_here", read_here)
    make.body("PA")
    chosen = {f"{state}.txt": state for state in ReferenceState.values}
    for name in chosen:
        (tmp_path / name).write_text(f"Le bail, {name}")
    run()
    assert set(states().values()) == {"accepted"}
    for name, state in chosen.items():
        Reference.objects.filter(source=name).update(state=state)
        (tmp_path / name).write_text(f"Le bail sans les noms, {name}")
    run(option)
    FileVersion.objects.filter(state="waiting").update(state="scan", read_at=timezone.now())
    fill_all()
    run(option)

    assert FileVersion.objects.count() >= len(chosen) and states() == chosen


def test_what_an_editor_deleted_does_not_come_in_again_when_its_file_changes(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(importing, "read_here", lambda version_id, *, claim: None)
    make.body("PA")
    file = tmp_path / "bail.txt"

    def run() -> str:
        call_command("import_folder", str(tmp_path), "--group", "PA", "--audience", "public")
        return capsys.readouterr().out

    file.write_text("Le bail")
    run()
    Reference.objects.all().delete()
    file.write_text("Le bail, revu")
    said = run()
    assert not Reference.objects.exists()
    assert "deleted" in said and "by hand" in said


def deleted() -> None:
    Reference.objects.all().delete()


def taken_off() -> None:
    ReferenceFile.objects.all().delete()


def version_taken_away() -> None:
    take_away(ReferenceFile.objects.get(), 1, reason="Des noms y sont", user=None)


TAKEN_BACK = {
    "deleted": deleted,
    "withdrawn": lambda: by_many(ReferenceState.WITHDRAWN),
    "refused": lambda: by_many(ReferenceState.REFUSED),
    "file": taken_off,
    "version": version_taken_away,
}


@pytest.fixture
def imported_again(tmp_path, monkeypatch, capsys):
    """Imports the folder, whose file becomes a public notice, and gives what the command said."""

    def read_here(version_id: int, *, claim: str) -> None:
        FileVersion.objects.filter(pk=version_id).update(state="scan", read_at=timezone.now())

    def run(group: str = "PA") -> str:
        call_command("import_folder", str(tmp_path), "--group", group, "--audience", "public")
        return capsys.readouterr().out

    monkeypatch.setattr(importing, "read_here", read_here)
    make.body("PA")
    make.body("LOG")
    (tmp_path / "bail.txt").write_text("Le bail")
    run()
    return run


@pytest.mark.parametrize("how", TAKEN_BACK)
def test_what_an_editor_took_back_does_not_come_in_under_another_name_or_for_another_group(
    how, imported_again, tmp_path
):
    TAKEN_BACK[how]()
    before = list(Reference.objects.values_list("pk", "state"))
    assert " 1 left out" in imported_again("LOG")
    (tmp_path / "bail.txt").rename(tmp_path / "autre.txt")
    said = imported_again()

    assert " 1 left out" in said and "by hand" in said
    assert list(Reference.objects.values_list("pk", "state")) == before


def test_a_file_that_an_editor_took_off_does_not_come_in_again_when_it_changes(imported_again, tmp_path):
    taken_off()
    (tmp_path / "bail.txt").write_text("Le bail, revu")

    assert "took its file off" in imported_again()
    assert Reference.objects.count() == 1 and not ReferenceFile.objects.exists()


def test_a_new_version_of_a_file_that_lost_one_is_stored_and_not_opened(imported_again, tmp_path):
    version_taken_away()
    (tmp_path / "bail.txt").write_text("Le bail, revu")
    assert "not open" in imported_again()
    file = ReferenceFile.objects.get()

    assert FileVersion.objects.get().number == 2 and not file.opens(2)
    FilePage.objects.create(version=FileVersion.objects.get(), number=1, text=PAGES[0], spans=[[0, 60, "fr"]])
    FileVersion.objects.update(state="read", page_count=1, reading=1, languages=["fr"])
    fill_all()
    assert not ReferenceFile.objects.get().opens(2) and Reference.objects.get().date_text == ""


def test_the_same_bytes_that_nobody_took_back_come_in_under_another_name(imported_again, tmp_path):
    (tmp_path / "autre.txt").write_text("Le bail")

    assert " 1 added" in imported_again() and Reference.objects.count() == 2
