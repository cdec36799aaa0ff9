"""One process at a time: a row that says who is at work and until when.

A holder that died on this machine loses the lease at once, one elsewhere when it runs out.
"""

from __future__ import annotations

import hashlib
import os
import platform
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.db.models import Q
from django.utils import timezone

from search.models import Lease

LENGTH = timedelta(minutes=5)  # longer than any one batch; renewed with each


class LeaseLost(Exception):
    """Someone else has taken over: what was being done must not go on."""


@dataclass(frozen=True, slots=True)
class OwnLease:
    """A lease in our hands."""

    name: str
    holder: str

    def renew(self) -> None:
        """Keeps it for another length. Raises LeaseLost when it is no longer ours."""
        if not Lease.objects.filter(name=self.name, holder=self.holder).update(until=timezone.now() + LENGTH):
            raise LeaseLost(self.name)

    def release(self) -> None:
        Lease.objects.filter(name=self.name, holder=self.holder).update(holder="", until=None)


@contextmanager
def lease(name: str, *, wait_s: float = 0.0) -> Iterator[OwnLease | None]:
    """The lease of that name, released on leaving; None when someone else is still at work after so many seconds."""
    until = time.monotonic() + wait_s
    while (own_lease := take(name)) is None and time.monotonic() < until:
        time.sleep(0.2)
    try:
        yield own_lease
    finally:
        if own_lease:
            own_lease.release()


def take(name: str) -> OwnLease | None:
    """The lease if it is free, run out, or its holder is dead; else None.

    Compare and set: two takers never both get it.
    """
    Lease.objects.bulk_create([Lease(name=name)], ignore_conflicts=True)
    now = timezone.now()
    free = Q(until__isnull=True) | Q(until__lt=now)
    before = Lease.objects.filter(name=name).values_list("holder", flat=True).first() or ""
    if _is_dead(before):
        free |= Q(holder=before)
    own_lease = OwnLease(name, f"{_place()}:{os.getpid()}:{uuid.uuid4().hex[:12]}")
    taken = Lease.objects.filter(free, name=name).update(holder=own_lease.holder, until=now + LENGTH)
    return own_lease if taken else None


def is_held(name: str) -> bool:
    """Whether someone alive is at work under that name. One query."""
    holder = Lease.objects.filter(name=name, until__gt=timezone.now()).values_list("holder", flat=True).first()
    return holder is not None and not _is_dead(holder)


def _place() -> str:
    """Where process numbers mean the same: this machine and, in containers, this process name space."""
    try:
        space = str(Path("/proc/self/ns/pid").stat().st_ino)
    except OSError:
        space = ""
    return hashlib.sha256(f"{platform.node()} {space}".encode()).hexdigest()[:16]


def _is_dead(holder: str) -> bool:
    place, _, rest = holder.partition(":")
    number = rest.partition(":")[0]
    if place != _place() or not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
