"""Uploads kept aside for a form that is shown again."""

import os
from datetime import timedelta

import pytest
from django.core import signing
from django.core.files.base import ContentFile
from django.utils import timezone

from kb.clock.registry import due_functions
from kb.files.intake import keeping, storing
from kb.files.models import private_storage
from tests.kb.files.builders import KIND

DAY = keeping.KEPT_FOR.total_seconds()


def keep(words: bytes = b"Le logement", name: str = "dossier.pdf") -> str:
    return keeping.keep(ContentFile(words), name)


def make_older(word: str, *, by: timedelta) -> None:
    """Sets back when the upload of this word was written."""
    path = private_storage().path(signing.loads(word, salt=keeping.SALT)["key"])
    moment = (timezone.now() - by).timestamp()
    os.utime(path, (moment, moment))


def left() -> int:
    return len(private_storage().listdir(keeping.FOLDER)[1])


def test_an_upload_comes_back_whole_with_its_name_even_when_it_was_read_before():
    upload = ContentFile(b"Le logement")
    upload.read()
    content, name = keeping.kept(keeping.keep(upload, "l'été.pdf"))
    with content:
        assert (content.read(), name) == (b"Le logement", "l'été.pdf")


def test_two_uploads_of_one_name_do_not_mix():
    words = [keep(b"un"), keep(b"deux")]
    assert [keeping.kept(word)[0].read() for word in words] == [b"un", b"deux"]


def test_the_place_on_the_disk_says_nothing_of_the_name():
    key = signing.loads(keep(name="../../secret.pdf"), salt=keeping.SALT)["key"]
    assert key.startswith("incoming/")
    assert "secret" not in key


FORGED = {
    "no word": lambda word: "",
    "not a word": lambda word: "incoming/0123456789abcdef",
    "another sign in it": lambda word: ("A" if word[0] != "A" else "B") + word[1:],
    "another signature": lambda word: word[:-1] + ("A" if word[-1] != "A" else "B"),
    "someone else's key, signed for something else": lambda word: signing.dumps(
        signing.loads(word, salt=keeping.SALT), salt="another form"
    ),
    "a key of one's own choice with the signature of another": lambda word: ":".join(
        [signing.dumps({"key": "versions/1.pdf", "name": "x"}, salt="another form").split(":")[0], *word.split(":")[1:]]
    ),
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_a_forged_word_names_no_file_and_removes_none(forge):
    forged = forge(keep())
    for use in (keeping.kept, keeping.release):
        with pytest.raises(signing.BadSignature):
            use(forged)
    assert left() == 1


def test_what_is_kept_for_someone_comes_back_for_nobody_else():
    word = keeping.keep(ContentFile(b"Le logement"), "dossier.pdf", whose=".7")
    for other in ("", ".8", ".77"):
        for use in (keeping.kept, keeping.release):
            with pytest.raises(signing.BadSignature):
                use(word, whose=other)
    assert keeping.kept(word, whose=".7")[0].read() == b"Le logement"


def test_a_word_is_good_for_a_day(monkeypatch):
    word = keep()
    now = signing.time.time()
    monkeypatch.setattr(signing.time, "time", lambda: now + DAY - 5)
    keeping.kept(word)[0].close()
    monkeypatch.setattr(signing.time, "time", lambda: now + DAY + 5)
    for use in (keeping.kept, keeping.release):
        with pytest.raises(signing.SignatureExpired):
            use(word)


def test_a_word_whose_upload_is_gone_says_so():
    word = keep()
    keeping.release(word)
    with pytest.raises(FileNotFoundError):
        keeping.kept(word)
    keeping.release(word)  # a second time does no harm


def test_what_nobody_came_back_for_is_removed_after_a_day_and_nothing_else():
    old, young = keep(b"old"), keep(b"young")
    make_older(old, by=keeping.KEPT_FOR + timedelta(minutes=1))
    make_older(young, by=keeping.KEPT_FOR - timedelta(minutes=1))
    assert keeping.remove_old() == "1 kept uploads removed"
    assert keeping.kept(young)[0].read() == b"young"
    with pytest.raises(FileNotFoundError):
        keeping.kept(old)
    assert keeping.remove_old() == ""


def test_removing_where_nothing_was_ever_kept_is_quiet(private_folder):
    assert not private_folder.exists()
    assert keeping.remove_old() == ""


@pytest.mark.django_db
def test_a_stored_document_is_never_removed_with_the_kept_ones(private_folder):
    version = storing.store(ContentFile(b"Le logement", name="note.txt"), original_name="note.txt", owner_kind=KIND)
    path = private_folder / version.content.name
    moment = (timezone.now() - timedelta(days=30)).timestamp()
    os.utime(path, (moment, moment))
    keep()
    keeping.remove_old()
    assert path.exists()


def test_the_clock_removes_them():
    assert {due.name: due.function for due in due_functions()}["files.kept"] is keeping.remove_old
