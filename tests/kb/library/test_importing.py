"""A folder becomes references: titles, states, what is left out; stopped and taken up again, repeated, nothing twice."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from kb.files.models import FileVersion
from kb.library import importing
from kb.library.models import ImportedDocument, Reference, ReferenceFile
from tests.kb.library import builders as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path) -> Path:
    make.body("PA")
    (tmp_path / "sous").mkdir()
    (tmp_path / "page.html").write_text("<html><head><title>Le logement social</title></head><body><p>Trois loyers de garantie.</p></body></html>")
    (tmp_path / "sous" / "de_huur-waarborg.txt").write_text("x\n\nDe huurwaarborg staat op een geblokkeerde rekening van de huurder.\n")
    (tmp_path / "casse.pdf").write_bytes(b"%PDF-1.4 this is no PDF")
    (tmp_path / "INDEX.jsonl").write_text('{"path": "a"}\n{"path": "b"}\n')
    (tmp_path / "notes.json").write_text('{"a": 1}')
    (tmp_path / "vide.txt").write_text("")
    (tmp_path / ".hidden").write_text("caché")
    return tmp_path


def run(folder, *options) -> str:
    out = StringIO()
    call_command("import_folder", str(folder), "--group", "PA", *options, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_each_document_becomes_an_accepted_reference_with_its_title_and_language(folder):
    said = run(folder)

    assert sorted(Reference.objects.values_list("title", "language", "state")) == [
        ("Le logement social", "fr", "accepted"),
        ("casse", "fr", "accepted"),
        ("de huur waarborg", "nl", "accepted"),
    ]
    assert said.splitlines()[-1] == "6 documents: 3 added, 0 new versions, 0 there already, 3 left out, 1 with a problem"


def test_bad_files_are_lines_of_the_summary(folder):
    lines = [line.split("\t") for line in run(folder).splitlines()[:-1]]

    assert {(line[0], line[2]) for line in lines} == {
        ("broken", "casse.pdf"),
        ("left out", "INDEX.jsonl"),
        ("left out", "notes.json"),
        ("left out", "vide.txt"),
    }
    assert all(line[3] for line in lines)


def test_read_reads_in_place(folder):
    run(folder, "--read")

    assert dict(FileVersion.objects.values_list("original_name", "state")) == {
        "page.html": "read",
        "de_huur-waarborg.txt": "read",
        "casse.pdf": "broken",
    }


def test_a_second_run_puts_nothing_in_twice(folder):
    run(folder)
    said = run(folder)

    assert Reference.objects.count() == ReferenceFile.objects.count() == 3
    assert "0 added, 0 new versions, 3 there already" in said


def test_a_document_that_changed_is_a_new_version_of_its_file(folder):
    run(folder)
    (folder / "page.html").write_text("<html><head><title>Autre titre</title></head><body><p>Un autre texte.</p></body></html>")
    said = run(folder)
    changed = ReferenceFile.objects.get(reference__title="Le logement social")

    assert "0 added, 1 new versions, 2 there already" in said
    assert changed.stored_file.versions.count() == 2 and Reference.objects.count() == 3


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_a_run_that_was_stopped_in_the_middle_of_a_document_is_taken_up(folder, monkeypatch, stop):
    kept = importing.add_file

    def stopping(reference, *args, **values):
        if reference.title == "casse":
            raise stop
        return kept(reference, *args, **values)

    monkeypatch.setattr(importing, "add_file", stopping)
    with pytest.raises((CommandError, SystemExit)):
        run(folder)
    assert Reference.objects.count() == ImportedDocument.objects.count() == 0 or not Reference.objects.filter(title="casse").exists()
    monkeypatch.setattr(importing, "add_file", kept)
    run(folder)

    assert Reference.objects.count() == ReferenceFile.objects.count() == ImportedDocument.objects.count() == 3


def test_the_audience_is_of_notice_and_file(folder):
    run(folder, "--audience", "group")
    assert set(map(tuple, Reference.objects.values_list("audiences", flat=True))) == {("body:PA",)}
    assert set(map(tuple, ReferenceFile.objects.values_list("audiences", flat=True))) == {("body:PA",)}


def test_a_public_notice_keeps_its_file_for_members_while_the_right_is_not_known(folder):
    run(folder, "--audience", "public")
    assert set(map(tuple, Reference.objects.values_list("audiences", flat=True))) == {("public",)}
    assert set(map(tuple, ReferenceFile.objects.values_list("audiences", flat=True))) == {("members",)}


@pytest.mark.parametrize("options", [("--group", "XX"), ("--audience", "nobody")])
def test_a_wrong_option_is_said(folder, options):
    with pytest.raises(CommandError):
        call_command("import_folder", str(folder), "--group", "PA", *options, stdout=StringIO(), stderr=StringIO())


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("Le logement social à Schaerbeek", True),
        ("Microsoft Word - rapport.doc", False),
        ("rapport_final.docx", False),
        ("untitled", False),
        ("Document1", False),
        ("12", False),
        ("2012-05-01 14:00", False),
        ("a" * 200, False),
    ],
)
def test_what_a_program_wrote_is_no_title(text, good):
    assert importing.is_title(text) == good
