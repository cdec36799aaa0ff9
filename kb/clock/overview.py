"""How work in the background goes, for editors: the last run of each due function, what stands in the queues, what the
search left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from kb.accounts import audiences
from kb.clock.models import LastRun
from kb.clock.notices.waiting import SHOWN, Waiting, WaitingList
from kb.clock.queue import unfinished_tasks
from kb.clock.registry import due_functions
from kb.clock.worker.working import SHORT
from search import registry
from search.models import Outbox

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
    failed = DBTaskResult.objects.filter(status=TaskResultStatus.FAILED, finished_at__gte=timezone.now() - LATELY)
    counts: dict[tuple[str, str], int] = {}
    for tasks in (unfinished_tasks(), failed):
        for queue, status, count in tasks.order_by().values_list("queue_name", "status").annotate(count=Count("pk")):
            key = (queue if queue in QUEUES else SHORT, status)
            counts[key] = counts.get(key, 0) + count
    kinds = (TaskResultStatus.READY, TaskResultStatus.RUNNING, TaskResultStatus.FAILED)
    return [Queue(label, *(counts.get((queue, kind), 0) for kind in kinds)) for queue, label in QUEUES.items()]


def left_out_of_search(user: Any, held: frozenset[str]) -> WaitingList:
    """What waits for editors: what ended the worker each time the search took it in. Named only in a session that
    passed the second factor.

    Two queries, and those of the kinds for the few that are named.
    """
    if not user.is_staff:
        return WaitingList(0)
    left_out = dict(
        Outbox.objects.left_out().order_by().values_list("subject").annotate(since=Min("created_at")).order_by("since")
    )
    if not left_out or audiences.STAFF not in held:
        return WaitingList(len(left_out))
    cards = _cards(list(left_out)[:SHOWN], held)
    word = gettext("tried again once it is changed")
    return WaitingList(
        len(left_out),
        tuple(Waiting(card.title, card.url, left_out[card.subject], card.title_language, word) for card in cards),
    )


def _cards(subjects: list[str], held: frozenset[str]) -> list[registry.Card]:
    found: dict[str, registry.Found] = {}
    for kind in registry.kinds():
        keys = [f"{subject}/" for subject in subjects if registry.kind_of(subject) is kind]
        if keys:
            found |= kind.found(dict.fromkeys(keys, ()), audiences=held, language=get_language() or "")
    return [found[key].card for subject in subjects if (key := f"{subject}/") in found]
