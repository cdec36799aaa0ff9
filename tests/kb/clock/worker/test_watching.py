"""What the worker tells systemd, through a real socket."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import OperationalError

from kb.clock import registry
from kb.clock.worker.watching import tell_supervisor
from kb.clock.worker.working import BackgroundWorker

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture(params=["path", "abstract"])
def supervisor(request, tmp_path, monkeypatch):
    """The socket that NOTIFY_SOCKET names; reading it waits two seconds at most."""
    name = str(tmp_path / "notify") if request.param == "path" else f"\0cass-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(name)
        listening.settimeout(2)
        monkeypatch.setenv("NOTIFY_SOCKET", name.replace("\0", "@"))
        yield listening


@pytest.mark.django_db(transaction=True)
@registry.DUE.temporarily()
def test_a_worker_says_that_it_is_alive_also_while_the_database_does_not_answer(supervisor, settings, monkeypatch):
    settings.CLOCK_WORKER_BEAT_S = 0.01
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": []}}
    BackgroundWorker(say=lambda line: None).run_until_empty()
    assert supervisor.recv(100) == b"WATCHDOG=1"

    worker, said = BackgroundWorker(say=lambda line: None), []

    def fail():
        said.append(1)
        if len(said) == 3:
            worker._over.set()
        raise OperationalError("locked")

    monkeypatch.setattr(worker, "_beat", fail)
    worker._keep_beating()
    assert [supervisor.recv(100) for _ in range(3)] == [b"WATCHDOG=1"] * 3


@pytest.mark.parametrize("address", [None, "", "/nowhere/notify", "@nobody-listens-here", "vsock:2:1"])
def test_without_anybody_who_listens_nothing_happens(monkeypatch, address):
    if address is None:
        monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    else:
        monkeypatch.setenv("NOTIFY_SOCKET", address)
    tell_supervisor()


_FROZEN = """
import re, threading, time
from kb.clock.worker.watching import tell_supervisor
def beat():
    while True:
        tell_supervisor()
        time.sleep(0.01)
threading.Thread(target=beat, daemon=True).start()
time.sleep(0.1)
tell_supervisor(b"FROZEN")
re.match("(a+)+$", "a" * 60 + "b")
"""


def test_a_process_whose_interpreter_is_held_says_nothing(supervisor):
    frozen = subprocess.Popen([sys.executable, "-c", _FROZEN], cwd=ROOT)
    try:
        supervisor.settimeout(20)
        while supervisor.recv(100) != b"FROZEN":
            pass
        supervisor.settimeout(0.5)
        with pytest.raises(TimeoutError):
            for _ in range(20):  # what was said in the moment before
                supervisor.recv(100)
    finally:
        frozen.kill()
        frozen.wait()


def test_the_unit_waits_for_many_beats_before_it_ends_a_worker(settings):
    unit = (ROOT / "docs/systemd/cass-worker.service").read_text()
    seconds = int(re.search(r"^WatchdogSec=(\d+)$", unit, re.MULTILINE)[1])
    assert seconds > 10 * settings.CLOCK_WORKER_BEAT_S
    assert seconds > settings.CLOCK_WORKER_DEAD_S, "else its tasks would stand for somebody who may come back"
    assert re.search(r"^NotifyAccess=main$", unit, re.MULTILINE)
    assert re.search(r"^Restart=always$", unit, re.MULTILINE)
