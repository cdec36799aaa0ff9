"""`make run`: the site answers, the worker works, Ctrl-C ends both."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

ROOT = Path(__file__).resolve().parents[3]
WAIT_S = 240


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def workers_of(folder: Path) -> list[int]:
    """Processes whose environment names this folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"CASS_VAR={folder}".encode() in entry.read_bytes().split(b"\0"):
                found.append(int(entry.parent.name))
        except OSError:
            continue
    return found


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are counted in /proc, which is not here")
def test_the_site_answers_and_ctrl_c_stops_site_and_worker(migrated_database, tmp_path):
    if migrated_database is not None:  # all migrations were run for it already
        shutil.copyfile(migrated_database.template, tmp_path / "db.sqlite3")
    port = free_port()
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "kb.settings.dev",
        "CASS_VAR": str(tmp_path),
        "PYTHONUNBUFFERED": "1",
    }
    with (tmp_path / "log").open("w+") as log:
        site = subprocess.Popen(
            [sys.executable, "manage.py", "run_site", "--empty", "--port", str(port)],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
        )
        try:
            deadline = time.monotonic() + WAIT_S
            while "The site is at" not in (tmp_path / "log").read_text():
                assert site.poll() is None and time.monotonic() < deadline, (tmp_path / "log").read_text()
                time.sleep(0.2)
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/nl/", timeout=60) as answer:
                assert answer.status == 200
            site.send_signal(signal.SIGINT)
            assert site.wait(60) == 0, (tmp_path / "log").read_text()
        finally:
            site.kill()
    assert workers_of(tmp_path) == []


def test_a_taken_port_is_said_before_anything_is_made(settings):
    settings.DEBUG = True
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=f"Port {port} is taken"):
            call_command("run_site", port=port)


def test_it_does_not_run_where_debug_is_off(settings):
    settings.DEBUG = False
    with pytest.raises(CommandError, match=r"operations\.md"):
        call_command("run_site")
