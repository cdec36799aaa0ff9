"""An upgrade over a database of the version before, with tasks that wait in it: it opens, and everything drains.

`before.sql.gz` is what a site held just before its modules moved into rooms (November 2026): migrated, with a reference
and its file that is not read, a proposal to compare, a mail, an invitation, and changes the search has not heard of.
"""

from __future__ import annotations

import gzip
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BEFORE = Path(__file__).with_name("before.sql.gz")
TEXT = "Les permanences du quartier se tiennent au Foyer.\n"


@pytest.fixture
def manage(tmp_path):
    """Runs a command on the site whose data lie in `tmp_path`, and gives what it said."""

    def run(*arguments: str) -> str:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "DJANGO_SETTINGS_MODULE": "kb.settings.dev",
            "CASS_VAR": str(tmp_path),
        }
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=180,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_a_database_of_the_version_before_opens_and_what_waited_in_it_drains(manage, tmp_path):
    database = sqlite3.connect(tmp_path / "db.sqlite3")
    database.execute("PRAGMA synchronous = OFF")
    database.executescript(gzip.decompress(BEFORE.read_bytes()).decode())
    [(content,)] = database.execute("SELECT content FROM files_fileversion").fetchall()
    waiting = {path for (path,) in database.execute("SELECT task_path FROM django_tasks_database_dbtaskresult")}
    assert len(waiting) == 9, "one of each kind"
    database.close()
    file = tmp_path / "private" / content
    file.parent.mkdir(parents=True)
    file.write_text(TEXT)

    manage("migrate", "--no-input")
    manage("worker", "--until-empty")

    database = sqlite3.connect(tmp_path / "db.sqlite3")
    failed = database.execute(
        "SELECT task_path, exception_class_path FROM django_tasks_database_dbtaskresult WHERE status <> 'SUCCESSFUL'"
    ).fetchall()
    no_mailbox_here = ("kb.newsletter.returns.mailbox.read_bounces", "kb.clock.mail.mailboxes.MailboxError")
    assert failed == [no_mailbox_here]
    assert database.execute("SELECT state FROM files_fileversion").fetchall() == [("read",)]
    assert database.execute("SELECT count(*) FROM search_outbox").fetchone() == (0,)
    assert database.execute("SELECT count(*) FROM clock_outgoingmail WHERE sent_at IS NULL").fetchone() == (0,)
    assert database.execute("SELECT count(*) FROM accounts_invitation").fetchone() == (1,)
    database.close()
    [hit] = json.loads(manage("search", "permanences", "--as", "membre@example.org", "--json"))["hits"]
    assert hit["title"] == "Le guide du primo-arrivant"
