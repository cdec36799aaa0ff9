"""How work in the background goes, for editors: the last run of each due function, and what stands in the queues."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from kb.clock.models import LastRun
from kb.clock.registry import due_functions
from kb.clock.working import SHORT

LATELY = timedelta(days=1)
QUEUES = {
    "mail": _("Messages to one person"),
    "index": _("Changes for the search"),
    "reading": _("Files to be read"),
    "pictures": _("Page images to be drawn"),
    "recognition": _("Scanned pages to be recognised"),
    SHORT: _("Short work: drafting, looking for twins"),
    "long": _("Long work: imports, the newsletter"),
}


@dataclass(frozen=True, slots=True)
class Run:
    """finished_at is None where it never ended; message is what it said, in English, for whoever runs the server."""

    label: str | Promise
    ok: bool
    finished_at: datetime | None
    message: str


@dataclass(frozen=True, slots=True)
class Queue:
    """Tasks by how they stand; failed are those of the last day."""

    label: str | Promise
    waiting: int
    running: int
    failed: int


def last_runs() -> list[Run]:
    """Every due function, failing ones first. One query."""
    rows = LastRun.objects.in_bulk([due.name for due in due_functions()])
    runs = []
    for due in due_functions():
        row = rows.get(due.name)
        runs.append(Run(due.label, row is None or row.ok, row.finished_at if row else None, row.message if row else ""))
    return sorted(runs, key=lambda run: run.ok)


def queues() -> list[Queue]:
    """Each queue that has a lane; whatever has none is run by the short one. Two queries."""
    unfinished = DBTaskResult.objects.filter(status__in=(TaskResultStatus.READY, TaskResultStatus.RUNNING))
    failed = DBTaskResult.objects.filter(status=TaskResultStatus.FAILED, finished_at__gte=timezone.now() - LATELY)
    counts: dict[tuple[str, str], int] = {}
    for tasks in (unfinished, failed):
        for queue, status, count in tasks.order_by().values_list("queue_name", "status").annotate(count=Count("pk")):
            key = (queue if queue in QUEUES else SHORT, status)
            counts[key] = counts.get(key, 0) + count
    kinds = (TaskResultStatus.READY, TaskResultStatus.RUNNING, TaskResultStatus.FAILED)
    return [Queue(label, *(counts.get((queue, kind), 0) for kind in kinds)) for queue, label in QUEUES.items()]
