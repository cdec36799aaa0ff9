"""Backing up and restoring, on a real SQLite file and real folders."""

from __future__ import annotations

import contextlib
import io
import sqlite3
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from home.archiving import ArchiveError, Places, back_up, restore

NOW = datetime(2026, 11, 22, 3, 15, tzinfo=UTC)


@pytest.fixture
def places(tmp_path):
    base = tmp_path / "var"
    base.mkdir()
    # Closed, not left to the collector: what is still open would write its pages over a file that a test damages.
    with contextlib.closing(sqlite3.connect(base / "db.sqlite3", isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE notice (title TEXT)")
        database.execute("INSERT INTO notice VALUES ('Le logement à Schaerbeek')")
    (base / "private" / "files" / "ab").mkdir(parents=True)
    (base / "private" / "files" / "ab" / "abcd").write_bytes(b"%PDF huurwaarborg")
    (base / "media").mkdir()
    return Places(
        {"ENGINE": "django.db.backends.sqlite3", "NAME": base / "db.sqlite3"},
        {"private": base / "private", "media": base / "media"},
    )


def titles(places: Places) -> list[str]:
    with contextlib.closing(sqlite3.connect(places.database["NAME"], isolation_level=None)) as database:
        return [title for (title,) in database.execute("SELECT title FROM notice ORDER BY rowid")]


def test_what_was_backed_up_comes_back_and_what_came_after_is_gone(places, tmp_path):
    archive = back_up(places, tmp_path / "backups", now=NOW)
    with contextlib.closing(sqlite3.connect(places.database["NAME"], isolation_level=None)) as database:
        database.execute("INSERT INTO notice VALUES ('later')")
    (places.folders["private"] / "files" / "ab" / "abcd").unlink()

    restore(places, archive)

    assert titles(places) == ["Le logement à Schaerbeek"]
    assert (places.folders["private"] / "files" / "ab" / "abcd").read_bytes() == b"%PDF huurwaarborg"


def test_what_was_there_is_kept_beside(places, tmp_path):
    archive = back_up(places, tmp_path / "backups", now=NOW)
    with contextlib.closing(sqlite3.connect(places.database["NAME"], isolation_level=None)) as database:
        database.execute("INSERT INTO notice VALUES ('later')")

    restore(places, archive)

    kept = places.database["NAME"].with_name("db.sqlite3.before-restore")
    with contextlib.closing(sqlite3.connect(kept)) as database:
        assert database.execute("SELECT count(*) FROM notice").fetchone() == (2,)


def test_an_archive_restores_on_an_empty_machine(places, tmp_path):
    archive = back_up(places, tmp_path / "backups", now=NOW)
    new = tmp_path / "new"
    elsewhere = Places(
        {**places.database, "NAME": new / "db.sqlite3"}, {"private": new / "private", "media": new / "media"}
    )

    restore(elsewhere, archive)

    assert titles(elsewhere) == ["Le logement à Schaerbeek"]
    assert (new / "private" / "files" / "ab" / "abcd").exists()


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def text(data: bytes) -> bytes:
    return b"not an archive"


@pytest.mark.parametrize("damage", [cut, text], ids=["cut off", "not an archive"])
def test_a_damaged_archive_changes_nothing(places, tmp_path, damage):
    archive = back_up(places, tmp_path / "backups", now=NOW)
    archive.write_bytes(damage(archive.read_bytes()))

    with pytest.raises(ArchiveError, match="nothing was changed"):
        restore(places, archive)

    assert titles(places) == ["Le logement à Schaerbeek"]


def test_an_archive_of_another_database_is_refused(places, tmp_path):
    archive = back_up(places, tmp_path / "backups", now=NOW)
    other = Places({**places.database, "ENGINE": "django.db.backends.postgresql"}, places.folders)

    with pytest.raises(ArchiveError, match="holds a database for"):
        restore(other, archive)


def test_an_archive_is_readable_by_its_owner_alone_and_has_no_half_written_twin(places, tmp_path):
    archive = back_up(places, tmp_path / "backups", now=NOW)

    assert archive.name == "cass-2026-11-22T031500.tar.gz"
    assert archive.stat().st_mode & 0o077 == 0
    assert [path.name for path in archive.parent.iterdir()] == [archive.name]


def test_an_archive_that_would_write_elsewhere_is_refused(places, tmp_path):
    archive = tmp_path / "hostile.tar.gz"
    with tarfile.open(archive, "w:gz") as made:
        info = tarfile.TarInfo("../outside")
        info.size = 1
        made.addfile(info, io.BytesIO(b"x"))

    with pytest.raises(ArchiveError, match="nothing was changed"):
        restore(places, archive)

    assert not (tmp_path / "outside").exists()


def no_file(database: Path) -> None:
    database.unlink()


def empty_file(database: Path) -> None:
    database.write_bytes(b"")


def no_table(database: Path) -> None:
    database.unlink()
    with contextlib.closing(sqlite3.connect(database)) as made:
        made.execute("VACUUM")
        made.execute("PRAGMA user_version = 1")


@pytest.mark.parametrize("make", [no_file, empty_file, no_table], ids=["missing", "empty", "without a table"])
def test_a_database_that_is_not_there_is_no_archive_and_is_not_made(places, tmp_path, make):
    database = places.database["NAME"]
    make(database)
    was = database.exists()

    with pytest.raises(
        ArchiveError, match=r"There is no database at .*db\.sqlite3\. Set CASS_VAR .*docs/systemd/manage\."
    ):
        back_up(places, tmp_path / "backups", now=NOW)

    assert database.exists() == was
    assert list((tmp_path / "backups").iterdir()) == []


def test_a_file_that_is_no_database_is_said_in_a_sentence(places, tmp_path):
    places.database["NAME"].write_bytes(b"not a database at all, " * 100)

    with pytest.raises(ArchiveError, match="could not be copied"):
        back_up(places, tmp_path / "backups", now=NOW)
