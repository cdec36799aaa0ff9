"""The lanes of the worker; killing real workers is in tests/kb/files/test_tasks_killed.py."""

import signal
import threading
from datetime import timedelta

import pytest
from django.db import OperationalError, connections
from django_tasks import task
from django_tasks_db.models import DBTaskResult

from kb.clock import registry
from kb.clock.mail.sending import send_mail
from kb.clock.models import WorkerBeat
from kb.clock.worker.working import LANES, BackgroundWorker, Lane, lead_to_lanes
from kb.files.tasks import draw_pages, read_version, recognise_pages
from kb.library.drafting.filling import fill_contribution
from search.indexing import drain_outbox
from tests.kb.files.sites import until

pytestmark = pytest.mark.django_db(transaction=True)

ran: list = []


@task(queue_name="short")
def note(what: str) -> None:
    ran.append(what)


HANGING: list = []


@task(queue_name="reading")
def hang() -> None:
    hanging, released = HANGING.pop()
    hanging.set()
    released.wait(30)


@task(queue_name="short")
def fail() -> None:
    raise ValueError("wrong")


@task(queue_name="short")
def end_at_once() -> None:
    raise SystemExit(1)


@pytest.fixture(autouse=True)
def database_queue(settings):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": []}}
    ran.clear()
    with registry.DUE.temporarily():
        yield


def lane(name) -> Lane:
    return Lane(name, worker_id="w", ending=threading.Event(), interval=0.01)


def run_all(name: str) -> list:
    ran.clear()
    while lane(name).run_next():
        pass
    return list(ran)


def test_each_lane_runs_its_own_queue_and_the_short_one_whatever_has_no_lane():
    for queue in (*LANES, "default"):
        note.using(queue_name=queue).enqueue(queue)
    assert {name: run_all(name) for name in LANES} == {
        name: ["short", "default"] if name == "short" else [name] for name in LANES
    }


def test_the_tasks_that_people_wait_for_have_lanes_that_no_file_can_hold_up():
    queues = {
        task.queue_name
        for task in (send_mail, drain_outbox, read_version, draw_pages, recognise_pages, fill_contribution)
    }
    assert len(queues) == 6 and queues <= {*LANES}


def test_tasks_queued_before_their_kind_had_a_lane_are_led_to_it_and_run():
    for old in (send_mail, drain_outbox, read_version, draw_pages):
        old.using(queue_name="short").enqueue(*([] if old == drain_outbox else [0]))
    note.enqueue("none of ours")
    DBTaskResult.objects.filter(task_path=draw_pages.module_path).update(task_path="kb.files.tasks.gone")
    assert lead_to_lanes() == 3
    assert sorted(DBTaskResult.objects.values_list("queue_name", flat=True)) == [
        "index",
        "mail",
        "reading",
        "short",
        "short",
    ]
    BackgroundWorker(say=lambda line: None).run_until_empty()
    assert ran == ["none of ours"]
    states = dict(DBTaskResult.objects.values_list("task_path", "status"))
    assert states.pop("kb.files.tasks.gone") == "FAILED"
    assert set(states.values()) == {"SUCCESSFUL"}


def test_tasks_of_the_old_short_queue_run_though_nobody_led_them():
    send_mail.using(queue_name="short").enqueue(0)
    assert lane("short").run_next()
    assert DBTaskResult.objects.get().status == "SUCCESSFUL"


def test_a_lane_that_hangs_keeps_no_other_waiting():
    hanging, released = threading.Event(), threading.Event()
    HANGING.append((hanging, released))
    hang.enqueue()
    note.using(queue_name="mail").enqueue("mail")
    worker = BackgroundWorker(say=lambda line: None, interval=0.01)
    running = threading.Thread(target=lambda: (worker.run(), connections.close_all()))
    running.start()
    try:
        assert hanging.wait(20)
        assert until(lambda: ran == ["mail"], within_s=20)
    finally:
        released.set()
        worker._ending.set()
        running.join(30)
    assert not running.is_alive()


def test_a_task_that_fails_is_written_down_and_the_next_one_runs():
    fail.enqueue()
    note.enqueue("after")
    short = lane("short")
    assert short.run_next()
    assert short.run_next()
    assert list(DBTaskResult.objects.order_by("enqueued_at").values_list("status", flat=True)) == [
        "FAILED",
        "SUCCESSFUL",
    ]


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
    registry.register_due(
        "tests.ask", lambda: note.using(queue_name="long").enqueue("asked") and None, timedelta(minutes=1)
    )
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
