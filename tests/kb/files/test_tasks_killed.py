"""Processes really killed, at moments that matter: no document is lost, none is half read, none is doubled."""

import random
import signal
from collections import Counter

import pytest

from tests.kb.files.builders import TEXTS, pdf
from tests.kb.files.sites import until

PAGES = 12  # more than are drawn at once

STORE = """
from django.db import transaction
from kb.files.intake.storing import receive, store
for path in {paths!r}:
    received = receive(path)
    with transaction.atomic():
        {before}
        store(received, owner_kind="tests.owner")
"""
KILL_AFTER_COMMIT = "transaction.on_commit(lambda: os.kill(os.getpid(), signal.SIGKILL))"
KILL_AT_STATEMENT = """
        from django.db import connection
        seen = []
        def kill(execute, sql, params, many, context):
            seen.append(sql)
            if len(seen) == {statement}:
                os.kill(os.getpid(), signal.SIGKILL)
            return execute(sql, params, many, context)
        connection.execute_wrappers.append(kill)
"""

WORK = """
from django.core.management import call_command
def kill():
    os.kill(os.getpid(), signal.SIGKILL)
{before}
call_command("worker", until_empty=True)
"""
KILL_WHEN_ALL_IS_READ_AND_NOTHING_WRITTEN = """
from kb.files import tasks
extract = tasks.extract
tasks.extract = lambda *given, **more: (extract(*given, **more), kill())
"""
KILL_AMID_THE_PAGES = """
from kb.files.reading import writing
writing._ROWS_AT_ONCE = 5
from django.db import connection
seen = []
def watch(execute, sql, *given):
    seen.append(sql.startswith('INSERT INTO "files_filepage"'))
    if sum(seen) == 2:
        kill()
    return execute(sql, *given)
connection.execute_wrappers.append(watch)
"""
KILL_AMID_THE_SECOND_BATCH_OF_IMAGES = """
from kb.files.reading import drawing
save, saved = drawing.private_storage().save, []
def counted(*given):
    saved.append(save(*given))
    if len(saved) == drawing.PAGES_AT_ONCE + 1:
        kill()
drawing.private_storage().save = counted
"""


@pytest.fixture
def document(tmp_path):
    return write(tmp_path / "guide.pdf", pages=PAGES)


def write(path, *, pages: int) -> str:
    path.write_bytes(pdf([f"{TEXTS['fr']} Page {number}." for number in range(1, pages + 1)]))
    return str(path)


def state(site) -> tuple[str, int, int, int] | None:
    """State, pages, images made and attempts of the only version."""
    return next(iter(site.rows("SELECT state, page_count, images_made, attempts FROM files_fileversion")), None)


def store(site, *documents, before="pass") -> int:
    return site.python(STORE.format(paths=documents, before=before.strip()))


def work(site, before="") -> int:
    """A worker that runs all there is, an hour later."""
    site.let_an_hour_pass()
    return site.python(WORK.format(before=before))


def is_all_done(site) -> bool:
    return not site.rows("SELECT 1 FROM files_fileversion WHERE state = 'waiting' OR images_made < page_count")


def assert_whole(site) -> None:
    """The one document is read, each page once, each with its image, no task failed, and nothing else is stored."""
    assert (
        site.rows(
            "SELECT task_path, status, traceback FROM django_tasks_database_dbtaskresult WHERE status != 'SUCCESSFUL'"
        )
        == []
    )
    assert state(site)[:3] == ("read", PAGES, PAGES)
    assert [number for _, number in site.pages()] == list(range(1, PAGES + 1))
    site.let_an_hour_pass()
    site.manage("run_due")  # takes away what killed readings left
    assert site.rows("SELECT count(*) FROM files_filepage") == [(PAGES,)]
    images = {name for (name,) in site.rows("SELECT image FROM files_filepage")}
    contents = {name for (name,) in site.rows("SELECT content FROM files_fileversion")}
    assert len(images) == PAGES
    assert site.stored_files() == images | contents


@pytest.mark.drill
def test_a_process_killed_between_commit_and_enqueue_loses_no_document(site, document):
    assert store(site, document, before=KILL_AFTER_COMMIT) == -signal.SIGKILL
    assert state(site) == ("waiting", 0, 0, 0)
    assert site.rows("SELECT count(*) FROM django_tasks_database_dbtaskresult") == [(0,)]
    assert work(site) == 0
    assert_whole(site)


@pytest.mark.drill
def test_workers_killed_while_reading_leave_nothing_half_and_the_next_one_finishes(site, document):
    assert store(site, document) == 0
    moments = [KILL_WHEN_ALL_IS_READ_AND_NOTHING_WRITTEN, KILL_AMID_THE_PAGES]
    for attempt, moment in enumerate(moments, start=1):
        assert work(site, moment) == -signal.SIGKILL
        assert state(site) == ("waiting", 0, 0, attempt)
        assert site.pages() == []
        assert site.rows("SELECT status FROM django_tasks_database_dbtaskresult") == [("RUNNING",)]
    assert work(site) == 0
    assert_whole(site)


@pytest.mark.drill
def test_a_worker_killed_while_drawing_pages_goes_on_where_it_was(site, document):
    assert store(site, document) == 0
    assert work(site, KILL_AMID_THE_SECOND_BATCH_OF_IMAGES) == -signal.SIGKILL
    assert state(site)[:3] == ("read", PAGES, 10)
    assert len(site.stored_files()) == 1 + 11
    assert work(site) == 0
    assert_whole(site)


@pytest.mark.drill
def test_two_workers_beside_each_other_read_every_document_once_and_end_in_good_order(site, tmp_path):
    documents = [write(tmp_path / f"{number}.pdf", pages=3) for number in range(4)]
    assert store(site, *documents) == 0
    with site.worker() as first, site.worker() as second:
        assert until(
            lambda: site.rows("SELECT count(*) FROM clock_workerbeat") == [(2,)] and is_all_done(site),
            within_s=300,
            every_s=0.1,
        )
        for worker in (first, second):
            worker.send_signal(signal.SIGTERM)
        assert [worker.wait(60) for worker in (first, second)] == [0, 0]
    assert site.rows("SELECT state, attempts, images_made FROM files_fileversion") == [("read", 1, 3)] * 4
    assert list(Counter(version for version, _number in site.pages()).values()) == [3] * 4
    assert site.rows("SELECT count(*) FROM clock_workerbeat WHERE stopped_at IS NULL") == [(0,)]


def test_a_real_worker_killed_in_the_middle_of_a_reading_leaves_a_file_that_run_due_brings_to_be_read(site, tmp_path):
    long_document = write(tmp_path / "long.pdf", pages=400)
    assert store(site, long_document) == 0
    with site.worker() as worker:
        assert until(lambda: site.rows("SELECT 1 FROM files_fileversion WHERE claimed_by != ''"), within_s=120)
        worker.kill()
    assert state(site)[:3] == ("waiting", 0, 0)
    assert site.rows("SELECT status FROM django_tasks_database_dbtaskresult") == [("RUNNING",)]
    site.change(
        "DELETE FROM django_tasks_database_dbtaskresult"
    )  # not even the task is left: only the row of the file says that it waits
    site.let_an_hour_pass()
    assert "files.lost" in site.manage("run_due")
    assert site.rows("SELECT status FROM django_tasks_database_dbtaskresult") == [("READY",)]
    with site.worker():
        assert until(lambda: state(site)[0] == "read", within_s=120, every_s=0.1)
    assert state(site)[1] == 400
    assert [number for _, number in site.pages()] == list(range(1, 401))


@pytest.mark.drill
def test_enqueue_lost_asks_again_for_what_a_killed_process_stored(site, document):
    assert store(site, document, before=KILL_AFTER_COMMIT) == -signal.SIGKILL
    site.let_an_hour_pass()
    assert site.manage("enqueue_lost").strip() == "1 readings asked for again"
    assert site.manage("enqueue_lost").strip() == "Nothing was lost."


@pytest.mark.drill
@pytest.mark.parametrize("statement", range(1, 13))
def test_a_save_killed_at_any_statement_leaves_all_of_a_document_or_nothing_of_it(site, document, statement):
    code = store(site, document, before=KILL_AT_STATEMENT.format(statement=statement))
    versions = site.rows("SELECT count(*) FROM files_fileversion")[0][0]
    assert site.rows("SELECT count(*) FROM files_storedfile") == [(versions,)]
    if code == 0:
        assert versions == 1
    assert work(site) == 0
    if versions:
        assert_whole(site)
    else:
        assert len(site.stored_files()) <= 1  # an orphan at most, for the clock to remove a day later


@pytest.mark.drill
def test_workers_killed_at_random_moments_read_every_document_once(site, document):
    moments = random.Random(2012)
    assert store(site, *[document] * 4) == 0
    for _ in range(12):
        with site.worker() as worker:
            assert until(
                lambda: site.rows("SELECT 1 FROM clock_workerbeat WHERE process_id = ?", worker.pid), within_s=120
            )
            until(lambda: False, within_s=moments.uniform(0, 2.5), every_s=0.01)
            worker.kill()
        site.let_an_hour_pass()
        site.change(
            "UPDATE files_fileversion SET attempts = 0, image_attempts = 0"
        )  # this is about the worker, not about giving a file up
        assert all(
            count in (0, PAGES)
            for (count,) in site.rows(
                "SELECT count(p.id) FROM files_fileversion v LEFT JOIN files_filepage p"
                " ON p.version_id = v.id AND p.reading = v.reading GROUP BY v.id"
            )
        )
    with site.worker():
        assert until(lambda: is_all_done(site), within_s=300, every_s=0.5)
    assert site.rows("SELECT state, page_count, images_made FROM files_fileversion") == [("read", PAGES, PAGES)] * 4
    assert len(set(site.pages())) == len(site.pages()) == 4 * PAGES
