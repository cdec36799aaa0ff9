from datetime import timedelta

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from kb.clock.models import WorkerBeat
from kb.clock.recovering import lane_id, recover_tasks, thin_tasks

pytestmark = pytest.mark.django_db


def beat(worker_id, ago_s=0.0, **fields):
    moment = timezone.now() - timedelta(seconds=ago_s)
    WorkerBeat.objects.create(
        worker_id=worker_id, host="here", process_id=1, started_at=moment, beat_at=moment, **fields
    )


def task(*workers, status="RUNNING", started_ago_s=600.0, **fields):
    return DBTaskResult.objects.create(
        status=status,
        worker_ids=[lane_id(worker, "short") for worker in workers],
        started_at=timezone.now() - timedelta(seconds=started_ago_s),
        task_path="kb.files.tasks.read_version",
        args_kwargs={"args": [1], "kwargs": {}},
        backend_name="default",
        exception_class_path="",
        traceback="",
        run_after=timezone.now(),
        **fields,
    )


def status_of(row) -> str:
    row.refresh_from_db()
    return row.status


def test_a_task_of_a_live_worker_is_left_alone_however_long_it_takes():
    beat("alive")
    row = task("alive", started_ago_s=36000)
    assert recover_tasks() == ""
    assert status_of(row) == "RUNNING"


def test_a_task_of_a_dead_worker_is_made_ready_again():
    beat("dead", ago_s=600)
    row = task("dead")
    assert recover_tasks() == "1 made ready again, 0 given up"
    assert status_of(row) == "READY"


def test_a_task_left_by_a_worker_that_stopped_is_made_ready_again():
    beat("stopped", stopped_at=timezone.now())
    assert status_of(task("stopped")) == "RUNNING"
    recover_tasks()
    assert DBTaskResult.objects.get().status == "READY"


def test_the_last_worker_of_a_task_counts():
    beat("dead", ago_s=600)
    beat("alive")
    row = task("dead", "alive")
    recover_tasks()
    assert status_of(row) == "RUNNING"


def test_a_task_that_ended_three_workers_is_given_up():
    row = task("a", "b", "c")
    assert recover_tasks() == "0 made ready again, 1 given up"
    assert status_of(row) == "FAILED"
    assert "3 workers died" in row.traceback


def test_a_task_just_taken_by_a_worker_not_known_yet_is_left_alone():
    row = task("new", started_ago_s=1)
    recover_tasks()
    assert status_of(row) == "RUNNING"


@pytest.mark.parametrize("status", ["READY", "SUCCESSFUL", "FAILED"])
def test_other_tasks_are_not_touched(status):
    row = task("dead", status=status)
    recover_tasks()
    assert status_of(row) == status


def test_finished_tasks_are_kept_a_fortnight_and_failed_ones_longer():
    long_ago = timezone.now() - timedelta(days=20)
    task("a", status="SUCCESSFUL", finished_at=long_ago)
    kept = [
        task("a", status="SUCCESSFUL", finished_at=timezone.now()),
        task("a", status="FAILED", finished_at=long_ago),
        task("a", status="RUNNING"),
        task(status="READY"),
    ]
    assert thin_tasks() == "1 finished tasks deleted"
    assert set(DBTaskResult.objects.all()) == set(kept)
    assert thin_tasks() == ""
