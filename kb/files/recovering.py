"""Versions that wait and that no task will read: the process that stored them was killed between the commit and the
enqueue, or a worker was.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from kb.files.choices import State
from kb.files.models import FileVersion
from kb.files.tasks import (
    draw_pages,
    enqueue_drawing,
    enqueue_reading,
    enqueue_recognition,
    read_next,
    read_version,
    recognise_pages,
)

_UNFINISHED = (TaskResultStatus.READY, TaskResultStatus.RUNNING)


def enqueue_lost() -> str:
    """Asks again for readings and page images that nobody is going to do; gives "" when there were none.

    Safe to repeat.
    """
    limit = timezone.now() - timedelta(seconds=settings.FILES_LOST_AFTER_S)
    undrawn = FileVersion.objects.filter(is_paged=True, images_made__lt=F("page_count"), read_at__lt=limit)
    unread = _unread(limit)
    for _ in range(unread):
        enqueue_reading()
    unrecognised = FileVersion.objects.filter(wants_recognition=True, read_at__lt=limit).values_list("pk", flat=True)
    recognising = _without(unrecognised.iterator(), recognise_pages.module_path) if unrecognised.exists() else []
    for version_id in recognising:
        enqueue_recognition(version_id)
    drawing = (
        _without(undrawn.values_list("pk", flat=True).iterator(), draw_pages.module_path) if undrawn.exists() else []
    )
    for version_id in drawing:
        enqueue_drawing(version_id)
    asked = {"readings": unread, "recognitions": len(recognising), "drawings": len(drawing)}
    return ", ".join(f"{count} {what} asked for again" for what, count in asked.items() if count)


def _unread(limit: datetime) -> int:
    """How many readings too few are asked for, once a version has waited since `limit`.

    A task of `read_next` names no version, so they are counted.
    """
    waiting = FileVersion.objects.filter(state=State.WAITING)
    if not waiting.filter(created_at__lt=limit).exists():
        return 0
    named = DBTaskResult.objects.filter(task_path=read_version.module_path, status__in=_UNFINISHED).exists()
    wanted = (
        len(_without(waiting.values_list("pk", flat=True).iterator(), read_version.module_path))
        if named
        else waiting.count()
    )
    return max(0, wanted - DBTaskResult.objects.filter(task_path=read_next.module_path, status__in=_UNFINISHED).count())


def _without(version_ids, task_path: str) -> list[int]:
    """Those of the versions that no unfinished task of this kind is for."""
    unfinished = DBTaskResult.objects.filter(task_path=task_path, status__in=_UNFINISHED).order_by()
    asked = {arguments["args"][0] for arguments in unfinished.values_list("args_kwargs", flat=True).iterator()}
    return [version_id for version_id in version_ids if version_id not in asked]
