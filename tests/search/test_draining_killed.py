"""A drainer killed for real (SIGKILL) at each moment loses no change:
the next one brings index and database together again.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from search import drifting, indexing
from search.indexing import drain, rebuild
from search.models import Outbox

ROOT = Path(__file__).parents[2]

CHILD = """
import os, signal, sys
import django
from django.conf import settings
moment, database, index = sys.argv[1:]
settings.DATABASES["default"]["NAME"] = database
settings.SEARCH_INDEX_DIR = index
django.setup()
from search import indexing, registry
from search.engines import embedded
from search.engines.embedded.engine import EmbeddedRebuild
from search.engines.embedded.writing import Writing
from tests.search.kinds import SlipKind

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

kind = SlipKind()
for number in range(60):
    kind.put(number, f"Le logement {number}", "Une page de texte.")
emptied = registry.KINDS.temporarily()
emptied.__enter__()
registry.register(kind)
replace, commit = embedded.EmbeddedEngine.replace, Writing.commit
if moment == "before the index is written":
    embedded.EmbeddedEngine.replace = die
elif moment == "while entries are added":
    Writing.add = die
elif moment == "between pages and documents":
    def half(writing):
        writing._pages.commit()
        die()
    Writing.commit = half
elif moment == "between the index and the outbox":
    def written(engine, changes):
        replace(engine, changes)
        die()
    embedded.EmbeddedEngine.replace = written
elif moment == "in the second batch":
    calls = []
    def second(engine, changes):
        calls.append(1)
        die() if len(calls) == 2 else replace(engine, changes)
    embedded.EmbeddedEngine.replace = second
elif moment == "before a rebuild swaps":
    EmbeddedRebuild.__exit__ = die
if moment == "before a rebuild swaps":
    indexing.rebuild()
else:
    indexing.drain()
"""

MOMENTS = [
    "between the index and the outbox",
    pytest.param("between pages and documents", marks=pytest.mark.drill),
    pytest.param("before the index is written", marks=pytest.mark.drill),
    pytest.param("while entries are added", marks=pytest.mark.drill),
    pytest.param("in the second batch", marks=pytest.mark.drill),
    pytest.param("before a rebuild swaps", marks=pytest.mark.drill),
]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_drainer_loses_no_change(moment, transactional_db, engine, slips, index):
    rebuild()
    for number in range(60):
        slips.put(number, f"Le logement {number}", "Une page de texte.")
    Outbox.objects.bulk_create([Outbox(subject=subject) for subject in slips.subjects()])
    if connection.vendor != "sqlite":
        pytest.skip("the child opens the SQLite file of the test")

    child = subprocess.run(
        [sys.executable, "-c", CHILD, moment, str(connection.settings_dict["NAME"]), str(index)],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "kb.settings.test"},
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert child.returncode == -signal.SIGKILL, child.stderr
    assert Outbox.objects.exists()
    begun = 0 if moment == "before a rebuild swaps" else indexing.BATCH_SUBJECTS
    assert Outbox.objects.filter(attempts=1).count() == begun, "those that it had begun with are known"
    drain()
    assert engine.count() == 60
    assert list(drifting.drift()) == []
    assert not Outbox.objects.exists()
