import hashlib

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import translation

from kb.files import storing
from kb.files.models import FileVersion
from tests.kb.files.builders import KIND, pdf, stored, upload

pytestmark = pytest.mark.django_db


def test_a_stored_file_keeps_its_bytes_hash_size_and_type_under_a_name_of_ours(private_folder):
    content = pdf(["Logement"])
    version = stored(content, "Bail & loyer.pdf")
    assert (private_folder / version.content.name).read_bytes() == content
    assert (version.sha256, version.size_bytes) == (hashlib.sha256(content).hexdigest(), len(content))
    assert (version.media_type, version.original_name, version.state) == ("application/pdf", "Bail & loyer.pdf", "waiting")
    assert "Bail" not in version.content.name


def test_a_file_at_a_path_is_stored_like_an_upload(tmp_path):
    (tmp_path / "note.pdf").write_bytes(pdf(["Logement"]))
    version = storing.store(tmp_path / "note.pdf", owner_kind=KIND)
    assert (version.original_name, version.media_type) == ("note.pdf", "application/pdf")


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        (b"<!doctype html><html><script>alert(1)</script></html>", "rapport.pdf", "text/html"),
        (pdf(["x"]), "rapport.docx", "application/pdf"),
        (b"\x7fELF\x00\x00\x01\x02\x03\x04", "rapport.pdf", ""),
    ],
    ids=["html named pdf", "pdf named docx", "a program named pdf"],
)
def test_the_type_is_decided_from_the_content_never_from_the_name(content, name, media_type):
    assert stored(content, name).media_type == media_type


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
    monkeypatch.setattr(storing, "enqueue_reading", asked.append)
    with pytest.raises(RuntimeError), transaction.atomic():
        stored()
        raise RuntimeError
    assert asked == []
    version = stored()
    assert asked == [version.pk]


def test_read_again_forgets_earlier_attempts_and_reads(committed):
    version = stored()
    FileVersion.objects.filter(pk=version.pk).update(state="broken", attempts=3, reason="took too long")
    with committed():
        storing.read_again(version)
    version.refresh_from_db()
    assert (version.state, version.reason, version.attempts) == ("read", "", 1)
