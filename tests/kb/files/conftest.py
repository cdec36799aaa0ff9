import sqlite3
from contextlib import closing

import pytest
from django.db import connection

from kb.files import owners
from kb.files.models import private_storage
from tests.kb.files.builders import KIND
from tests.kb.files.sites import Site


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    """`with committed(): …` runs what waits for the commit, tasks included, at the end of the block."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def told():
    """The stored files whose owner was told of a change, in order."""
    heard = []
    with owners.OWNERS.temporarily():
        owners.register_owner(KIND, heard.append)
        yield heard


@pytest.fixture(autouse=True)
def private_folder(monkeypatch, tmp_path):
    """The private storage in a folder of the test's own."""
    place = str(tmp_path / "private")
    monkeypatch.setitem(vars(private_storage()), "base_location", place)
    monkeypatch.setitem(vars(private_storage()), "location", place)
    return tmp_path / "private"


@pytest.fixture
def site(tmp_path, django_db_setup, django_db_blocker) -> Site:
    """A site with a migrated, empty database in a file: a copy of the test database,
    for migrating takes half a minute.
    """
    with django_db_blocker.unblock():
        connection.ensure_connection()
        with closing(sqlite3.connect(tmp_path / "db.sqlite3")) as copy:
            connection.connection.backup(copy)
    return Site(tmp_path)
