"""Versions that wait and that no task will read: the process that stored them was killed between the commit and the
enqueue, or a worker was.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F
from django.utils import timezone
from django_tasks.base import Task

from kb.clock.queue import count_unfinished, unfinished
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
    recognising = _without(unrecognised.iterator(), recognise_pages) if unrecognised.exists() else []
    for version_id in recognising:
        enqueue_recognition(version_id)
    drawing = _without(undrawn.values_list("pk", flat=True).iterator(), draw_pages) if undrawn.exists() else []
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
    named = count_unfinished(read_version) > 0
    wanted = len(_without(waiting.values_list("pk", flat=True).iterator(), read_version)) if named else waiting.count()
    return max(0, wanted - count_unfinished(read_next))


def _without(version_ids: Iterable[int], task: Task) -> list[int]:
    """The ids among these for which no unfinished task of this kind stands in the queue."""
    asked = unfinished(task)
    return [version_id for version_id in version_ids if version_id not in asked]
