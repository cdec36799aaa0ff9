"""Backing up and restoring: one archive with the database and the private files. The index is not in it: it is made
again.

cass-2026-11-22T031500.tar.gz
    manifest.json     format, day, engine of the database, what is inside with sizes and SHA-256
    database.sqlite3  a consistent copy (SQLite's own backup), or database.dump (pg_dump --format=custom)
    private/…         files and page images as stored
    media/…           images of articles
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

FORMAT = 1


class ArchiveError(Exception):
    """Says in one sentence what is wrong with the archive or the place it should go."""


@dataclass(frozen=True, slots=True)
class Places:
    """What is archived: database as Django's settings describe it, and the folders by their name in the archive."""

    database: dict
    folders: dict[str, Path]

    @property
    def is_sqlite(self) -> bool:
        return "sqlite3" in self.database["ENGINE"]


def back_up(places: Places, to: Path, *, now: datetime, progress: Callable[[str], None] = lambda line: None) -> Path:
    """Writes an archive into folder `to` and gives its path; the name appears only once it is complete.

    The database is copied before the files: a file put in meanwhile is surplus, never missing.
    """
    to.mkdir(parents=True, exist_ok=True)
    target = to / f"cass-{now:%Y-%m-%dT%H%M%S}.tar.gz"
    part = target.with_suffix(".part")
    contents: list[dict] = []
    try:
        with tempfile.TemporaryDirectory(dir=to) as scratch, tarfile.open(part, "w:gz", compresslevel=3) as archive:
            progress("database")
            _add(archive, _copy_database(places, Path(scratch)), contents)
            for name, folder in places.folders.items():
                progress(name)
                for path in _files(folder):
                    _add(archive, path, contents, name=f"{name}/{path.relative_to(folder).as_posix()}")
            manifest = json.dumps(
                {"format": FORMAT, "made": now.isoformat(), "database": places.database["ENGINE"], "contents": contents}
            ).encode()
            info = tarfile.TarInfo("manifest.json")
            info.size = len(manifest)
            archive.addfile(info, io.BytesIO(manifest))
        os.chmod(part, 0o600)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


def restore(places: Places, archive_path: Path, *, progress: Callable[[str], None] = lambda line: None) -> int:
    """Puts an archive in the place of what is there and gives the number of files; what was there is kept beside, under
    `.before-restore`.

    Everything is unpacked and checked against the manifest first; only then are the places exchanged. Raises
    ArchiveError and changes nothing when the archive is damaged or made for another database.
    """
    if not archive_path.is_file():
        raise ArchiveError(f"There is no archive at {archive_path}.")
    base = Path(places.database["NAME"]).parent if places.is_sqlite else next(iter(places.folders.values())).parent
    base.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=base) as scratch_name:
        scratch = Path(scratch_name)
        progress("unpacking")
        try:
            with tarfile.open(archive_path, "r:gz") as archive:
                _unpack(archive, scratch)
            manifest = json.loads((scratch / "manifest.json").read_text())
        except (tarfile.TarError, OSError, EOFError, ValueError) as error:
            raise ArchiveError(
                "The archive is damaged or incomplete; nothing was changed. Take another one."
            ) from error
        if manifest.get("format") != FORMAT:
            raise ArchiveError("The archive was made by another version of the site; restore it with that version.")
        if manifest["database"] != places.database["ENGINE"]:
            raise ArchiveError(
                f"The archive holds a database for {manifest['database']}, the settings name "
                f"{places.database['ENGINE']}."
            )
        progress("checking")
        for item in manifest["contents"]:
            path = scratch / item["name"]
            if not path.is_file() or _digest(path) != item["sha256"]:
                raise ArchiveError(f"The archive is damaged ({item['name']}); nothing was changed. Take another one.")
        progress("putting back")
        _put_back_database(places, scratch)
        for name, folder in places.folders.items():
            _exchange(scratch / name, folder)
        return len(manifest["contents"])


def _copy_database(places: Places, scratch: Path) -> Path:
    if places.is_sqlite:
        return _copy_sqlite(Path(places.database["NAME"]), scratch / "database.sqlite3")
    copy = scratch / "database.dump"
    _postgres(places, "pg_dump", "--format=custom", f"--file={copy}", "--no-owner")
    return copy


def _copy_sqlite(database: Path, copy: Path) -> Path:
    """A consistent copy at `copy`.

    The source is opened so that a wrong CASS_VAR is said, not answered with an empty database made on the spot.
    """
    missing = ArchiveError(
        f"There is no database at {database}. Set CASS_VAR to the site's folder, or run the "
        f"command through docs/systemd/manage."
    )
    try:
        if not database.is_file() or not database.stat().st_size:
            raise missing
        uri = f"{database.resolve().as_uri()}?mode=ro"
        with (
            contextlib.closing(sqlite3.connect(uri, uri=True)) as source,
            contextlib.closing(sqlite3.connect(copy)) as target,
        ):
            if not source.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                raise missing
            source.backup(target)
    except sqlite3.Error as error:
        raise ArchiveError(f"The database at {database} could not be copied ({error}).") from error
    return copy


def _put_back_database(places: Places, scratch: Path) -> None:
    if places.is_sqlite:
        database = Path(places.database["NAME"])
        if database.exists():
            with contextlib.suppress(sqlite3.DatabaseError), contextlib.closing(sqlite3.connect(database)) as old:
                old.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # so that the copy kept beside is whole
            for suffix in ("-wal", "-shm"):
                database.with_name(database.name + suffix).unlink(missing_ok=True)
            database.replace(database.with_name(database.name + ".before-restore"))
        (scratch / "database.sqlite3").replace(database)
        return
    _postgres(
        places,
        "pg_restore",
        "--clean",
        "--if-exists",
        "--no-owner",
        "--single-transaction",
        f"--dbname={places.database['NAME']}",
        str(scratch / "database.dump"),
    )


def _postgres(places: Places, program: str, *arguments: str) -> None:
    if not shutil.which(program):
        raise ArchiveError(f"{program} is not installed: apt install postgresql-client.")
    values = places.database
    environment = {
        "PGHOST": values.get("HOST", ""),
        "PGPORT": str(values.get("PORT", "")),
        "PGUSER": values.get("USER", ""),
        "PGPASSWORD": values.get("PASSWORD", ""),
    }
    environment["PGDATABASE"] = str(values["NAME"])
    done = subprocess.run(
        [program, *arguments],
        env={**os.environ, **{key: value for key, value in environment.items() if value}},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise ArchiveError(
            f"{program} did not succeed: "
            f"{done.stderr.strip().splitlines()[-1] if done.stderr.strip() else done.returncode}"
        )


def _unpack(archive: tarfile.TarFile, scratch: Path) -> None:
    """Plain files below `scratch` and nothing else (tarfile's own "data" filter is missing before Python 3.11.4)."""
    for member in archive:
        name = PurePosixPath(member.name)
        content = archive.extractfile(member) if member.isfile() else None
        if content is None or name.is_absolute() or ".." in name.parts:
            raise ArchiveError("The archive holds something other than the site's files; nothing was changed.")
        path = scratch / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as target:
            shutil.copyfileobj(content, target)


def _exchange(new: Path, place: Path) -> None:
    """Puts folder `new` (which may be absent: empty) at `place`; what was there moves to <place>.before-restore."""
    before = place.with_name(place.name + ".before-restore")
    if place.exists():
        shutil.rmtree(before, ignore_errors=True)
        place.replace(before)
    new.mkdir(parents=True, exist_ok=True)
    new.replace(place)


def _files(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(root) / name
            if path.is_file() and not path.is_symlink():
                yield path


def _add(archive: tarfile.TarFile, path: Path, contents: list[dict], *, name: str = "") -> None:
    name = name or path.name
    try:
        digest = _digest(path)
        archive.add(path, arcname=name, recursive=False)
    except FileNotFoundError:
        # deleted since the folder was listed: then the database copy does not need it either, or check_index says so
        return
    contents.append({"name": name, "size": path.stat().st_size, "sha256": digest})


def _digest(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
