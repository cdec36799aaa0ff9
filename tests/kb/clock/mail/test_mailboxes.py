"""Messages are given one at a time and set aside only when they are done, in a maildir,
an mbox and a folder of a real IMAP server.
"""

from __future__ import annotations

import mailbox
import os
import socket
import tempfile
import threading
import time
from pathlib import Path

import pytest
from django.utils import translation

from kb.clock.mail import mailboxes
from kb.clock.mail.mailboxes import MailboxError, messages_of, open_mailbox
from kb.clock.mail.receiving import read_message
from tests.kb.clock.imap import dovecot, needs_dovecot
from tests.kb.clock.messages import mail


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


def maildir_with(path: Path, *bodies: str) -> mailbox.Maildir:
    kept = mailbox.Maildir(str(path))
    for body in bodies:
        kept.add(mail(body=body))
    return kept


def mbox_with(path: Path, *bodies: str) -> None:
    kept = mailbox.mbox(str(path))
    for body in bodies:
        kept.add(mail(body=body))
    kept.close()


def texts(address: str | Path, *, done: int = 1000) -> list[str]:
    """What is waiting; the first so many are set aside."""
    found = open_mailbox(str(address))
    said = []
    for name, content in found.messages():
        said.append(read_message(content).text)
        if len(said) <= done:
            found.done(name)
    found.close()
    return said


def test_a_maildir_gives_each_message_once_and_leaves_it_as_read(tmp_path):
    kept = maildir_with(tmp_path / "m", "un", "deux")
    assert sorted(texts(tmp_path / "m")) == ["deux", "un"]
    assert texts(tmp_path / "m") == []
    assert [message.get_flags() for message in kept] == ["S", "S"]
    kept.add(mail(body="trois"))
    assert texts(tmp_path / "m") == ["trois"]


def test_an_mbox_gives_each_message_once_and_is_never_changed(tmp_path):
    path = tmp_path / "boite"
    mbox_with(path, "un", "deux\n\nFrom the start of a line in 2026\n\nfin")
    before = path.read_bytes()
    assert texts(path) == ["un", "deux\n\nFrom the start of a line in 2026\n\nfin"]
    assert texts(path) == []
    assert path.read_bytes() == before
    mbox_with(path, "trois")
    assert texts(path) == ["trois"]


def test_a_long_line_of_digits_does_not_hold_up_the_reading(tmp_path):
    """A pattern that goes back over such a line takes the square of its length: minutes."""
    path = tmp_path / "boite"
    mbox_with(path, "un")
    path.write_bytes(path.read_bytes() + b"\n\nFrom " + b"1" * 60_000 + b"x\n\nfin\n")
    before = time.process_time()
    (text,) = texts(path)
    assert text.endswith("fin") and time.process_time() - before < 5


def test_a_pipe_is_read_once(tmp_path):
    pipe = tmp_path / "tuyau"
    os.mkfifo(pipe)
    content = mail(body="par un tuyau")
    writer = threading.Thread(target=pipe.write_bytes, args=(bytes(content),))
    writer.start()
    ((number, read),) = messages_of(pipe)
    writer.join()
    assert (number, read_message(read).text) == (0, "par un tuyau")


def test_an_mbox_that_was_begun_anew_is_read_from_its_start(tmp_path):
    path = tmp_path / "boite"
    mbox_with(path, "un, qui est assez long", "deux")
    texts(path)
    path.unlink()
    mbox_with(path, "neuf")
    assert texts(path) == ["neuf"]


@pytest.mark.parametrize("kind", ["maildir", "mbox"])
def test_what_was_not_done_is_met_again(tmp_path, kind):
    path = tmp_path / "boite"
    (maildir_with if kind == "maildir" else mbox_with)(path, "un", "deux", "trois")
    first = texts(path, done=1)
    assert texts(path) == first[1:]


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/nowhere/at-all", "There is no mailbox at /nowhere/at-all"),
        ("imap+ssl://user:s3cret@no-such-host.invalid/INBOX", "There is no mail server called no-such-host.invalid."),
        ("pop3://user:s3cret@host", "imap+ssl://user:password@host/FOLDER"),
        ("imap://user:s3cret@host:port/INBOX", "imap+ssl://user:password@host/FOLDER"),
        ("imap://host/INBOX", "imap+ssl://user:password@host/FOLDER"),
    ],
)
def test_a_mailbox_that_cannot_be_opened_is_a_sentence_without_the_password(address, words):
    with pytest.raises(MailboxError) as refused:
        open_mailbox(address)
    assert words in str(refused.value)
    assert "s3cret" not in str(refused.value)


def test_a_folder_that_is_no_maildir_is_said_to_be_none(tmp_path):
    with pytest.raises(MailboxError, match="neither new nor cur"):
        open_mailbox(str(tmp_path))


def test_a_server_that_says_nothing_is_not_waited_for_without_end(monkeypatch):
    monkeypatch.setattr(mailboxes, "TIMEOUT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        accepted: list[socket.socket] = []
        threading.Thread(target=lambda: accepted.append(silent.accept()[0]), daemon=True).start()
        with pytest.raises(MailboxError, match="does not answer"):
            open_mailbox(f"imap://user:s3cret@127.0.0.1:{silent.getsockname()[1]}/INBOX")


@needs_dovecot
@pytest.mark.server
class TestImap:
    @pytest.fixture
    def place(self):
        """A short path: sockets have one."""
        with tempfile.TemporaryDirectory(prefix="imap-", dir="/tmp") as path:
            yield Path(path)

    def test_a_folder_gives_each_message_once_and_marks_it_seen(self, place, monkeypatch):
        monkeypatch.setattr(mailboxes, "_BATCH", 2)
        kept = maildir_with(place / "m", "un", "deux", "trois", "quatre", "cinq")
        with dovecot(place, place / "m", password="s3cret") as port:
            address = f"imap://bounces:s3cret@127.0.0.1:{port}/INBOX"
            assert sorted(texts(address, done=3)) == ["cinq", "deux", "quatre", "trois", "un"]
            assert len(texts(address)) == 2
            assert texts(address) == []
            assert len(kept) == 5

    def test_a_wrong_password_and_an_unknown_folder_are_sentences(self, place):
        maildir_with(place / "m")
        with dovecot(place, place / "m", password="s3cret") as port:
            with pytest.raises(MailboxError, match="refuses the user name or the password") as refused:
                open_mailbox(f"imap://bounces:wr0ng@127.0.0.1:{port}/INBOX")
            assert "wr0ng" not in str(refused.value)
            with pytest.raises(MailboxError, match="has no folder “Retours”"):
                open_mailbox(f"imap://bounces:s3cret@127.0.0.1:{port}/Retours")
