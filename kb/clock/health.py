"""Whether the site is well: a registry of checks, the clock's own among them,
and what /health and the admin's home say of them.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kb.clock.models import LastRun, WorkerBeat
from search.engines import EngineUnavailable, get_engine
from search.extraction import confinement_here
from search.indexing import INDEX
from search.leases import is_held
from search.models import Outbox
from search.registries import Registry

QUIET = timedelta(minutes=10)  # a clock or worker silent for longer is said to editors and to whoever watches the site


@dataclass(frozen=True, slots=True)
class Condition:
    """How a part is; detail is a short English phrase without secrets, for staff and for the machine itself."""

    ok: bool
    detail: str = ""


Check = Callable[[], Condition]
CHECKS: Registry[Check] = Registry()


def register_check(name: str, check: Check) -> None:
    """`check()` is quick, raises nothing but database errors, and is asked at every call of /health."""
    CHECKS.register(name, check)


def conditions() -> dict[str, Condition]:
    """Every check's answer; one that the database keeps from answering is not well."""
    found = {}
    for name in CHECKS.names():
        try:
            found[str(name)] = CHECKS[name]()
        except (DatabaseError, InterfaceError) as error:
            found[str(name)] = Condition(False, type(error).__name__)
    return found


def clock_last_ran() -> datetime | None:
    """When the clock last showed a sign of life: a long run counts by what it has finished so far."""
    moments = LastRun.objects.aggregate(finished=Max("finished_at"), started=Max("started_at"))
    return max((moment for moment in moments.values() if moment), default=None)


def worker_last_seen() -> datetime | None:
    return WorkerBeat.objects.aggregate(last=Max("beat_at"))["last"]


def is_quiet(moment: datetime | None) -> bool:
    """Whether that last sign of life is too long ago (or there was none)."""
    return moment is None or timezone.now() - moment > QUIET


def database() -> Condition:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return Condition(True, connection.vendor)


def worker() -> Condition:
    return _seen(worker_last_seen())


def clock() -> Condition:
    return _seen(clock_last_ran())


def _seen(moment: datetime | None) -> Condition:
    if moment is None:
        return Condition(False, "never seen")
    return Condition(not is_quiet(moment), f"{(timezone.now() - moment).total_seconds():.0f} s ago")


def free_bytes() -> int:
    """Free bytes where the site writes; wherever the folder is not made yet, of the nearest one above it."""
    place = Path(settings.VAR_DIR)
    while not place.exists() and place != place.parent:
        place = place.parent
    return shutil.disk_usage(place).free


def disk() -> Condition:
    free = free_bytes()
    return Condition(free >= settings.CLOCK_DISK_FREE_BYTES, f"{free} bytes free")


def index() -> Condition:
    """Whether the search engine can be read and its index fits the code, or is just being made so."""
    try:
        engine = get_engine(settings.SEARCH_ENGINE, path=settings.SEARCH_INDEX_DIR)
        try:
            if not engine.is_current():
                making = is_held(INDEX)
                return Condition(
                    making,
                    "being made" if making else "absent, unfinished or of another version: manage.py rebuild_index",
                )
            left_out = Outbox.objects.left_out().count()
            return Condition(
                True,
                f"{engine.count()} entries"
                + (f", {left_out} changes left out: see the home of the admin" if left_out else ""),
            )
        finally:
            engine.close()
    except EngineUnavailable as error:
        return Condition(False, f"unavailable: {type(error).__name__}")


def reading() -> Condition:
    """What keeps a stranger's file in the process that reads it; well without, where the settings do not ask for it."""
    active = confinement_here()
    return Condition(active.is_complete or not settings.FILES_CONFINED, str(active))


LABELS = {"clock": _("The clock"), "worker": _("The background worker")}
