"""What stands in the queue, of one kind of task or of all."""

from __future__ import annotations

import pytest
from django.utils import timezone
from django_tasks.base import Task
from django_tasks_db.models import DBTaskResult

from kb.clock.mail.sending import send_mail
from kb.clock.queue import count_unfinished, unfinished, unfinished_tasks
from search.indexing import drain_outbox

pytestmark = pytest.mark.django_db


def task_of(task: Task, *args: int, status: str) -> None:
    DBTaskResult.objects.create(
        task_path=task.module_path,
        args_kwargs={"args": list(args), "kwargs": {}},
        status=status,
        backend_name="default",
        exception_class_path="",
        traceback="",
        run_after=timezone.now(),
    )


def test_what_waits_or_runs_is_unfinished_and_what_ended_is_not():
    for number, status in enumerate(["READY", "RUNNING", "SUCCESSFUL", "FAILED"]):
        task_of(send_mail, number, status=status)
    task_of(drain_outbox, status="READY")
    assert unfinished(send_mail) == {0, 1}
    assert count_unfinished(send_mail) == 2
    assert count_unfinished(drain_outbox) == 1
    assert unfinished_tasks().count() == 3


def test_asking_costs_one_query_however_many_tasks_there_are(django_assert_num_queries):
    for number in range(5):
        task_of(send_mail, number, status="READY")
    with django_assert_num_queries(1):
        assert unfinished(send_mail) == set(range(5))
