"""What stands in the queue of background tasks, so that whoever asks for lost work does not ask twice.

What a dead worker left in it is in `recovering`, how it is worked off in `worker.working`.
"""

from __future__ import annotations

from django_tasks import TaskResultStatus
from django_tasks.base import Task
from django_tasks_db.models import DBTaskResult, DBTaskResultQuerySet


def unfinished_tasks() -> DBTaskResultQuerySet:
    """The tasks of every kind that wait or run, unordered."""
    return DBTaskResult.objects.filter(status__in=(TaskResultStatus.READY, TaskResultStatus.RUNNING)).order_by()


def unfinished(task: Task) -> set[int]:
    """What the tasks of this kind that wait or run are for: their first argument, an id. One query."""
    rows = unfinished_tasks().filter(task_path=task.module_path).values_list("args_kwargs", flat=True)
    return {arguments["args"][0] for arguments in rows.iterator()}


def count_unfinished(task: Task) -> int:
    """How many tasks of this kind wait or run, also of one that is for no thing in particular. One query."""
    return unfinished_tasks().filter(task_path=task.module_path).count()
