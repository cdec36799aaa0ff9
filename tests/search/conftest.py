"""A search of its own for each test: an empty index in a temporary folder,
and the slips of `kinds` as the only kind.
"""

import pytest

from search import opening, registry
from tests.search.kinds import SlipKind


@pytest.fixture
def index(settings, tmp_path):
    """The folder of an index of this test's own; the engine opens there."""
    settings.SEARCH_INDEX_DIR = tmp_path / "index"
    yield settings.SEARCH_INDEX_DIR
    opening.close_engines()


@pytest.fixture
def slips(index, monkeypatch):
    """The only registered kind, with its own empty registry of labels, names and suggestions."""
    kind = SlipKind()
    for name in ("_kinds", "_models", "_labels", "_names"):
        monkeypatch.setattr(registry, name, {})
    for name in ("_suggesters", "_dependents", "_lengths"):
        monkeypatch.setattr(registry, name, [])
    registry.register(kind)
    return kind


@pytest.fixture
def engine(slips):
    return opening.site_engine()
