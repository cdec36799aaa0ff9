from datetime import timedelta

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from kb.files import recovering
from kb.files.models import FileVersion
from kb.files.tasks import draw_pages, read_next, read_version
from tests.kb.files.builders import stored

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(monkeypatch):
    found = []
    monkeypatch.setattr(recovering, "enqueue_reading", lambda: found.append("read"))
    monkeypatch.setattr(recovering, "enqueue_recognition", lambda version_id: found.append(("recognise", version_id)))
    monkeypatch.setattr(recovering, "enqueue_drawing", lambda version_id: found.append(("draw", version_id)))
    return found


def old(version: FileVersion, **fields) -> FileVersion:
    FileVersion.objects.filter(pk=version.pk).update(created_at=timezone.now() - timedelta(minutes=5), **fields)
    return version


def unfinished(task, version: FileVersion | None, status: str) -> None:
    DBTaskResult.objects.create(
        task_path=task.module_path,
        args_kwargs={"args": [version.pk] if version else [], "kwargs": {}},
        status=status,
        backend_name="default",
        exception_class_path="",
        traceback="",
        run_after=timezone.now(),
    )


def test_a_waiting_version_without_a_task_is_asked_for_again(asked):
    old(stored())
    assert recovering.enqueue_lost() == "1 readings asked for again"
    assert asked == ["read"]


@pytest.mark.parametrize("status", ["READY", "RUNNING"])
def test_a_waiting_version_that_a_task_is_for_is_left_to_it(asked, status):
    unfinished(read_version, old(stored()), status)
    assert recovering.enqueue_lost() == ""
    assert asked == []


def test_as_many_readings_are_asked_for_as_there_are_versions_that_no_task_will_take(asked):
    for task, version in ((read_version, old(stored())), (read_next, None), (read_next, None)):
        unfinished(task, version, "READY")
    assert recovering.enqueue_lost() == ""
    for _ in range(5):
        old(stored())
    assert recovering.enqueue_lost() == "3 readings asked for again"


def test_a_task_that_ended_leaves_its_version_to_be_asked_for(asked):
    version = old(stored())
    unfinished(read_version, version, "FAILED")
    unfinished(read_next, None, "FAILED")
    recovering.enqueue_lost()
    assert asked == ["read"]


def test_a_version_just_stored_is_left_to_its_own_commit(asked):
    stored()
    assert recovering.enqueue_lost() == ""


def test_a_document_half_drawn_goes_on(asked):
    drawn_before = timezone.now() - timedelta(minutes=5)
    version = old(stored(), state="read", is_paged=True, page_count=30, images_made=10, read_at=drawn_before)
    being_drawn = old(stored(), state="read", is_paged=True, page_count=30, images_made=10, read_at=drawn_before)
    unfinished(draw_pages, being_drawn, "RUNNING")
    recovering.enqueue_lost()
    assert asked == [("draw", version.pk)]


def test_a_recognition_that_nobody_is_going_to_do_is_asked_for_again(asked):
    version = old(stored(), state="scan", wants_recognition=True, read_at=timezone.now() - timedelta(minutes=5))
    recovering.enqueue_lost()
    assert asked == [("recognise", version.pk)]
