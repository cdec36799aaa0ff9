"""Workers really killed at five moments of a sending, and machines stopped: what is counted at the mail server
afterwards.

before the first claim │ claimed, not handed over │ address said, no data │ data sent, no answer │ answered, not noted
        once           │           once           │          once         │ perhaps twice: the one in hand, under one Message-ID
"""  # noqa: E501

from __future__ import annotations

import signal
import sqlite3
import threading
import time
from collections import Counter
from contextlib import closing

import pytest
from aiosmtpd.controller import Controller
from django.db import connection

from kb.newsletter.sending import steps as sending
from tests.kb.clock.sinks import free_port
from tests.kb.files.sites import Site, until
from tests.kb.newsletter import builders as make
from tests.kb.newsletter.sinks import Judge

PEOPLE = 12
VICTIM = 4  # the message of which the worker is killed, counted from 1

WORK = """
import smtplib
from django.conf import settings
from django.core.management import call_command
from kb.newsletter.sending import delivering
settings.MAIL_TRANSPORT = "django.core.mail.backends.smtp.EmailBackend"
settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", {port}, 20
delivering.CHUNK, delivering.BATCH = 5, {batch}
def die(times=[0]):
    times[0] += 1
    if times[0] == {victim}:
        os.kill(os.getpid(), signal.SIGKILL)
def dying_before(owner, name):
    true = getattr(owner, name)
    def wrapped(*args, **kwargs):
        die()
        return true(*args, **kwargs)
    setattr(owner, name, wrapped)
def dying_after(owner, name):
    true = getattr(owner, name)
    def wrapped(*args, **kwargs):
        result = true(*args, **kwargs)
        die()
        return result
    setattr(owner, name, wrapped)
def dying_after_the_data():
    true = smtplib.SMTP.send
    def wrapped(self, content):
        true(self, content)
        if len(content) > 1000:
            die()
    smtplib.SMTP.send = wrapped
{moment}
call_command("worker", until_empty=True)
"""
# the moment -> (what is wrapped, how many messages the killed worker had handed over whole, whether the one in hand may
# come twice)
MOMENTS = {
    "while the rows are prepared": ("dying_after(delivering, 'prepare_chunk')", 0, False),
    "claimed, not handed over": ("dying_before(delivering.Line, 'hand_over')", VICTIM - 1, False),
    "the address said, no data": ("dying_after(smtplib.SMTP, 'rcpt')", VICTIM - 1, False),
    "the data sent, no answer": ("dying_after_the_data()", VICTIM - 1, True),
    "answered, not noted": ("dying_after(smtplib.SMTP, 'data')", VICTIM, True),
}
QUICK = ("answered, not noted",)


@pytest.fixture
def site(tmp_path, transactional_db) -> Site:
    """A site with an approved issue whose sending was asked for: a copy of what this test wrote."""
    for number in range(PEOPLE):
        make.subscriber(f"a{number}@cass.example", language=("fr", "nl", "en")[number % 3])
    sent = sending.begin(make.issue(live=True), by=None)
    sent.rate = 0
    sent.save()
    with closing(sqlite3.connect(tmp_path / "db.sqlite3")) as copy:
        connection.connection.backup(copy)
    return Site(tmp_path)


@pytest.fixture
def sink():
    judge = Judge()
    judge.controller = Controller(judge, hostname="127.0.0.1", port=free_port())
    judge.controller.start()
    yield judge
    judge.controller.stop()


def work(site: Site, sink: Judge, moment: str = "", *, batch: int = 100) -> int:
    site.change(
        "UPDATE django_tasks_database_dbtaskresult SET run_after = enqueued_at WHERE run_after < '9000-01-01'"
    )  # what waits for its hour
    victim = VICTIM if "prepare" not in moment else 2
    return site.python(WORK.format(port=sink.controller.port, moment=moment, victim=victim, batch=batch))


def states(site: Site) -> Counter[str]:
    return Counter(state for (state,) in site.rows("SELECT state FROM newsletter_delivery"))


def everyone() -> set[str]:
    return {f"a{number}@cass.example" for number in range(PEOPLE)}


def by_id(sink: Judge) -> dict[str, set[str]]:
    """Addresses by Message-ID."""
    found: dict[str, set[str]] = {}
    for recipients, message in zip(sink.recipients, sink.messages, strict=True):
        found.setdefault(message["Message-ID"], set()).update(recipients)
    return found


def cases(*, quick: bool) -> list:
    return [pytest.param(*case, id=name) for name, case in MOMENTS.items() if (name in QUICK) == quick]


def _kill_and_count(site: Site, sink: Judge, moment: str, whole: int, may_double: bool) -> None:
    assert work(site, sink, moment) == -signal.SIGKILL
    assert until(lambda: len(sink.raw) >= whole, within_s=5)
    assert states(site)["sending"] == (0 if "prepare" in moment else 1)
    site.let_an_hour_pass()
    assert work(site, sink) == 0
    received = sink.received()
    assert set(received) == everyone(), "nobody is missed"
    twice = [address for address, times in received.items() if times > 1]
    assert len(twice) == (1 if may_double else 0), "nobody but the one in hand gets it twice"
    assert all(times <= 2 for times in received.values())
    assert len(by_id(sink)) == PEOPLE, "what came twice came under one Message-ID"
    assert states(site) == Counter(sent=PEOPLE)
    assert site.rows("SELECT state, trouble FROM newsletter_sending") == [("done", "")]


@pytest.mark.parametrize(("moment", "whole", "may_double"), cases(quick=True))
def test_a_killed_worker_s_sending_is_taken_up_by_the_next(site, sink, moment, whole, may_double):
    _kill_and_count(site, sink, moment, whole, may_double)


@pytest.mark.drill
@pytest.mark.parametrize(("moment", "whole", "may_double"), cases(quick=False))
def test_a_worker_killed_at_another_moment_is_taken_up_by_the_next(site, sink, moment, whole, may_double):
    _kill_and_count(site, sink, moment, whole, may_double)


@pytest.mark.drill
def test_a_machine_that_stops_goes_on_when_it_is_started_again(site, sink):
    """The worker and the mail server die in the same moment; the server is back later than the worker."""
    sink.slow_s = 0.05
    ends: list[int] = []
    working = threading.Thread(
        target=lambda: ends.append(work(site, sink, "dying_before(delivering.Line, 'hand_over')"))
    )
    working.start()
    working.join(60)
    port = sink.controller.port
    sink.controller.stop()
    assert ends == [-signal.SIGKILL]
    site.let_an_hour_pass()
    assert work(site, sink) == 0
    assert site.rows("SELECT state, trouble FROM newsletter_sending") == [("sending", "no_answer")]
    assert states(site) == Counter(sent=VICTIM - 1, waiting=PEOPLE - VICTIM + 1)
    sink.controller = Controller(sink, hostname="127.0.0.1", port=port)
    sink.controller.start()
    site.let_an_hour_pass()
    assert work(site, sink) == 0
    assert sink.received() == Counter(everyone())
    assert states(site) == Counter(sent=PEOPLE)


@pytest.mark.drill
def test_two_workers_at_once_send_each_message_once(site, sink):
    sink.slow_s = 0.05
    workers = [threading.Thread(target=work, args=(site, sink), kwargs={"batch": 2}) for _each in range(2)]
    for worker in workers:
        worker.start()
        time.sleep(0.2)
    for worker in workers:
        worker.join(60)
    site.let_an_hour_pass()
    work(site, sink)
    assert sink.received() == Counter(everyone())
    assert states(site) == Counter(sent=PEOPLE)
