"""Processes really killed around a message: what was committed is sent, and what the server has not answered for is
sent with the same Message-ID.
"""

import signal

import pytest

from tests.kb.files.conftest import site
from tests.kb.files.sites import Site

__all__ = ["site"]

POST = """
from django.core.mail import send_mail
from django.db import transaction
with transaction.atomic():
    {before}
    send_mail("Bonjour", "Un mot", None, ["a@cass.example"])
"""
KILL_AFTER_COMMIT = "transaction.on_commit(lambda: os.kill(os.getpid(), signal.SIGKILL))"
KILL_BEFORE_COMMIT = "os.kill(os.getpid(), signal.SIGKILL)"

WORK = """
from django.core.management import call_command
from kb.clock.mail import sending
transmit = sending._transmit
def watched(message):
    with open({heard!r}, "a") as heard:
        heard.write(message.extra_headers["Message-ID"] + "\\n")
    {after}
sending._transmit = watched
call_command("worker", until_empty=True)
"""
KILL = "os.kill(os.getpid(), signal.SIGKILL)"


@pytest.fixture
def heard(tmp_path):
    """What the mail server took: a Message-ID a line."""
    return tmp_path / "heard"


def work(site: Site, heard, after: str = "pass") -> int:
    site.let_an_hour_pass()
    return site.python(WORK.format(heard=str(heard), after=after))


def state(site: Site) -> list[tuple]:
    return site.rows("SELECT state, attempts, length(sealed) > 0 FROM clock_outgoingmail")


@pytest.mark.drill
def test_a_process_killed_before_the_commit_wrote_to_nobody(site, heard):
    assert site.python(POST.format(before=KILL_BEFORE_COMMIT)) == -signal.SIGKILL
    assert work(site, heard) == 0
    assert not heard.exists()


@pytest.mark.drill
def test_a_process_killed_after_the_commit_has_its_message_sent(site, heard):
    assert site.python(POST.format(before=KILL_AFTER_COMMIT)) == -signal.SIGKILL
    assert state(site) == [("waiting", 0, 1)]
    assert work(site, heard) == 0
    assert state(site) == [("sent", 1, 0)]
    assert len(heard.read_text().splitlines()) == 1


def test_a_worker_killed_between_the_server_s_yes_and_its_note_sends_once_more_under_the_same_id(site, heard):
    assert site.python(POST.format(before="pass")) == 0
    assert work(site, heard, KILL) == -signal.SIGKILL
    assert state(site) == [("waiting", 1, 1)]
    assert work(site, heard) == 0
    assert state(site) == [("sent", 2, 0)]
    assert len(heard.read_text().splitlines()) == 2
    assert len(set(heard.read_text().splitlines())) == 1
    assert work(site, heard) == 0
    assert len(heard.read_text().splitlines()) == 2
