"""Whose file is read next: of all who have files waiting, the one who was served longest ago.

So fifty files of one person delay the file of another by one reading.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.db.models import Max, Q
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from kb.files.choices import State
from kb.files.models import FileVersion

COMMAND = "command "  # so the claims of commands begin: they are no tasks, and are known by their time alone
_LONGEST = timedelta(minutes=10)  # of a reading; what was claimed before is free again
_NEVER = datetime.min.replace(tzinfo=UTC)


def next_version(claim: str) -> int | None:
    """The id of the waiting version that the task with this claim is to read: of the person's files the least tried,
    then the oldest.

    None when there is none that no other running task has. What nobody put in (an import) counts as one person's. Three
    queries and one per person all of whose files are being read.
    """
    running = {
        str(pk) for pk in DBTaskResult.objects.filter(status=TaskResultStatus.RUNNING).values_list("pk", flat=True)
    } - {claim}
    read_by_commands = Q(claimed_by__startswith=COMMAND, claimed_at__gt=timezone.now() - _LONGEST)
    waiting = FileVersion.objects.filter(state=State.WAITING).exclude(read_by_commands).order_by()
    people: set[int | None] = set(waiting.values_list("created_by", flat=True).distinct())
    for person in sorted(people, key=_served(people)):
        free = waiting.filter(created_by=person).exclude(claimed_by__in=running).order_by("attempts", "pk")
        if (version_id := free.values_list("pk", flat=True).first()) is not None:
            return version_id
    return None


def is_read_by_command(version: FileVersion) -> bool:
    """Whether a command has it in its hand; one that was killed loses it after a while."""
    begun = version.claimed_at
    return version.claimed_by.startswith(COMMAND) and begun is not None and begun > timezone.now() - _LONGEST


def _served(people: set[int | None]) -> Callable[[int | None], tuple[datetime, int]]:
    """A key to sort people by: when a reading for them last began, then their number."""
    begun = (
        FileVersion.objects.filter(created_by__in=people - {None})
        .order_by()
        .values_list("created_by")
        .annotate(Max("claimed_at"))
    )
    served = dict(begun)
    if None in people:
        served[None] = FileVersion.objects.filter(created_by=None).aggregate(last=Max("claimed_at"))["last"]
    return lambda person: (served.get(person) or _NEVER, person or 0)
