"""Running what is due: each function apart from the others, none twice at a time, one failing stops no other."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, connections
from django.db.models import F, Q
from django.utils import timezone
from django.utils.crypto import get_random_string

from kb.clock.models import LastRun
from kb.clock.registry import Due, due_functions

logger = logging.getLogger(__name__)

CLOCK = "clock"  # the row that says when run_due itself last ran
_SLACK = timedelta(seconds=5)  # a clock that ticks each minute is never exactly a minute late


@dataclass(frozen=True, slots=True)
class Ran:
    """What one due function did; message is for the log, seconds what it took."""

    name: str
    ok: bool
    message: str
    seconds: float


def run_due(*, force: bool = False) -> Iterator[Ran]:
    """Runs every function whose time has come and gives each result as it is there; one that another process is running
    is left to it.

    A function whose runner died runs again as soon as the lease has run out. `force` runs also what is not due yet.
    """
    holder = f"{socket.gethostname()[:60]}:{os.getpid()}:{get_random_string(8)}"
    started_at = timezone.now()
    LastRun.objects.update_or_create(name=CLOCK, defaults={"started_at": started_at})
    failed = 0
    for due in due_functions():
        if _take(due, holder=holder, now=timezone.now(), force=force):
            ran = _run(due, holder=holder)
            failed += not ran.ok
            yield ran
    LastRun.objects.filter(name=CLOCK).update(
        finished_at=timezone.now(), ok=not failed, message=f"{failed} failed" if failed else ""
    )


def _take(due: Due, *, holder: str, now: datetime, force: bool) -> bool:
    LastRun.objects.get_or_create(name=due.name)
    time_has_come = (
        Q(started_at=None)
        | Q(started_at__lte=now - due.every + _SLACK)
        | Q(finished_at=None)
        | Q(finished_at__lt=F("started_at"))
    )
    free = LastRun.objects.filter(Q(leased_until=None) | Q(leased_until__lt=now), name=due.name)
    taken = free.filter(Q() if force else time_has_come).update(
        holder=holder, started_at=now, leased_until=now + _lease()
    )
    return bool(taken)


def _lease() -> timedelta:
    return timedelta(seconds=settings.CLOCK_LEASE_S)


def _run(due: Due, *, holder: str) -> Ran:
    begun = time.monotonic()
    mine = LastRun.objects.filter(name=due.name, holder=holder)
    with _renewing(due.name, holder):
        try:
            ok, message = True, due.function() or ""
        except Exception as error:  # the edge: whatever a domain raises is written down, and the others go on
            logger.exception("Due function %s failed", due.name)
            ok, message = False, f"{type(error).__name__}: {error}"
    mine.update(finished_at=timezone.now(), ok=ok, message=message[:500], holder="", leased_until=None)
    return Ran(due.name, ok, message, time.monotonic() - begun)


@contextmanager
def _renewing(name: str, holder: str) -> Iterator[None]:
    """Makes the lease longer from a thread for as long as the function runs."""
    over = threading.Event()

    def renew() -> None:
        while not over.wait(settings.CLOCK_LEASE_S / 3):
            try:
                LastRun.objects.filter(name=name, holder=holder).update(leased_until=timezone.now() + _lease())
            except DatabaseError:
                logger.warning("The lease of %s could not be made longer; trying again", name, exc_info=True)
        connections.close_all()

    thread = threading.Thread(target=renew, name=f"lease of {name}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
