"""Whose file is read next."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from kb.files import tasks
from kb.files.models import FileVersion
from kb.files.reading.turns import next_version
from search.extraction import ExtractedPage, Extraction
from tests.kb.accounts import builders as people
from tests.kb.files.builders import stored

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(monkeypatch):
    """`order()` reads all that waits, one task after the other, and gives the names of the files as they were read."""
    monkeypatch.setattr(
        tasks, "extract", lambda *given, **more: Extraction("text/plain", (ExtractedPage(number=1, text="Le bail"),))
    )

    def run() -> list[str]:
        read = []
        while (version_id := next_version("x")) is not None:
            read.append(FileVersion.objects.get(pk=version_id).original_name)
            tasks.read_next.enqueue()
        return read

    return run


def put_in(user, *names: str) -> None:
    for name in names:
        stored(b"Le bail", name, user=user)


def running() -> str:
    row = DBTaskResult.objects.create(
        task_path=tasks.read_next.module_path,
        args_kwargs={"args": [], "kwargs": {}},
        status="RUNNING",
        backend_name="default",
        exception_class_path="",
        traceback="",
        run_after=timezone.now(),
    )
    return str(row.pk)


def test_many_files_of_one_person_delay_another_by_one_reading(order):
    one, two = people.member("a@example.org"), people.member("b@example.org")
    put_in(one, "a1", "a2", "a3", "a4")
    put_in(two, "b1", "b2")
    put_in(None, "import 1", "import 2")
    assert order() == ["import 1", "a1", "b1", "import 2", "a2", "b2", "a3", "a4"]


def test_who_was_served_long_ago_comes_before_who_was_served_just_now(order):
    one, two = people.member("a@example.org"), people.member("b@example.org")
    put_in(one, "a1")
    put_in(two, "b1")
    order()
    FileVersion.objects.filter(created_by=one).update(claimed_at=timezone.now() - timedelta(hours=1))
    put_in(two, "b2")
    put_in(one, "a2")
    assert order() == ["a2", "b2"]


def test_a_file_tried_before_waits_behind_the_other_files_of_its_person(order):
    put_in(None, "slow", "quick")
    FileVersion.objects.filter(original_name="slow").update(attempts=1)
    assert order() == ["quick", "slow"]


def test_what_a_running_task_has_is_left_to_it_and_what_a_dead_one_had_is_not(order):
    one, two = people.member("a@example.org"), people.member("b@example.org")
    put_in(one, "being read", "left by a dead one")
    put_in(two, "b1")
    FileVersion.objects.filter(original_name="being read").update(claimed_by=running())
    FileVersion.objects.filter(original_name="left by a dead one").update(
        claimed_by="00000000-0000-0000-0000-000000000000"
    )
    assert order() == ["left by a dead one", "b1"]


def test_a_task_taken_up_again_by_another_worker_may_take_what_it_had():
    put_in(None, "mine")
    claim = running()
    FileVersion.objects.update(claimed_by=claim)
    assert next_version(claim) == FileVersion.objects.get().pk
    assert next_version("another") is None


def test_a_task_that_finds_nothing_to_read_ends_well():
    assert tasks.read_next.enqueue().return_value == ""


def test_the_choice_costs_the_same_with_two_and_with_fifty_files(django_assert_num_queries):
    put_in(people.member("a@example.org"), *map(str, range(2)))
    with django_assert_num_queries(4):
        next_version("x")
    put_in(people.member("b@example.org"), *map(str, range(50)))
    with django_assert_num_queries(4):
        next_version("x")


def test_what_a_command_is_reading_no_task_takes_until_its_time_is_over(order, monkeypatch):
    put_in(None, "import 1", "import 2")
    first = FileVersion.objects.order_by("pk").first()
    seen = []

    def reading(*given, **more):
        seen.append((next_version("x"), tasks._claim(first.pk, "a task")))
        return Extraction("text/plain", (ExtractedPage(number=1, text="Le bail"),))

    monkeypatch.setattr(tasks, "extract", reading)
    assert tasks.read_here(first.pk, claim="here") == "read"
    assert seen == [(FileVersion.objects.order_by("pk").last().pk, None)]


def test_what_a_killed_command_had_in_its_hand_is_free_after_a_while_and_at_once_for_a_command(order):
    put_in(None, "import 1")
    version = FileVersion.objects.get()
    FileVersion.objects.update(claimed_by="command gone", claimed_at=timezone.now())
    assert next_version("x") is None
    FileVersion.objects.update(claimed_at=timezone.now() - timedelta(hours=1))
    assert next_version("x") == version.pk
    FileVersion.objects.update(claimed_at=timezone.now())
    assert tasks.read_here(version.pk, claim="again") == "read"
