import hashlib

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.transaction import TransactionManagementError
from django.utils import translation

from kb.files.intake import storing
from kb.files.models import FileVersion
from tests.kb.files.builders import KIND, pdf, stored, upload

pytestmark = pytest.mark.django_db


def test_a_stored_file_keeps_its_bytes_hash_and_size_under_a_name_of_ours_and_no_type_yet(private_folder):
    content = pdf(["Logement"])
    version = stored(content, "Bail & loyer.pdf")
    assert (private_folder / version.content.name).read_bytes() == content
    assert (version.sha256, version.size_bytes) == (hashlib.sha256(content).hexdigest(), len(content))
    assert (version.media_type, version.original_name, version.state) == ("", "Bail & loyer.pdf", "waiting")
    assert "Bail" not in version.content.name


def test_a_file_at_a_path_is_stored_like_an_upload(tmp_path):
    (tmp_path / "note.pdf").write_bytes(pdf(["Logement"]))
    version = storing.store(tmp_path / "note.pdf", owner_kind=KIND)
    assert (version.original_name, version.media_type) == ("note.pdf", "")


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        (b"<!doctype html><html><script>alert(1)</script></html>", "rapport.pdf", "text/html"),
        (pdf(["x"]), "rapport.docx", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "rapport.pdf", ""),
    ],
    ids=["html named pdf", "pdf named docx", "a picture named pdf"],
)
def test_the_type_is_said_by_the_reading_from_the_content_never_by_the_name(committed, content, name, media_type):
    with committed():
        version = stored(content, name)
        assert version.media_type == ""
    version.refresh_from_db()
    assert version.media_type == media_type


PROGRAMS = {
    "windows": (b"MZ\x90\x00\x03\x00\x00\x00", "rapport.pdf"),
    "linux": (b"\x7fELF\x02\x01\x01\x00", "rapport.docx"),
    "macos": (b"\xcf\xfa\xed\xfe\x07\x00\x00\x01", "rapport"),
    "script": (b"#!/bin/sh\nrm -rf ~\n", "rapport.txt"),
    "batch": (b"@echo off\r\ndel *.*\r\n", "facture.BAT"),
    "javascript": (b"alert(1)", "facture.pdf.js"),
    "java": (b"PK\x03\x04\x14\x00\x00\x00", "rapport.jar"),
    "link": (b"L\x00\x00\x00\x01\x14\x02\x00", "rapport.lnk"),
    "a sign that nobody sees after its ending": (b"%PDF-1.4", "setup.exe\u200b"),
}


@pytest.mark.parametrize(("content", "name"), PROGRAMS.values(), ids=PROGRAMS)
@pytest.mark.parametrize(("language", "word"), [("fr", "programme"), ("nl", "programma"), ("en", "program")])
def test_a_program_is_refused_in_words_and_leaves_nothing(private_folder, content, name, language, word):
    with translation.override(language):
        with pytest.raises(ValidationError) as refused:
            stored(content, name)
        assert refused.value.code == "program"
        assert word in refused.value.messages[0]
    assert not FileVersion.objects.exists()
    assert not private_folder.exists()


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"MZ, le journal du quartier", "mz.txt"),
        (b"alert(1)", "alert.txt"),
        (b"\xff\xd8\xff\xe0\x00", "photo.jpg"),
        (b"PK\x03\x04", "x.zip"),
    ],
)
def test_what_is_no_program_is_taken(content, name):
    assert stored(content, name).state == "waiting"


HOSTILE = {
    "a damaged .doc, whose directory is nowhere": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\xff" * 600,
    "a zip file cut off": b"PK\x03\x04\x14\x00\x00\x00" + b"\x00" * 10,
    "a PDF of its head alone": b"%PDF-1.7\n",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_damaged_file_is_kept_and_said_to_be_damaged_by_its_reading(committed, content):
    with committed():
        version = stored(content, "lettre.doc")
    version.refresh_from_db()
    assert (version.state, version.size_bytes) == ("broken", len(content))


def test_nothing_is_received_in_a_transaction_for_it_would_hold_up_all_writing(private_folder):
    with transaction.atomic(), pytest.raises(TransactionManagementError, match="before the transaction"):
        stored()
    assert not private_folder.exists()


def test_bytes_of_a_block_that_fails_are_removed(private_folder):
    with pytest.raises(RuntimeError), storing.receiving(upload(pdf(["x"]))) as received, transaction.atomic():
        storing.store(received, owner_kind=KIND)
        raise RuntimeError
    assert not FileVersion.objects.exists()
    assert not [path for path in private_folder.rglob("*") if path.is_file()]


def test_receiving_looks_at_no_more_than_the_first_bytes_of_a_zip_of_many_files(monkeypatch):
    opened = []
    monkeypatch.setattr("zipfile.ZipFile", lambda *given, **more: opened.append(given))
    stored(b"PK\x03\x04" + b"\x00" * 5_000_000, "archive.zip")
    assert opened == []


@pytest.mark.parametrize(("language", "limit"), [("fr", "10\xa0octets"), ("nl", "10\xa0bytes"), ("en", "10\xa0bytes")])
def test_a_file_over_the_limit_is_refused_with_the_limit_and_leaves_nothing(settings, private_folder, language, limit):
    settings.FILES_MAX_BYTES = 10
    with translation.override(language), pytest.raises(ValidationError) as refused:
        stored(b"x" * 11)
    with translation.override(language):
        assert refused.value.code == "too_large"
        assert limit in refused.value.messages[0]
    assert not FileVersion.objects.exists()
    assert not private_folder.exists()


def test_an_empty_file_is_refused():
    with pytest.raises(ValidationError) as refused:
        stored(b"")
    assert refused.value.code == "empty"


def test_versions_count_up_and_a_number_is_never_used_again():
    first = stored()
    second = stored(stored_file=first.stored_file)
    second.delete()
    third = stored(stored_file=first.stored_file)
    assert (first.number, third.number) == (1, 3)


def test_either_an_owner_or_a_stored_file_is_wanted():
    with pytest.raises(ValueError, match="Give either"):
        storing.store(upload(b"x"))


@pytest.mark.django_db(transaction=True)
def test_nothing_is_read_when_the_transaction_is_rolled_back(monkeypatch):
    asked = []
    monkeypatch.setattr(storing, "enqueue_reading", lambda: asked.append("read"))
    received = storing.receive(upload(pdf(["x"])))
    with pytest.raises(RuntimeError), transaction.atomic():
        storing.store(received, owner_kind=KIND)
        raise RuntimeError
    assert asked == []
    stored()
    assert asked == ["read"]


def test_read_again_forgets_earlier_attempts_and_reads(committed):
    version = stored()
    FileVersion.objects.filter(pk=version.pk).update(state="broken", attempts=3, reason="took too long")
    with committed():
        storing.read_again(version)
    version.refresh_from_db()
    assert (version.state, version.reason, version.attempts) == ("read", "", 1)
