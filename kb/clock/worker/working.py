"""The background worker: one process that runs the tasks of all queues, each kind in a lane of its own, and calls
run_due each minute.

    main thread   lane "short": every queue that has no lane of its own, such as drafting
    threads       lanes "mail", "index", "reading", "pictures", "recognition", "long" (imports, the newsletter): none is
                  ever in the way of another
    thread        beat: says each few seconds that this worker is alive, in the database and to systemd
    thread        clock: run_due
Strangers decide how long reading and drawing take, so nothing that somebody waits for stands behind them. Several
workers beside each other are safe. What a dead one leaves is taken up by `recovering`.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connections
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.module_loading import import_string
from django_tasks import TaskResultStatus
from django_tasks_db.management.commands import db_worker
from django_tasks_db.models import DBTaskResult
from django_tasks_db.utils import exclusive_transaction

from kb.clock.models import WorkerBeat
from kb.clock.recovering import lane_id
from kb.clock.worker.running import run_due
from kb.clock.worker.watching import tell_supervisor
from search.extraction import confinement_here

logger = logging.getLogger(__name__)

SHORT = "short"
OWN_LANES = ("mail", "index", "reading", "pictures", "recognition", "long")
LANES = (SHORT, *OWN_LANES)


class Lane(db_worker.Worker):
    """One loop of django-tasks-db's worker over some queues; survives a busy database,
    ends after the task it is running.
    """

    def __init__(self, name: str, *, worker_id: str, ending: threading.Event, interval: float) -> None:
        super().__init__(
            interval=interval,
            batch=False,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=lane_id(worker_id, name),
            queue_names=["*"] if name == SHORT else [name],
            excluded_queue_names=list(OWN_LANES) if name == SHORT else [],
        )
        self.ending = ending
        self._unsettled: list[DBTaskResult] = []

    def run(self) -> None:
        while not self.ending.is_set():
            try:
                close_old_connections()
                self._settle()
                if self.run_next():
                    continue
            except (DatabaseError, InterfaceError):
                logger.warning("The database did not answer; trying again", exc_info=True)
            self.ending.wait(self.interval)

    def run_next(self) -> bool:
        """Runs the first ready task of its queues; False when there is none (or another worker took it)."""
        tasks = DBTaskResult.objects.ready().filter(backend_name=self.backend_name)
        tasks = (
            tasks.exclude(queue_name__in=self.excluded_queue_names)
            if self.process_all_queues
            else tasks.filter(queue_name__in=self.queue_names)
        )
        if not tasks.exists():  # without the lock that claiming takes
            return False
        with exclusive_transaction(tasks.db):
            task = tasks.get_locked()
            if task is not None:
                task.claim(self.worker_id)
        if task is None:
            return False
        self._unsettled.append(task)
        self.run_task(task)
        self._unsettled.remove(task)
        return True

    def run_task(self, task: DBTaskResult) -> None:
        """Runs a task as django-tasks-db does; but one cut off by a second signal waits for another worker instead of
        counting as failed.
        """
        super().run_task(task)
        if task.status == TaskResultStatus.FAILED and task.exception_class_path == "builtins.SystemExit":
            DBTaskResult.objects.filter(pk=task.pk).update(status=TaskResultStatus.READY)
            raise SystemExit(1)

    def _settle(self) -> None:
        """A task whose result could not be written (the database was locked all the time) is made ready again."""
        while self._unsettled:
            release(task_ids=[self._unsettled[-1].pk])
            self._unsettled.pop()


def lead_to_lanes() -> int:
    """Tasks put in the short queue before their kind had a lane go to that lane; gives how many. One query, and one a
    kind that waits there.

    Whatever else is there, the short lane runs.
    """
    waiting = DBTaskResult.objects.ready().filter(queue_name=SHORT)
    moved = 0
    for path in list(waiting.order_by().values_list("task_path", flat=True).distinct()):
        with suppress(ImportError, AttributeError):  # a task that is gone: running it says so
            own = import_string(path).queue_name
            if own in OWN_LANES and own != "long":
                moved += waiting.filter(task_path=path).update(queue_name=own)
    return moved


def release(*, task_ids: list) -> None:
    DBTaskResult.objects.filter(pk__in=task_ids, status=TaskResultStatus.RUNNING).update(status=TaskResultStatus.READY)


class BackgroundWorker:
    """`run()` blocks until a signal, `run_until_empty()` until nothing is ready. `say` prints a line."""

    def __init__(self, *, say: Callable[[str], object], interval: float = 0.5) -> None:
        self.worker_id = get_random_string(20)
        self._say = say
        self._ending = threading.Event()
        self._over = threading.Event()
        self._at_once = False
        self._lanes = {
            name: Lane(name, worker_id=self.worker_id, ending=self._ending, interval=interval) for name in LANES
        }

    def listen_to_signals(self) -> None:
        """The first SIGTERM or SIGINT ends after the current task,
        the second at once (its task is made ready for another worker).
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._ending.is_set():
            self._at_once = True
            raise SystemExit(1)
        self._ending.set()
        self._say("Ending after the current task; a second signal ends at once.")

    def run(self) -> None:
        with self._alive(self._keep_beating, self._keep_the_clock):
            lead_to_lanes()
            others = [self._start(self._lanes[name].run) for name in OWN_LANES]
            self._lanes[SHORT].run()
            for lane in others:
                while lane.is_alive():
                    lane.join(0.2)

    def run_until_empty(self) -> None:
        """Runs what is due once, then every ready task, one after the other."""
        with self._alive(self._keep_beating):
            self._run_due()
            while not self._ending.is_set() and any([lane.run_next() for lane in self._lanes.values()]):
                close_old_connections()

    @contextmanager
    def _alive(self, *targets: Callable[[], None]) -> Iterator[None]:
        tell_supervisor()
        self._beat(first=True)
        threads = [self._start(target) for target in targets]
        self._say(f"Worker {self.worker_id} is running. Reading files: {confinement_here()}.")
        try:
            yield
            self._over.set()
            for thread in threads:
                thread.join(timeout=20)
        except SystemExit:
            if not self._at_once:
                raise
        self._stop()

    def _start(self, target: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=self._in_thread, args=(target,), name=target.__name__, daemon=True)
        thread.start()
        return thread

    def _stop(self) -> None:
        """Says that this worker has ended; at once,
        also gives back what it was running and does not wait for its threads.
        """
        self._over.set()
        if self._at_once:
            for lane in self._lanes.values():
                release(task_ids=[task.pk for task in list(lane._unsettled)])
        WorkerBeat.objects.filter(pk=self.worker_id).update(stopped_at=timezone.now())
        self._say("Worker ended." if not self._at_once else "Worker ended at once; its tasks wait for the next one.")
        if self._at_once:
            os._exit(1)

    def _in_thread(self, target: Callable[[], None]) -> None:
        try:
            target()
        finally:
            connections.close_all()

    def _beat(self, *, first: bool = False) -> None:
        now = timezone.now()
        if first or not WorkerBeat.objects.filter(pk=self.worker_id).update(beat_at=now):
            WorkerBeat.objects.create(
                worker_id=self.worker_id,
                host=socket.gethostname()[:120],
                process_id=os.getpid(),
                started_at=now,
                beat_at=now,
            )

    def _keep_beating(self) -> None:
        while not self._over.wait(settings.CLOCK_WORKER_BEAT_S):
            tell_supervisor()  # also while the database does not answer: another process would not get more
            try:
                close_old_connections()
                self._beat()
            except (DatabaseError, InterfaceError):
                logger.warning("The worker could not say that it is alive; trying again", exc_info=True)

    def _keep_the_clock(self) -> None:
        while not self._over.is_set() and not self._ending.is_set():
            try:
                close_old_connections()
                self._run_due()
            except (DatabaseError, InterfaceError):
                logger.warning("The clock could not run; trying again in a minute", exc_info=True)
            self._ending.wait(settings.CLOCK_EVERY_S)

    def _run_due(self) -> None:
        for ran in run_due():
            if ran.message or not ran.ok:
                self._say(f"{ran.name}: {ran.message}")
