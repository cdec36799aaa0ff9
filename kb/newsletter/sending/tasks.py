"""The task of a sending on the long queue: one batch a time, so that long imports get their turn between two."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django_tasks import TaskResultStatus, task
from django_tasks_db.models import DBTaskResult

from kb.newsletter.sending.delivering import deliver_batch


@task(queue_name="long")
def deliver(sending_id: int) -> int:
    """Sends one batch and asks for the next; gives how many messages the server took."""
    batch = deliver_batch(sending_id)
    if batch.again_at is not None:
        ask_batch(sending_id, at=batch.again_at)
    return batch.sent


def ask_batch(sending_id: int, *, at: datetime | None = None) -> None:
    """Call it after the commit.

    `at` in the future needs a queue that can wait; on another one, the clock asks when it is time.
    """
    if at is None or at <= timezone.now():
        deliver.enqueue(sending_id)
    elif deliver.get_backend().supports_defer:
        deliver.using(run_after=at).enqueue(sending_id)


def asked() -> set[int]:
    """Sendings for which a batch stands in the queue or runs."""
    unfinished = DBTaskResult.objects.filter(
        task_path=deliver.module_path, status__in=(TaskResultStatus.READY, TaskResultStatus.RUNNING)
    )
    return {values["args"][0] for values in unfinished.order_by().values_list("args_kwargs", flat=True).iterator()}
