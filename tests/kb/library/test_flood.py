"""Many at once: two imports and a worker beside one another, and readers who search meanwhile.

Nothing is lost, nothing is doubled.
"""

from __future__ import annotations

import json
import subprocess
import threading
from pathlib import Path

import pytest

from tests.kb.files.conftest import site  # noqa: F401
from tests.kb.files.sites import until_done

DOCUMENTS = 150
BODY = """
from kb.groups.models import Body
for code in ("PA", "LOG"):
    Body.objects.get_or_create(code=code, defaults={"name": {"fr": code}})
"""
DONE = """
SELECT count(*) FROM files_fileversion WHERE state = 'read'
UNION ALL SELECT count(*) FROM library_reference WHERE state = 'accepted'
"""


def folder_of_documents(folder: Path, word: str) -> Path:
    folder.mkdir()
    for number in range(DOCUMENTS):
        (folder / f"{word}-{number}.txt").write_text(
            f"Document {number} sur la {word} des familles de Schaerbeek.\n\nSigne {word}{number:04d}.",
            encoding="utf-8",
        )
    return folder


@pytest.mark.drill
def test_two_imports_a_worker_and_readers_at_once_lose_nothing(site, tmp_path):  # noqa: F811
    # A worker that waits for the processor is not dead: its work is given to no other.
    site._environment["CASS_CLOCK_WORKER_DEAD_S"] = "60"
    assert site.python(BODY) == 0
    folders = {
        "PA": folder_of_documents(tmp_path / "pa", "santé"),
        "LOG": folder_of_documents(tmp_path / "log", "location"),
    }
    failures: list[str] = []

    def run(*command: str) -> None:
        try:
            site.manage(*command, timeout=3600)
        except subprocess.CalledProcessError as error:
            failures.append(error.stdout + error.stderr)

    imports = [
        threading.Thread(target=run, args=("import_folder", str(folder), "--group", code, "--audience", "public"))
        for code, folder in folders.items()
    ]
    with site.worker():
        for one in imports:
            one.start()
        while any(one.is_alive() for one in imports):
            run("search", "familles", "--json")
        for one in imports:
            one.join()
        assert failures == []
        assert until_done(lambda: sum(count for (count,) in site.rows(DONE)), 4 * DOCUMENTS)
        assert until_done(lambda: -site.rows("SELECT count(*) FROM search_outbox")[0][0], 0)
    assert site.rows(DONE) == [(2 * DOCUMENTS,)] * 2
    assert site.rows("SELECT count(*) FROM files_fileversion WHERE attempts > 1") == [(0,)]  # each was read once
    assert site.rows("SELECT count(*), count(DISTINCT body_id || '-' || mark_number) FROM library_reference") == [
        (2 * DOCUMENTS, 2 * DOCUMENTS)
    ]
    site.manage("check_index")
    assert json.loads(site.manage("search", "location0007", "--json"))["total"] == 0  # its file is for members


KILLED = """
from django.core.management import call_command
from kb.library import importing
from kb.library.drafting import filling
{moment} = lambda *given, **more: os.kill(os.getpid(), signal.SIGKILL)
call_command("import_folder", {folder!r}, "--group", "PA")
"""
MOMENTS = ("importing.add_file", "importing.read_here", "importing.fill", "filling.mark")


@pytest.mark.drill
def test_an_import_killed_before_storing_reading_filling_and_accepting_is_taken_up(site, tmp_path):  # noqa: F811
    assert site.python(BODY) == 0
    folder = tmp_path / "fonds"
    folder.mkdir()
    for number in range(4):
        (folder / f"huur-{number}.txt").write_text(f"De huurder betaalt {number} maanden waarborg.", encoding="utf-8")
    for moment in MOMENTS:
        assert site.python(KILLED.format(moment=moment, folder=str(folder))) == -9

    said = site.manage("import_folder", str(folder), "--group", "PA")

    assert said.splitlines()[-1].startswith("4 documents: 3 added, 0 new versions, 1 there already, 0 left out")
    assert site.rows("SELECT state, count(*) FROM library_reference GROUP BY state") == [("accepted", 4)]
    assert site.rows("SELECT state, count(*) FROM files_fileversion GROUP BY state") == [("read", 4)]
    assert site.rows("SELECT count(DISTINCT reference_id) FROM library_linetoverify") == [(4,)]
    assert len(site.pages()) == 4
