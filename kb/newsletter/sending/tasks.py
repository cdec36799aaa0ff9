"""The task of a sending on the long queue: one batch a time, so that long imports get their turn between two."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django_tasks import task

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
