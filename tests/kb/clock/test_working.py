"""The lanes of the worker; killing real workers is in tests/kb/files/test_tasks_killed.py."""

import signal
import threading
from datetime import timedelta

import pytest
from django.db import OperationalError
from django_tasks import task
from django_tasks_db.models import DBTaskResult

from kb.clock import registry
from kb.clock.models import WorkerBeat
from kb.clock.working import BackgroundWorker, Lane

pytestmark = pytest.mark.django_db(transaction=True)

ran: list = []


@task(queue_name="short")
def note(what: str) -> None:
    ran.append(what)


@task(queue_name="short")
def fail() -> None:
    raise ValueError("wrong")


@task(queue_name="short")
def end_at_once() -> None:
    raise SystemExit(1)


@pytest.fixture(autouse=True)
def database_queue(settings, monkeypatch):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default", "short", "long"]}}
    monkeypatch.setattr(registry, "_due", {})
    ran.clear()


def lane(name) -> Lane:
    return Lane(name, worker_id="w", ending=threading.Event(), interval=0.01)


def test_the_short_lane_runs_every_queue_but_the_long_one():
    for queue in ("long", "short", "default"):
        note.using(queue_name=queue).enqueue(queue)
    short = lane("short")
    while short.run_next():
        pass
    assert ran == ["short", "default"]
    assert lane("long").run_next()
    assert ran[-1] == "long"


def test_a_task_that_fails_is_written_down_and_the_next_one_runs():
    fail.enqueue()
    note.enqueue("after")
    short = lane("short")
    assert short.run_next()
    assert short.run_next()
    assert list(DBTaskResult.objects.order_by("enqueued_at").values_list("status", flat=True)) == ["FAILED", "SUCCESSFUL"]


def test_a_task_cut_off_by_a_second_signal_waits_for_another_worker():
    end_at_once.enqueue()
    with pytest.raises(SystemExit):
        lane("short").run_next()
    assert DBTaskResult.objects.get().status == "READY"


def test_a_task_whose_result_could_not_be_written_is_made_ready_again(monkeypatch):
    note.enqueue("x")
    short = lane("short")

    def locked(self, task_result):
        raise OperationalError("database is locked")

    monkeypatch.setattr(Lane, "run_task", locked)
    with pytest.raises(OperationalError):
        short.run_next()
    assert DBTaskResult.objects.get().status == "RUNNING"
    short._settle()
    assert DBTaskResult.objects.get().status == "READY"


def test_run_until_empty_runs_what_is_due_first_and_then_all_that_comes_of_it():
    registry.register_due("tests.ask", lambda: note.using(queue_name="long").enqueue("asked") and None, timedelta(minutes=1))
    note.enqueue("there")
    said = []
    BackgroundWorker(say=said.append).run_until_empty()
    assert sorted(ran) == ["asked", "there"]
    assert WorkerBeat.objects.get().stopped_at is not None
    assert said[-1] == "Worker ended."


def test_a_first_signal_asks_to_end_and_a_second_ends_at_once():
    worker = BackgroundWorker(say=lambda line: None)
    worker._on_signal(signal.SIGTERM, None)
    assert worker._ending.is_set()
    with pytest.raises(SystemExit):
        worker._on_signal(signal.SIGTERM, None)


def test_a_beat_whose_row_was_thinned_comes_back():
    worker = BackgroundWorker(say=lambda line: None)
    worker._beat(first=True)
    WorkerBeat.objects.all().delete()
    worker._beat()
    assert WorkerBeat.objects.get().worker_id == worker.worker_id
