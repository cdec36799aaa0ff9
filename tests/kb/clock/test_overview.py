from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone, translation
from django_tasks_db.models import DBTaskResult

from kb.accounts.audiences import held_by
from kb.clock import registry
from kb.clock.models import LastRun
from kb.clock.notices.waiting import LISTS
from kb.clock.overview import QUEUES, last_runs, left_out_of_search, queues
from kb.clock.wagtail_hooks import ClockPanel
from kb.clock.worker.working import LANES
from kb.library.models import Reference
from search.models import Outbox
from tests.kb.accounts.builders import editor
from tests.kb.library import builders as library

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def two_works():
    with registry.DUE.temporarily():
        registry.register_due("a.first", lambda: None, timedelta(minutes=1), label="Reading what was left")
        registry.register_due("b.second", lambda: None, timedelta(minutes=1))
        yield


def ended(name, *, ok=True, message="", ago=timedelta(minutes=3)):
    moment = timezone.now() - ago
    LastRun.objects.create(name=name, started_at=moment, finished_at=moment, ok=ok, message=message)


def task(queue, status, *, finished_at=None):
    DBTaskResult.objects.create(
        task_path="x",
        queue_name=queue,
        status=status,
        finished_at=finished_at,
        args_kwargs={"args": [], "kwargs": {}},
        backend_name="default",
        exception_class_path="",
        traceback="",
        run_after=timezone.now(),
    )


def test_every_due_function_has_its_line_the_failing_ones_first():
    ended("b.second", ok=False, message="ValueError: wrong")
    assert [(run.label, run.ok, run.message) for run in last_runs()] == [
        ("b.second", False, "ValueError: wrong"),
        ("Reading what was left", True, ""),
    ]
    assert last_runs()[1].finished_at is None


def test_the_lines_cost_one_query(django_assert_num_queries):
    for number in range(20):
        registry.register_due(f"c.number{number}", lambda: None, timedelta(minutes=1))
        ended(f"c.number{number}")
    with django_assert_num_queries(1):
        assert len(last_runs()) == 22


def test_the_queues_say_what_waits_is_under_way_and_failed_lately():
    now = timezone.now()
    for queue in ("short", "default", "long", "mail", "reading"):
        task(queue, "READY")
    task("short", "RUNNING")
    task("long", "FAILED", finished_at=now - timedelta(hours=2))
    task("long", "FAILED", finished_at=now - timedelta(days=2))
    task("short", "SUCCESSFUL", finished_at=now)
    said = dict(zip(QUEUES, [(queue.waiting, queue.running, queue.failed) for queue in queues()], strict=True))
    assert said == dict.fromkeys(LANES, (0, 0, 0)) | {
        "short": (2, 1, 0),
        "long": (1, 0, 1),
        "mail": (1, 0, 0),
        "reading": (1, 0, 0),
    }


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
def test_the_panel_opens_where_something_failed(language):
    ended("a.first", message="3 things done")
    with translation.override(language):
        assert " open>" not in ClockPanel().render_html({})
        ended("b.second", ok=False, message="ValueError: wrong")
        html = ClockPanel().render_html({})
    assert html.count(" open>") == 1
    assert "ValueError: wrong" in html
    assert "3 things done" not in html, "what went well is told in the editor's language alone"
    assert html.index("ValueError") < html.index("Reading what was left")


class TestWhatTheSearchLeftOut:
    """Editors are told what ended the worker; its name only in a session that passed the second factor."""

    @pytest.fixture(autouse=True)
    def left_out(self):
        reference = library.reference("Le rapport sans fin", audiences=("members",))
        Outbox.objects.all().delete()
        Outbox.objects.bulk_create(
            [Outbox(subject=Reference.subject_of(reference.pk), attempts=2), Outbox(subject="gone.kind:7", attempts=2)]
        )
        return reference

    @pytest.mark.parametrize(("second_factor", "titles"), [(True, ["Le rapport sans fin"]), (False, [])])
    def test_editors_read_of_it(self, left_out, second_factor, titles):
        user = editor()
        found = left_out_of_search(user, held_by(user, second_factor=second_factor))
        assert found.total == 2
        assert [one.title for one in found.things] == titles
        assert all(one.url.endswith(f"/{left_out.mark_slug}/") and one.since for one in found.things)

    def test_nobody_else_does(self):
        for user in (library.member(), AnonymousUser()):
            assert left_out_of_search(user, held_by(user, second_factor=False)).total == 0

    def test_what_changed_since_is_being_tried(self, left_out):
        user = editor()
        Outbox.objects.create(subject="gone.kind:7")
        assert left_out_of_search(user, held_by(user, second_factor=True)).total == 1
        assert Outbox.objects.left_out().count() == 1

    def test_it_is_on_the_lists_of_what_waits(self):
        assert "clock.left_out_of_search" in [provider.name for provider in LISTS]
