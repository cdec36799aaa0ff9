"""`make run`: brings the database up to date, fills an empty one with the demonstration,
and runs site and worker until Ctrl-C.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from kb.demonstration.loading import is_empty, log_ins

ENDING_S = 20
OPTIONAL = {
    ("tesseract",): "scanned pages stay pictures without text",
    ("soffice", "libreoffice"): "old .doc, .xls and .ppt files are kept but not read",
}


class Command(BaseCommand):
    help = "Prepare the database, then run the site and its worker; Ctrl-C stops both."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--empty", action="store_true", help="do not load the demonstration content into an empty database"
        )

    def handle(self, *, port: int, empty: bool, **options) -> None:
        if not settings.DEBUG:
            raise CommandError(
                "run_site is for trying the site on one machine; docs/operations.md says how to run it for others."
            )
        refuse_taken_port(port)
        for folder in (settings.VAR_DIR, settings.PRIVATE_ROOT, settings.MEDIA_ROOT):
            folder.mkdir(parents=True, exist_ok=True)
        call_command("compile_translations")
        self.prepare_database(empty=empty)
        self.run_until_interrupted(port)

    def prepare_database(self, *, empty: bool) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("Preparing the database (half a minute the first time)…")
            call_command("migrate", verbosity=0, interactive=False)
        if not empty and is_empty():
            self.stdout.write("Loading the demonstration content…")
            call_command("load_demonstration")
        connection.close()

    def run_until_interrupted(self, port: int) -> None:
        # Both in sessions of their own: Ctrl-C reaches this process alone, which ends them in order.
        # Links in messages lead to the port that was asked for.
        environment = {
            "CASS_URL": f"http://127.0.0.1:{port}",
            "DJANGO_SETTINGS_MODULE": "kb.settings.dev",
            **os.environ,
        }
        worker = subprocess.Popen(
            [sys.executable, "manage.py", "worker"], cwd=settings.BASE_DIR, start_new_session=True, env=environment
        )
        site = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "gunicorn",
                "kb.wsgi",
                "--bind",
                f"127.0.0.1:{port}",
                "--threads",
                "8",
                "--log-level",
                "warning",
            ],
            cwd=settings.BASE_DIR,
            start_new_session=True,
            env=environment,
        )
        stop = Stop()
        try:
            self.announce(port, site, stop)
            while not stop.asked and site.poll() is None and worker.poll() is None:
                time.sleep(0.2)
        finally:
            ended_early = not stop.asked
            for process in (site, worker):
                with contextlib.suppress(ProcessLookupError):
                    process.terminate()
            for process in (site, worker):
                try:
                    process.wait(ENDING_S)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        if ended_early:
            raise CommandError("The site or its worker ended by itself; the lines above say why.")
        self.stdout.write("Stopped.")

    def announce(self, port: int, site: subprocess.Popen, stop: Stop) -> None:
        address = f"http://127.0.0.1:{port}/"
        while not stop.asked and site.poll() is None:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{address}robots.txt", timeout=5).close()
                break
            time.sleep(0.2)
        else:
            return
        self.stdout.write(f"\nThe site is at {address}  (Ctrl-C stops it)\n")
        for line in (*log_ins(), *absent()):
            self.stdout.write(f"  {line}")
        self.stdout.write("")
        self.stdout.flush()


class Stop:
    """Whether Ctrl-C, SIGTERM or a closed terminal asked to stop."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self)

    def __call__(self, number, frame) -> None:
        self.asked = True


def absent() -> Iterator[str]:
    """A line for each optional program that is not on this machine, and what is done without it."""
    for names, without in OPTIONAL.items():
        if not any(shutil.which(name) for name in names):
            yield f"Not on this machine: {names[0]} ({without})."


def refuse_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CommandError(
                f"Port {port} is taken by another program. Choose another: make run PORT={port + 1}"
            ) from error
