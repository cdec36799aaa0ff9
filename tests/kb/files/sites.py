"""A site of its own for trials by kill: a database file, a private folder, and processes that are really killed."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
_SETUP = "import os, signal, django; django.setup()\n"
_MOMENTS = {
    "clock_lastrun": ("started_at", "finished_at", "leased_until"),
    "clock_workerbeat": ("started_at", "beat_at"),
    "django_tasks_database_dbtaskresult": ("enqueued_at", "started_at"),
    "files_fileversion": ("created_at",),
    "clock_outgoingmail": ("next_attempt_at", "claimed_until"),
    "newsletter_delivery": ("next_attempt_at", "claimed_until"),
    "newsletter_sending": ("next_batch_at",),
}


class Site:
    """`folder` holds database and files; processes are started with kb.settings.dev and short times of the clock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "db.sqlite3"
        self._environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "kb.settings.dev",
            "CASS_VAR": str(folder),
            "CASS_CLOCK_WORKER_BEAT_S": "0.3",
            "CASS_CLOCK_WORKER_DEAD_S": "2",
            "CASS_CLOCK_LEASE_S": "2",
            "CASS_CLOCK_EVERY_S": "1",
            "CASS_FILES_LOST_AFTER_S": "0.1",
            "PYTHONPATH": str(ROOT),
        }

    def rows(self, sql: str, *values: object) -> list[tuple]:
        """Rows of the site's database, read as any other process would."""
        connection = sqlite3.connect(self.database, timeout=20)
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    def change(self, sql: str, *values: object) -> None:
        connection = sqlite3.connect(self.database, timeout=20)
        with connection:
            connection.execute(sql, values)
        connection.close()

    def python(self, code: str) -> int:
        """Runs code in a process of the site and gives its exit code: -9 when it killed itself."""
        return self._start([sys.executable, "-c", _SETUP + code]).wait(120)

    def let_an_hour_pass(self) -> None:
        """Sets back every moment by which the clock decides, so that nothing has to be waited for."""
        for table, columns in _MOMENTS.items():
            moved = ", ".join(f"{column} = strftime('%Y-%m-%d %H:%M:%f000', {column}, '-1 hour')" for column in columns)
            self.change(f"UPDATE {table} SET {moved}")

    def manage(self, *arguments: str, timeout: float = 180) -> str:
        """The output of a management command that ends by itself. Raises CalledProcessError when it fails."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=True,
        )
        return done.stdout

    @contextmanager
    def worker(self) -> Iterator[subprocess.Popen]:
        """A running worker, killed at the end of the block if it still runs."""
        process = self._start([sys.executable, "manage.py", "worker"])
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait(20)

    def _start(self, command: list[str]) -> subprocess.Popen:
        return subprocess.Popen(
            command, cwd=ROOT, env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def pages(self) -> list[tuple[int, int]]:
        """(version, page number) of every page that is shown: those of the current reading."""
        return self.rows(
            "SELECT p.version_id, p.number FROM files_filepage p JOIN files_fileversion v ON v.id "
            "= p.version_id AND v.reading = p.reading"
            " ORDER BY p.version_id, p.number"
        )

    def stored_files(self) -> set[str]:
        place = self.folder / "private"
        return {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()}


def slowness() -> float:
    """How many times longer a second of work takes than on a machine that does nothing else, 1 or more: what a limit
    in seconds is multiplied with, so that it measures the site and not who else works here. Takes that second.
    """
    began, worked = time.monotonic(), time.process_time()
    while time.process_time() - worked < 1:
        pass
    return max(1.0, time.monotonic() - began)


def until_done(count, total: int, *, still_s: float = 300, every_s: float = 0.5) -> bool:
    """Whether `count()` reached `total`; False when it stood still so long. However slow the machine is."""
    reached, at = count(), time.monotonic()
    while reached < total and time.monotonic() - at < still_s:
        time.sleep(every_s)
        if (now := count()) != reached:
            reached, at = now, time.monotonic()
    return reached >= total


def until(condition, *, within_s: float, every_s: float = 0.005) -> bool:
    """Whether the condition came true in time."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(every_s)
    return False
