"""The real files of ../shared/corpora through storing and reading: each gets a right state, none ends anything, their
words are kept.
"""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from kb.files import tasks
from kb.files.choices import State
from kb.files.intake import storing
from kb.files.models import FilePage, FileVersion
from kb.files.reading.loose_files import read_paths
from search.extraction import Limits
from search.extraction.pdf import ocr
from tests.kb.files.builders import KIND

CORPORA = Path(__file__).resolve().parents[4] / "shared" / "corpora"
needs_corpora = pytest.mark.skipif(not CORPORA.is_dir(), reason="../shared/corpora is not here")


def documents() -> list[Path]:
    return [
        path
        for folder in ("pdf", "office")
        for path in sorted((CORPORA / folder).iterdir())
        if path.name != "INDEX.jsonl"
    ]


@pytest.mark.drill
@needs_corpora
@pytest.mark.django_db
def test_every_file_of_the_corpora_gets_a_state_and_keeps_its_words(committed, monkeypatch):
    monkeypatch.setattr(tasks, "enqueue_drawing", lambda version_id: None)
    paths = documents()
    with committed():
        versions = {path.name: storing.store(path, owner_kind=KIND).pk for path in paths}
    states = dict(FileVersion.objects.values_list("pk", "state"))
    assert len(states) == len(paths) >= 130
    recognised = {pk for pk in FilePage.objects.filter(is_ocr=True).values_list("version_id", flat=True)}
    expected = {versions[path.name]: reading.state for path, reading in read_paths(paths, limits=Limits(ocr=False))}
    assert {pk: state for pk, state in states.items() if pk not in recognised} == {
        pk: expected[pk] for pk in states if pk not in recognised
    }
    assert {states[pk] for pk in recognised} <= {State.READ, State.SCAN}
    assert versions["issue4650-02cf65.pdf"] in recognised or not ocr.available()
    assert Counter(states.values()).keys() >= {State.READ, State.SCAN, State.ENCRYPTED, State.BROKEN, State.UNSUPPORTED}
    index = {line["file"]: line for line in map(json.loads, (CORPORA / "pdf" / "INDEX.jsonl").read_text().splitlines())}
    read = [name for name in index if states[versions[name]] == State.READ]
    assert len(read) >= 50
    for name in read:
        text = " ".join(FilePage.objects.filter(version=versions[name]).values_list("text", flat=True))
        assert re.search(r"\w", text), name
    unread = FileVersion.objects.exclude(state__in=[State.READ, State.SCAN])
    assert all(unread.values_list("reason", flat=True))
    assert not FilePage.objects.filter(version__in=unread).exists()
    for version in FileVersion.objects.filter(state=State.READ):
        assert version.page_count == version.pages.count() > 0
        assert version.media_type
