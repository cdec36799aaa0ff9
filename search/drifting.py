"""On what the database and the index differ: nothing, unless something went wrong or waits in the outbox.

The command is `check_index`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Literal

from search import registry
from search.engines.preparing import fingerprint
from search.indexing import light_batches, make_entries
from search.models import Outbox
from search.opening import site_engine
from search.spooling import Spool, batches

How = Literal["missing", "stale", "left over", "unmade"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One entry that differs; waiting says that its change is in the outbox.

    how: "missing" from the index, "stale" (other content or rights), "left over" in it, "unmade" (key is a subject
    whose entries fail).
    """

    key: str
    how: How
    waiting: bool


def drift() -> Iterator[Difference]:
    """Every entry on which database and index differ, in little memory. Raises EngineUnavailable."""
    engine = site_engine()
    with closing(sqlite3.connect("")) as stored:  # a temporary database on disk, gone with the connection
        stored.execute("CREATE TABLE stored (key TEXT PRIMARY KEY, fingerprint TEXT) WITHOUT ROWID")
        stored.executemany("INSERT OR REPLACE INTO stored VALUES (?, ?)", engine.stored())
        with Spool(subject for kind in registry.kinds() for subject in kind.subjects()) as subjects:
            for some in light_batches(subjects):
                yield from _said(_compared(stored, some))
        for keys in batches((key for (key,) in stored.execute("SELECT key FROM stored ORDER BY key")), 500):
            yield from _said([(key, "left over") for key in keys])


def _compared(stored: sqlite3.Connection, subjects: Sequence[str]) -> list[tuple[str, How]]:
    """(key, how) of what differs; takes what it met out of `stored`."""
    made, unmade = make_entries(subjects)
    found: list[tuple[str, How]] = [(subject, "unmade") for subject in sorted(unmade)]
    for subject in sorted(unmade):
        stored.execute("DELETE FROM stored WHERE key GLOB ? || '/*'", (subject,))
    for entry in (entry for _, entries in made for entry in entries):
        row = stored.execute("SELECT fingerprint FROM stored WHERE key = ?", (entry.key,)).fetchone()
        stored.execute("DELETE FROM stored WHERE key = ?", (entry.key,))
        if row is None:
            found.append((entry.key, "missing"))
        elif row[0] != fingerprint(entry):
            found.append((entry.key, "stale"))
    return found


def _said(found: Sequence[tuple[str, How]]) -> Iterator[Difference]:
    subjects = {_subject(key) for key, _ in found}
    waiting = set(Outbox.objects.filter(subject__in=subjects).values_list("subject", flat=True)) if subjects else set()
    for key, how in found:
        yield Difference(key, how, _subject(key) in waiting)


def _subject(key: str) -> str:
    return key.partition("/")[0]
