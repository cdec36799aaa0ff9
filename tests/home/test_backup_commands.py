"""`backup` and `restore` as they are typed, each in a process of its own, on a SQLite site with a file and an index."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILL = """
from kb.accounts.models import User
from kb.groups.choices import MandateRole
from kb.groups.models import Body, Mandate
body, _ = Body.objects.get_or_create(code="PA", defaults={"name": {"fr": "Primo-arrivants"}})
reader = User.objects.create_user("membre@exemple.be", "secret-word", language="fr")
Mandate.objects.create(user=reader, body=body, role=MandateRole.MEMBER)
"""
EMPTY = """
from kb.library.models import Reference
from kb.files.models import StoredFile
Reference.objects.all().delete()
StoredFile.objects.all().delete()
"""


@pytest.fixture
def manage(migrated_database, tmp_path):
    """Runs a command on a site in `tmp_path`, whose database is migrated already, and gives what it said."""
    if migrated_database is None:
        pytest.skip("the tests run on a database server; this is about a SQLite file")
    var = tmp_path / "var"
    var.mkdir()
    shutil.copyfile(migrated_database.template, var / "db.sqlite3")

    def run(*arguments: str) -> str:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "DJANGO_SETTINGS_MODULE": "kb.settings.dev",
            "CASS_VAR": str(var),
        }
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def found(manage, words: str) -> list[str]:
    return [hit["title"] for hit in json.loads(manage("search", words, "--as", "membre@exemple.be", "--json"))["hits"]]


def stored(folder: Path) -> set[bytes]:
    return {path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.drill
def test_after_a_restore_the_search_finds_what_was_backed_up_and_not_what_came_later(manage, tmp_path):
    documents, later, private = tmp_path / "documents", tmp_path / "later", tmp_path / "var" / "private"
    for folder, name, words in (
        (documents, "logement.txt", "La garantie locative des primo-arrivants."),
        (later, "dettes.txt", "Le surendettement."),
    ):
        folder.mkdir()
        (folder / name).write_text(words)
    manage("shell", "-c", FILL)
    manage("import_folder", str(documents), "--group", "PA", "--read")
    manage("rebuild_index")
    assert len(found(manage, "garantie locative")) == 1

    told = manage("backup", "--to", str(tmp_path / "backups"))
    [archive] = (tmp_path / "backups").iterdir()
    assert str(archive) in told

    manage("shell", "-c", EMPTY)
    shutil.rmtree(private)
    manage("import_folder", str(later), "--group", "PA", "--read")
    manage("rebuild_index")
    assert (len(found(manage, "garantie locative")), len(found(manage, "surendettement"))) == (0, 1)

    manage("restore", str(archive))

    assert (len(found(manage, "garantie locative")), len(found(manage, "surendettement"))) == (1, 0)
    assert (documents / "logement.txt").read_bytes() in stored(private)
    assert "0 differences" in manage("check_index")


def test_backup_of_a_place_without_a_site_says_where_it_looked(tmp_path):
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "kb.settings.dev",
        "CASS_VAR": str(tmp_path / "wrong"),
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "backup"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode != 0
    assert f"There is no database at {tmp_path / 'wrong' / 'db.sqlite3'}." in done.stderr
    assert not (tmp_path / "wrong" / "db.sqlite3").exists()
