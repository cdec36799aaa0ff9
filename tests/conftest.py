"""What all tests share: a database that is migrated once and copied, and a real Chromium where there is one.

The copy is kept in pytest's cache and keyed on the migrations: the first run after a new migration takes longer, the
others do not. A run may be given an end (`make quick`).
"""

from __future__ import annotations

import fcntl
import gc
import hashlib
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import pytest

# Playwright's loop runs in the thread of the test; the database is used there, never in the loop.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


# The time


def pytest_addoption(parser):
    parser.addoption("--within-s", type=float, default=None, help="seconds after which no further test is begun")


def pytest_configure(config):
    config.stash[BEGUN] = time.monotonic()


BEGUN = pytest.StashKey[float]()


def leave_out_when_time_is_over(item):
    within_s = item.config.getoption("within_s")
    if within_s is not None and time.monotonic() - item.config.stash[BEGUN] > within_s:
        pytest.skip(f"not begun within {within_s:g} s: make test runs it")


def pytest_collection_finish():
    """What was loaded until now stays: the collector need not walk through it again, which takes .3 s each time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


# The database


class MigratedDatabase:
    """A SQLite file with all migrations run, and the copy that this process tests on."""

    def __init__(self, kept: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cass-test-database-"))
        self.template = copy_of_migrated(kept, self.folder / "template.sqlite3")
        self.path = self.folder / "db.sqlite3"
        self.is_emptied = True

    def put_back(self) -> None:
        """A fresh copy, with what the migrations wrote; for the start, and after tests that empty the tables."""
        from django.contrib.contenttypes.models import ContentType
        from django.core.cache import cache
        from django.db import connections

        connections.close_all()
        for name in ("db.sqlite3", "db.sqlite3-wal", "db.sqlite3-shm"):
            (self.folder / name).unlink(missing_ok=True)
        shutil.copyfile(self.template, self.path)
        ContentType.objects.clear_cache()
        cache.clear()
        self.is_emptied = False


def migrations_key() -> str:
    """Changes with any migration of ours, with what runs after them (the group of editors) and with the versions of
    what brings others.
    """
    import django
    import wagtail
    from django.apps import apps
    from django.conf import settings

    digest = hashlib.sha256(
        f"{django.__version__} {wagtail.__version__} {sys.version_info[:2]} {settings.EDITORS_MANAGE}".encode()
    )
    accounts = Path(apps.get_app_config("accounts").path)
    for after in ("apps.py", "editors.py"):
        digest.update((accounts / after).read_bytes())
    digest.update((Path(apps.get_app_config("newsletter").path) / "models" / "approval.py").read_bytes())
    for config in sorted(apps.get_app_configs(), key=lambda config: config.name):
        for path in sorted(Path(config.path).glob("migrations/*.py")):
            digest.update(str(path.relative_to(config.path)).encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def copy_of_migrated(kept: Path, target: Path) -> Path:
    """A copy at `target` of the migrated file in the folder `kept`, which the first process that wants it makes."""
    from django.core.management import call_command
    from django.db import connection

    template = kept / f"{migrations_key()}.sqlite3"
    with (kept / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not template.exists():
            for old in kept.glob("*.sqlite3*"):
                old.unlink()
            making = kept / "making.sqlite3"
            connection.close()
            connection.settings_dict["NAME"] = str(making)
            call_command("migrate", verbosity=0)
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.close()
            making.replace(template)
        # Copied while nobody else may take it away: a run with other migrations removes what it does not know.
        shutil.copyfile(template, target)
    return target


@pytest.fixture(scope="session")
def migrated_database(request, django_test_environment, django_db_blocker):
    from django.db import connection

    if connection.vendor != "sqlite":
        yield None
        return
    with django_db_blocker.unblock():
        was = connection.settings_dict["NAME"]
        database = MigratedDatabase(request.config.cache.mkdir("migrated"))
        connection.close()
        connection.settings_dict["NAME"] = str(database.path)
        database.put_back()
    request.config.stash[DATABASE] = database
    yield database
    with django_db_blocker.unblock():
        connection.close()
        connection.settings_dict["NAME"] = was
    shutil.rmtree(database.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_setup(request, migrated_database, django_db_blocker):
    """Instead of pytest-django's own: a copy on SQLite, its usual making of a test database on a server."""
    if migrated_database is not None:
        yield
        return
    from django.test.utils import setup_databases, teardown_databases

    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False)
    yield
    with django_db_blocker.unblock():
        teardown_databases(made, verbosity=0)


DATABASE = pytest.StashKey[MigratedDatabase]()


def empties_tables(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("django_db")
    asked = {"transactional_db", "live_server", "django_db_reset_sequences", "django_db_serialized_rollback"} & set(
        getattr(item, "fixturenames", ())
    )
    return bool(asked) or bool(marker and (marker.kwargs.get("transaction") or (marker.args and marker.args[0])))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """A test that empties the tables leaves nothing of the migrations:
    the next one that uses the database gets a fresh copy.
    """
    leave_out_when_time_is_over(item)
    database = item.config.stash.get(DATABASE, None)
    uses = empties_tables(item) or item.get_closest_marker("django_db") or "db" in getattr(item, "fixturenames", ())
    if database is not None and database.is_emptied and uses:
        from pytest_django.plugin import blocking_manager_key

        with item.config.stash[blocking_manager_key].unblock():
            database.put_back()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_teardown(item):
    yield
    database = item.config.stash.get(DATABASE, None)
    if database is None:
        return
    from django.core.cache import cache

    cache.clear()  # what a test put there (site roots, rate limits) speaks of rows that are rolled back now
    if empties_tables(item):
        database.is_emptied = True


@pytest.fixture(scope="module")
def rows_of_the_module(django_db_setup, django_db_blocker):
    """Rows made by a fixture of a module that asks for this are there in each of its tests and gone after the last:
    the tests' own transactions stand inside this one.
    """
    from django.core.cache import cache
    from django.db import transaction
    from django.utils import translation

    around = transaction.atomic()
    around._from_testcase = True
    with django_db_blocker.unblock(), translation.override("fr"), around:
        cache.clear()
        yield
        transaction.set_rollback(True)


# The browser


def chromium_path() -> str | None:
    return os.environ.get("CASS_CHROMIUM") or next(
        (found for name in CHROMIUM_NAMES if (found := shutil.which(name))), None
    )


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """pytest-playwright's own arguments, with the system's Chromium."""
    path = chromium_path()
    if path is None:
        pytest.skip("no Chromium on this machine (apt-get install chromium, or CASS_CHROMIUM=/path/to/it)")
    return {**browser_type_launch_args, "executable_path": path, "args": CHROMIUM_FLAGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    return {
        **browser_context_args,
        "viewport": {"width": 1280, "height": 900},
        "locale": "fr-BE",
        "reduced_motion": "reduce",
    }


@pytest.fixture(autouse=True)
def speaks_french():
    """Every test begins in French: a request of another one may have left its language behind in the thread."""
    from django.utils import translation

    with translation.override("fr"):
        yield
