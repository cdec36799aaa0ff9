"""Processes really killed, at moments that matter: no document is lost, none is half read, none is doubled."""

import random
import signal

import pytest

from tests.kb.files.builders import TEXTS, pdf
from tests.kb.files.sites import until

PAGES = 12

STORE = """
from django.db import transaction
from kb.files.storing import store
with transaction.atomic():
    {before}
    store({path!r}, owner_kind="tests.owner")
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


@pytest.fixture
def document(tmp_path):
    path = tmp_path / "guide.pdf"
    path.write_bytes(pdf([f"{TEXTS['fr']} Page {number}." for number in range(1, PAGES + 1)]))
    return str(path)


def state(site) -> tuple[str, int, int] | None:
    """State, pages and attempts of the only version."""
    return next(iter(site.rows("SELECT state, page_count, attempts FROM files_fileversion")), None)


def store(site, document, before="pass") -> int:
    return site.python(STORE.format(path=document, before=before.strip()))


def assert_whole(site) -> None:
    """The one document is read, each page once, each with its image, and nothing else is stored."""
    assert state(site)[:2] == ("read", PAGES)
    assert [number for _, number in site.pages()] == list(range(1, PAGES + 1))
    images = {name for (name,) in site.rows("SELECT image FROM files_filepage")}
    contents = {name for (name,) in site.rows("SELECT content FROM files_fileversion")}
    assert len(images) == PAGES
    assert site.stored_files() == images | contents


def test_a_process_killed_between_commit_and_enqueue_loses_no_document(site, document):
    assert store(site, document, KILL_AFTER_COMMIT) == -signal.SIGKILL
    assert state(site) == ("waiting", 0, 0)
    assert site.rows("SELECT count(*) FROM django_tasks_database_dbtaskresult") == [(0,)]
    site.manage("worker", "--until-empty")
    assert_whole(site)


def test_a_worker_killed_while_reading_leaves_nothing_half_and_the_next_one_finishes(site, document):
    assert store(site, document) == 0
    with site.worker() as worker:
        assert until(lambda: state(site)[2] == 1, within_s=150)
        worker.kill()
    assert state(site) == ("waiting", 0, 1)
    assert site.pages() == []
    assert site.rows("SELECT status FROM django_tasks_database_dbtaskresult") == [("RUNNING",)]
    with site.worker():
        assert until(
            lambda: state(site)[0] == "read" and all(image for (image,) in site.rows("SELECT image FROM files_filepage")), within_s=200, every_s=0.2
        )
    assert_whole(site)
    assert state(site)[2] == 2


def test_a_worker_killed_while_drawing_pages_goes_on_where_it_was(site, document):
    assert store(site, document) == 0
    with site.worker() as worker:
        assert until(lambda: site.rows("SELECT 1 FROM files_fileversion WHERE images_made > 0"), within_s=150)
        worker.kill()
    assert state(site)[0] == "read"
    with site.worker():
        assert until(lambda: site.rows("SELECT 1 FROM files_fileversion WHERE images_made = page_count"), within_s=200, every_s=0.2)
    assert_whole(site)


def test_a_worker_ends_in_good_order_when_asked(site, document):
    with site.worker() as worker:
        assert until(lambda: site.rows("SELECT 1 FROM clock_workerbeat"), within_s=150)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0
    assert site.rows("SELECT count(*) FROM clock_workerbeat WHERE stopped_at IS NULL") == [(0,)]


def test_two_workers_beside_each_other_read_every_document_once(site, document):
    for _ in range(3):
        assert store(site, document) == 0
    with site.worker(), site.worker():
        assert until(
            lambda: not site.rows("SELECT 1 FROM files_fileversion WHERE state = 'waiting' OR images_made < page_count"), within_s=300, every_s=0.2
        )
    assert site.rows("SELECT state, attempts FROM files_fileversion") == [("read", 1)] * 3
    assert len(site.pages()) == 3 * PAGES


@pytest.mark.drill
@pytest.mark.parametrize("statement", range(1, 13))
def test_a_save_killed_at_any_statement_leaves_all_of_a_document_or_nothing_of_it(site, document, statement):
    code = store(site, document, KILL_AT_STATEMENT.format(statement=statement))
    versions = site.rows("SELECT count(*) FROM files_fileversion")[0][0]
    assert site.rows("SELECT count(*) FROM files_storedfile") == [(versions,)]
    if code == 0:
        assert versions == 1
    site.manage("worker", "--until-empty")
    if versions:
        assert_whole(site)
    else:
        assert len(site.stored_files()) <= 1  # an orphan at most, for the clock to remove a day later


@pytest.mark.drill
def test_workers_killed_at_random_moments_read_every_document_once(site, document):
    moments = random.Random(2012)
    for _ in range(4):
        assert store(site, document) == 0
    site.change("UPDATE files_fileversion SET attempts = -20")  # this is about the worker, not about giving a file up
    for _ in range(12):
        with site.worker() as worker:
            until(lambda: False, within_s=moments.uniform(1.5, 6), every_s=0.05)
            worker.kill()
        assert all(
            count in (0, PAGES)
            for (count,) in site.rows("SELECT count(p.id) FROM files_fileversion v LEFT JOIN files_filepage p ON p.version_id = v.id GROUP BY v.id")
        )
    with site.worker():
        assert until(
            lambda: not site.rows("SELECT 1 FROM files_fileversion WHERE state = 'waiting' OR images_made < page_count"), within_s=300, every_s=0.5
        )
    assert site.rows("SELECT state, page_count, images_made FROM files_fileversion") == [("read", PAGES, PAGES)] * 4
    assert len(set(site.pages())) == len(site.pages()) == 4 * PAGES
