"""A database of the version before: the tasks that waited in it when their functions moved still run."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks.base import Task
from django_tasks_db.models import DBTaskResult

migration = import_module("kb.clock.migrations.0005_moved_tasks")
later = [import_module("kb.sheets.migrations.0001_out_of_the_directory")]
pytestmark = pytest.mark.django_db
SCHEMA = SimpleNamespace(connection=connection)


def waiting(path: str) -> DBTaskResult:
    return DBTaskResult.objects.create(
        task_path=path,
        args_kwargs={"args": [], "kwargs": {}},
        queue_name="short",
        backend_name="default",
        run_after=timezone.now(),
    )


def test_a_task_asked_for_before_its_function_moved_finds_it():
    rows = [waiting(path) for path in (*migration.MOVED, "kb.files.tasks.read_next")]
    for one in (migration, *later):
        one.rename(apps, SCHEMA)
    for row in rows:
        row.refresh_from_db()
        assert isinstance(import_string(row.task_path), Task), row.task_path


def test_the_names_of_before_come_back_with_the_version_of_before():
    rows = [waiting(path) for path in migration.MOVED]
    for one in (migration, *later):
        one.rename(apps, SCHEMA)
    for one in (*later, migration):
        one.rename_back(apps, SCHEMA)
    assert [DBTaskResult.objects.get(pk=row.pk).task_path for row in rows] == list(migration.MOVED)
