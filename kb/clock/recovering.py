"""What a dead worker left: its tasks stand RUNNING for ever (django-tasks-db never takes them back) unless someone
makes them ready again.

READY ──claimed──► RUNNING ──► SUCCESSFUL | FAILED        kept CLOCK_TASKS_KEPT_DAYS, then thinned
  ▲                   │ its worker's beat has stopped
  └── up to 3 workers ┴─ then FAILED: a task that ends workers is not tried for ever
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from kb.clock.models import WorkerBeat

MOST_WORKERS = 3
WORKER_DIED = "kb.clock.recovering.WorkerDied"
_BATCH = 1000


def lane_id(worker_id: str, lane: str) -> str:
    """How a task names who runs it: "<worker>.<lane>"."""
    return f"{worker_id}.{lane}"


def recover_tasks() -> str:
    """Makes tasks ready again whose worker is dead; gives "" when there were none.

    Safe beside live workers and beside itself.
    """
    now = timezone.now()
    oldest_beat = now - timedelta(seconds=settings.CLOCK_WORKER_DEAD_S)
    alive = set(
        WorkerBeat.objects.filter(beat_at__gte=oldest_beat, stopped_at=None).values_list("worker_id", flat=True)
    )
    known = set(WorkerBeat.objects.values_list("worker_id", flat=True))
    again = given_up = 0
    for task_id, worker_ids, started_at in DBTaskResult.objects.running().values_list("pk", "worker_ids", "started_at"):
        worker = worker_ids[-1].rsplit(".", 1)[0] if worker_ids else ""
        if worker in alive or (worker not in known and started_at and started_at > oldest_beat):
            continue
        left = DBTaskResult.objects.filter(pk=task_id, status=TaskResultStatus.RUNNING, started_at=started_at)
        if len(worker_ids) >= MOST_WORKERS:
            given_up += left.update(
                status=TaskResultStatus.FAILED,
                finished_at=now,
                exception_class_path=WORKER_DIED,
                traceback=f"{len(worker_ids)} workers died while running this task.",
            )
        else:
            again += left.update(status=TaskResultStatus.READY)
    return f"{again} made ready again, {given_up} given up" if again or given_up else ""


def given_up(task_path: str) -> dict[int, datetime]:
    """What the tasks of this kind that took their workers with them were for (their first argument), and when each was
    last given up: whoever asks for lost work does not ask for that again.
    """
    ended = DBTaskResult.objects.failed().filter(task_path=task_path, exception_class_path=WORKER_DIED)
    rows = ended.order_by("finished_at").values_list("args_kwargs", "finished_at")
    return {arguments["args"][0]: finished_at for arguments, finished_at in rows if finished_at}


def thin_tasks() -> str:
    """Deletes finished tasks (and beats of workers long gone) that are older than the setting says; failed ones are
    kept four times as long.
    """
    now = timezone.now()
    kept = timedelta(days=settings.CLOCK_TASKS_KEPT_DAYS)
    deleted = 0
    for tasks in (
        DBTaskResult.objects.successful().filter(finished_at__lt=now - kept),
        DBTaskResult.objects.failed().filter(finished_at__lt=now - 4 * kept),
    ):
        while batch := list(tasks.order_by().values_list("pk", flat=True)[:_BATCH]):
            deleted += DBTaskResult.objects.filter(pk__in=batch).delete()[0]
    WorkerBeat.objects.filter(beat_at__lt=now - kept).delete()
    return f"{deleted} finished tasks deleted" if deleted else ""
