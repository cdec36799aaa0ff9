"""A folder becomes references: titles, states, what is left out; stopped and taken up again,
repeated, nothing twice.
"""

from __future__ import annotations

import os
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.utils import timezone

from kb.files import tasks
from kb.files.models import FileVersion
from kb.library import importing
from kb.library.contributions.waiting import to_verify
from kb.library.drafting.filling import enqueue_lost, fill_contribution
from kb.library.models import Contribution, ImportedDocument, Reference, ReferenceFile
from tests.kb.accounts import builders as people
from tests.kb.library import builders as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path) -> Path:
    make.body("PA")
    (tmp_path / "sous").mkdir()
    (tmp_path / "page.html").write_text(
        "<html><head><title>Le logement social</title></head><body><p>Trois loyers de garantie.</p></body></html>"
    )
    (tmp_path / "sous" / "de_huur-waarborg.txt").write_text(
        "x\n\nDe huurwaarborg staat op een geblokkeerde rekening van de huurder.\n"
    )
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
        ("Casse", "", "accepted"),
        ("De huur waarborg", "nl", "accepted"),
        ("Le logement social", "fr", "accepted"),
    ]
    assert (
        said.splitlines()[-1] == "6 documents: 3 added, 0 new versions, 0 there already, 3 left out, 1 with a problem"
    )


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
    (folder / "page.html").write_text(
        "<html><head><title>Autre titre</title></head><body><p>Un autre texte.</p></body></html>"
    )
    said = run(folder)
    changed = ReferenceFile.objects.get(reference__title="Le logement social")

    assert "0 added, 1 new versions, 2 there already" in said
    assert changed.stored_file.versions.count() == 2 and Reference.objects.count() == 3


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_a_run_that_was_stopped_in_the_middle_of_a_document_is_taken_up(folder, monkeypatch, stop):
    kept = importing.add_file

    def stopping(reference, *args, **values):
        if reference.title == "Casse":
            raise stop
        return kept(reference, *args, **values)

    monkeypatch.setattr(importing, "add_file", stopping)
    with pytest.raises((CommandError, SystemExit)):
        run(folder)
    assert (
        Reference.objects.count() == ImportedDocument.objects.count() == 0
        or not Reference.objects.filter(title="Casse").exists()
    )
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


def test_a_name_that_is_not_utf8_is_kept_in_signs_that_can_be_stored(folder):
    name = os.fsencode(folder) + b"/caf\xe9.txt"
    try:
        Path(os.fsdecode(name)).write_text("x\n\nLe café des primo-arrivants ouvre chaque lundi matin.\n")
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    (folder / "café.txt").write_text("x\n\nUn autre café, dont le nom est en UTF-8, ouvre chaque mardi.\n")
    said = run(folder, "--read")

    assert "8 documents: 5 added, 0 new versions, 0 there already, 3 left out" in said
    assert Reference.objects.filter(source="café.txt").count() == 2
    assert set(FileVersion.objects.filter(original_name="café.txt").values_list("state", flat=True)) == {"read"}
    assert {"caf\\xe9.txt", "café.txt"} <= set(ImportedDocument.objects.values_list("path", flat=True))
    assert "0 added, 0 new versions, 5 there already" in run(folder)


def test_what_is_in_no_code_page_has_a_name_all_the_same():
    assert importing.shown_name(Path(os.fsdecode(b"a\x81b\xe9.txt"))) == "a\ufffdbé.txt"


def test_a_broken_file_with_such_a_name_is_a_line_of_the_summary(folder):
    try:
        Path(os.fsdecode(os.fsencode(folder) + b"/ab\xeem\xe9.pdf")).write_bytes(b"%PDF-1.4 this is no PDF either")
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    lines = [line.split("\t") for line in run(folder).splitlines()[:-1]]

    assert ("broken", "ab\\xeem\\xe9.pdf") in {(line[0], line[2]) for line in lines}


def test_a_folder_that_cannot_be_opened_is_a_line_of_the_summary_and_the_others_go_on(folder, monkeypatch):
    scandir = os.scandir

    def refusing(path):
        if Path(path).name == "sous":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(importing.os, "scandir", refusing)
    said = run(folder)

    assert "left out\t-\tsous\ta folder that cannot be opened: Permission denied" in said.splitlines()
    assert said.splitlines()[-1].startswith("5 documents: 2 added")
    assert said.splitlines()[-1].endswith("folders that could not be opened: 1")


def test_a_link_in_a_circle_is_a_line_of_the_summary(folder):
    (folder / "rond.pdf").symlink_to(folder / "rond.pdf")

    assert any(line.startswith("left out\t-\trond.pdf\t") for line in run(folder).splitlines())


@pytest.mark.parametrize("to", ["file", "folder", "nothing", "document of the folder"])
def test_a_link_is_a_line_of_the_summary_and_never_followed(folder, tmp_path_factory, to):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "cass.env").write_text("x\n\nLe mot de passe de la base de données.\n")
    target = {"file": elsewhere / "cass.env", "folder": elsewhere, "nothing": elsewhere / "none"}
    (folder / "lien.txt").symlink_to(target.get(to, folder / "page.html"))
    said = run(folder, "--audience", "public", "--no-read").splitlines()

    assert "left out\t-\tlien.txt\ta link to another place, which is not followed" in said
    assert said[-1].startswith("7 documents: 3 added, 0 new versions, 0 there already, 4 left out")
    assert not FileVersion.objects.filter(original_name__in=["lien.txt", "cass.env"]).exists()


def test_a_document_that_becomes_a_link_after_it_was_listed_is_left_out(folder):
    (folder / "sous" / "secret").write_text("x\n\nLe mot de passe de la base de données.\n")
    found = list(importing.documents(folder))
    (folder / "page.html").unlink()
    (folder / "page.html").symlink_to(folder / "sous" / "secret")
    done = [
        importing.import_document(path, folder=folder, body=make.body("PA"), audiences=["public"], read=False)
        for path in found
        if path.name == "page.html"
    ]

    assert [(one.outcome, one.reason) for one in done] == [
        ("left out", "a link to another place, which is not followed")
    ]


def test_a_document_that_becomes_a_link_while_it_is_looked_at_gives_nothing_of_the_other(folder, monkeypatch):
    sha256_of = importing.sha256_of

    def turning(path):
        (folder / "page.html").unlink(missing_ok=True)
        (folder / "page.html").symlink_to(folder / "sous" / "de_huur-waarborg.txt")
        return sha256_of(path)

    monkeypatch.setattr(importing, "sha256_of", turning)
    done = importing.import_document(
        folder / "page.html", folder=folder, body=make.body("PA"), audiences=["public"], read=False
    )

    assert done.outcome == "left out" and not FileVersion.objects.exists()


def test_a_document_is_read_once_by_the_child_and_outside_every_transaction(folder, monkeypatch):
    read = []

    def watched(path, *args, **options):
        read.append([block for block in connection.atomic_blocks if not block._from_testcase])
        return extract(path, *args, **options)

    extract = tasks.extract
    monkeypatch.setattr(tasks, "extract", watched)
    run(folder)

    assert read == [[], [], []]  # the page, the text, the broken PDF


def test_what_was_read_fills_the_notice_and_what_is_not_sure_is_to_verify(folder):
    (folder / "dossier.html").write_text(
        "<html><head><title>Dossier sur le logement</title><meta name='author' content='GT Logement'>"
        "<meta name='date' content='2011-05-02'></head><body><p>La garantie locative protège.</p></body></html>"
    )
    run(folder)
    reference = Reference.objects.get(title="Dossier sur le logement")
    marked = {one.title: set(one.to_verify.values_list("field", flat=True)) for one in Reference.objects.all()}

    assert (reference.type, reference.date_text) == ("webpage", "2011-05-02")
    assert not {"title", "date_text", "type"} & marked["Dossier sur le logement"]
    assert marked["Casse"] == {"title", "date_text", "creators", "language", "type"}


def test_a_run_that_was_killed_between_reading_and_filling_is_taken_up(folder, monkeypatch):
    filled = importing.fill

    def killed(contribution):
        raise SystemExit

    monkeypatch.setattr(importing, "fill", killed)
    with pytest.raises(SystemExit):
        run(folder)
    assert list(Reference.objects.values_list("state", flat=True)) == ["draft"]
    monkeypatch.setattr(importing, "fill", filled)
    run(folder)

    assert set(Reference.objects.values_list("state", flat=True)) == {"accepted"}
    assert Reference.objects.count() == FileVersion.objects.count() == 3


def test_what_the_clock_finds_read_and_not_filled_is_accepted_without_the_command(folder, monkeypatch):
    monkeypatch.setattr(importing, "fill", lambda contribution: None)
    run(folder)
    FileVersion.objects.update(read_at=timezone.now() - timedelta(hours=1))
    enqueue_lost()

    assert set(Reference.objects.values_list("state", flat=True)) == {"accepted"}


def test_without_reading_the_worker_reads_fills_and_accepts(folder, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as waiting:
        said = run(folder, "--no-read")
    assert set(Reference.objects.values_list("state", flat=True)) == {"draft"}
    assert said.splitlines()[-1].endswith("0 with a problem; 3 that the worker reads, fills and accepts")

    with django_capture_on_commit_callbacks(execute=True):
        for callback in waiting:
            callback()

    assert set(Reference.objects.values_list("title", "state")) == {
        ("Casse", "accepted"),
        ("De huur waarborg", "accepted"),
        ("Le logement social", "accepted"),
    }


@pytest.mark.parametrize(
    ("name", "content", "left_out"),
    [
        ("rapport.txt", b"[1] Dupont, Le bail. [2] Peeters, De huur.", False),
        ("rapport.txt", b'\xef\xbb\xbf {"a": [1, 2]}', True),
        ("rapport", b'[{"a": 1}]', True),
        ("rapport", b"Le bail, article par article.", False),
        ("photos.zip", b"PK\x03\x04" + b"\0" * 26 + b"photo.jpg", True),
        ("rapport.docx", b"PK\x03\x04" + b"\0" * 26 + b"photo.jpg", False),
        ("rapport", b"PK\x03\x04" + b"\0" * 26 + b"[Content_Types].xml", False),
        ("photo.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0", True),
    ],
)
def test_what_is_no_document_is_told_by_its_name_and_its_first_bytes(tmp_path, name, content, left_out):
    (tmp_path / name).write_bytes(content)
    assert bool(importing._why_left_out(tmp_path / name)) == left_out


def test_a_document_that_breaks_drafting_comes_in_under_its_name_and_the_others_go_on(folder, monkeypatch):
    filled = importing.fill

    def breaking(contribution):
        if contribution.reference.title == "Page":
            raise ValueError("a word that nobody thought of")
        return filled(contribution)

    monkeypatch.setattr(importing, "fill", breaking)
    said = run(folder)

    assert said.splitlines()[-1].startswith("6 documents: 3 added")
    assert set(Reference.objects.values_list("title", "state")) == {
        ("Page", "accepted"),
        ("Casse", "accepted"),
        ("De huur waarborg", "accepted"),
    }
    broken = Reference.objects.get(title="Page")
    assert {"title", "date_text", "creators", "language", "type"} <= set(
        broken.to_verify.values_list("field", flat=True)
    )


def test_what_an_editor_accepts_before_it_is_read_is_filled_all_the_same(folder, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as waiting:
        run(folder, "--no-read")
    Reference.objects.update(state="accepted")
    with django_capture_on_commit_callbacks(execute=True):
        for callback in waiting:
            callback()

    assert set(Reference.objects.values_list("title", flat=True)) == {"Le logement social", "Casse", "De huur waarborg"}
    assert Reference.objects.get(title="Le logement social").language == "fr"


def test_a_path_longer_than_is_kept_is_a_line_of_the_summary(folder):
    deep = folder
    for letter in "abcdef":
        deep /= letter * 200
    deep.mkdir(parents=True)
    (deep / "loin.txt").write_text("x\n\nUn texte au fond des dossiers.\n")
    said = run(folder)
    assert "its path is too long" in said and said.splitlines()[-1].startswith("7 documents: 3 added")


def test_the_name_of_a_file_is_one_line_of_the_summary_and_commands_no_terminal(folder):
    (folder / "vide\n9 documents: 9 added\x1b[2J.txt").write_text("")
    said = run(folder)
    assert "\x1b" not in said and len([line for line in said.splitlines() if "9 documents" in line]) == 1
    assert "vide\\n9 documents: 9 added\\x1b[2J.txt" in said


def test_what_may_not_become_public_by_itself_is_left_to_the_editors_once(folder):
    """Marked as own work, or with a file for fewer, before it was read: asked for once, and on the list of editors."""
    run(folder, "--audience", "public")
    own, fewer, _broken = Reference.objects.order_by("title")
    for reference in (own, fewer):
        models.QuerySet(Reference).filter(pk=reference.pk).update(state="draft", accepted_at=None)
        Contribution.objects.filter(reference=reference).update(drafted_from=None, left_to_editors_at=None)
    models.QuerySet(Reference).filter(pk=own.pk).update(own_production=own.body)
    models.QuerySet(ReferenceFile).filter(reference=fewer).update(audiences=["body:PA"])
    editor, held = people.editor(), frozenset({"staff"})
    before = to_verify(editor, held).total

    for contribution in Contribution.objects.filter(reference__in=(own, fewer)):
        fill_contribution.call(contribution.pk)

    assert set(Reference.objects.filter(pk__in=(own.pk, fewer.pk)).values_list("state", flat=True)) == {"draft"}
    assert to_verify(editor, held).total == before + 2
    assert not Contribution.objects.filter(reference__in=(own, fewer), left_to_editors_at=None).exists()
    FileVersion.objects.update(read_at=timezone.now() - timedelta(days=1))
    assert enqueue_lost() == ""
