"""`manage.py read_bounces` and the clock's reading: a mailbox is read once, killed or not,
and nothing is lost of it.
"""

from __future__ import annotations

import io
import mailbox
import tempfile
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils.translation import override
from django_tasks_db.models import DBTaskResult

from kb.clock.mail.mailboxes import Maildir
from kb.clock.registry import due_functions
from kb.newsletter.choices import DeliveryState, SubscriberState
from kb.newsletter.models import Bounce
from kb.newsletter.returns import mailbox as returning
from tests.kb.clock.imap import dovecot, needs_dovecot
from tests.kb.clock.messages import mail, refusal, report
from tests.kb.newsletter.builders import subscriber
from tests.kb.newsletter.returned import bounce_of, delivery

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _mailbox(settings):
    settings.NEWSLETTER_BOUNCES = "bounces@cass.example"
    settings.NEWSLETTER_MAILBOX = ""
    with override("en"):
        yield


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("read_bounces", *arguments, stdout=out)
    return out.getvalue()


def fill(path: Path, *contents: bytes, kind: type = mailbox.Maildir) -> str:
    kept = kind(str(path))
    for content in contents:
        kept.add(content)
    kept.close()
    return str(path)


@pytest.mark.parametrize("kind", [mailbox.Maildir, mailbox.mbox])
def test_a_mailbox_is_read_once_and_its_outcomes_are_said(tmp_path, kind):
    sent, other = delivery(), delivery()
    waiting = [
        bounce_of(sent),
        bounce_of(other, status="4.2.2"),
        report(refusal()),
        mail("Auto-Submitted: auto-replied"),
    ]
    path = fill(tmp_path / "boite", *waiting, kind=kind)
    assert run("--mailbox", path) == "4 messages: counted 1, came back 1, unmatched 1, ignored 1\n"
    sent.refresh_from_db()
    assert (sent.state, sent.subscriber.refusals) == (DeliveryState.BOUNCED, 1)
    assert run("--mailbox", path) == "Nothing came back.\n"


def test_a_dry_run_says_the_same_and_changes_nothing(tmp_path):
    sent = delivery()
    path = fill(tmp_path / "boite", bounce_of(sent))
    told = run("--mailbox", path, "--dry-run").splitlines()
    assert told[0].endswith("\tbounce\tcounted")
    assert told[1] == "1 message: counted 1"
    sent.refresh_from_db()
    assert (sent.state, sent.subscriber.refusals, Bounce.objects.count()) == (DeliveryState.SENT, 0, 0)
    assert run("--mailbox", path) == "1 message: counted 1\n"


def test_a_reading_killed_between_our_note_and_the_mark_counts_nothing_twice(tmp_path, monkeypatch):
    reader = subscriber()
    path = fill(tmp_path / "boite", bounce_of(delivery(reader)), bounce_of(delivery()))

    def killed(self, name):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Maildir, "done", killed)
        with pytest.raises(KeyboardInterrupt):
            run("--mailbox", path)
    assert Bounce.objects.count() == 1
    assert run("--mailbox", path) == "2 messages: counted 1, known 1\n"
    reader.refresh_from_db()
    assert (reader.refusals, reader.state) == (1, SubscriberState.ACTIVE)


def test_a_reading_killed_before_our_note_meets_the_message_again(tmp_path, monkeypatch):
    sent = delivery()
    path = fill(tmp_path / "boite", bounce_of(sent))

    def killed(received):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(returning, "note", killed)
        with pytest.raises(KeyboardInterrupt):
            run("--mailbox", path)
    assert run("--mailbox", path) == "1 message: counted 1\n"


def test_without_a_mailbox_it_says_what_to_set():
    with pytest.raises(CommandError, match="CASS_NEWSLETTER_MAILBOX"):
        run()


def test_a_mailbox_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(CommandError, match="There is no mailbox at"):
        run("--mailbox", str(tmp_path / "absent"))


def test_the_clock_asks_for_a_reading_once_and_only_where_a_mailbox_is_set(settings, tmp_path):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": []}}
    due = {each.name: each.function for each in due_functions()}["newsletter.bounces"]
    assert due() is None
    settings.NEWSLETTER_MAILBOX = fill(tmp_path / "boite", bounce_of(delivery()))
    assert due()
    assert due() is None
    assert list(DBTaskResult.objects.values_list("queue_name", flat=True)) == ["long"]


def test_a_round_leaves_the_rest_to_the_next(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(returning, "A_ROUND", 2)
    settings.NEWSLETTER_MAILBOX = fill(tmp_path / "boite", *(bounce_of(delivery()) for _ in range(3)))
    assert returning.read_bounces.call() == "2 messages: counted 2"
    assert returning.read_mailbox(settings.NEWSLETTER_MAILBOX).total() <= 1


@needs_dovecot
@pytest.mark.server
def test_a_folder_of_a_real_imap_server_is_read_once():
    with tempfile.TemporaryDirectory(prefix="imap-", dir="/tmp") as base:
        sent = delivery()
        fill(Path(base, "m"), bounce_of(sent), mail())
        with dovecot(Path(base), Path(base, "m"), password="s3cret") as port:
            address = f"imap://bounces:s3cret@127.0.0.1:{port}/INBOX"
            assert run("--mailbox", address, "--dry-run").endswith("2 messages: counted 1, ignored 1\n")
            assert run("--mailbox", address) == "2 messages: counted 1, ignored 1\n"
            assert run("--mailbox", address) == "Nothing came back.\n"
        sent.refresh_from_db()
        assert sent.state == DeliveryState.BOUNCED
