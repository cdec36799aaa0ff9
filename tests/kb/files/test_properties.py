"""What a file says of itself is kept with its version, in the same transaction as its pages."""

from __future__ import annotations

import pytest

from kb.files import tasks
from kb.files.models import FileVersion
from search.extraction import BrokenFile
from tests.kb.files.builders import TEXTS
from tests.kb.files.test_tasks import extracted, raising, read

pytestmark = pytest.mark.django_db


def test_it_is_kept_without_what_is_empty(committed, monkeypatch):
    monkeypatch.setattr(
        tasks, "extract", extracted(title="  Le \n bail ", author="Anne Martin", date="2012-03-05", publisher="")
    )
    assert read(committed).properties == {"title": "Le bail", "author": "Anne Martin", "date": "2012-03-05"}


def test_a_file_that_says_nothing_keeps_nothing(committed):
    assert read(committed, TEXTS["fr"].encode(), "note.txt").properties == {}


def test_a_reading_that_fails_keeps_nothing(committed, monkeypatch):
    monkeypatch.setattr(tasks, "extract", raising(BrokenFile("damaged")))
    assert read(committed).properties == {}


def test_a_second_reading_says_it_anew(committed, monkeypatch):
    monkeypatch.setattr(tasks, "extract", extracted(title="Avant"))
    version = read(committed)
    monkeypatch.setattr(tasks, "extract", extracted(publisher="La Gerbe"))
    FileVersion.objects.filter(pk=version.pk).update(state="waiting")
    with committed():
        tasks.enqueue_reading()
    version.refresh_from_db()
    assert version.properties == {"publisher": "La Gerbe"}
