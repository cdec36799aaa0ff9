"""A search of its own for each test: an empty index in a temporary folder,
and the slips of `kinds` as the only kind.
"""

from contextlib import ExitStack

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
def slips(index):
    """The only registered kind, with its own empty registry of labels, names and suggestions."""
    kind = SlipKind()
    with ExitStack() as emptied:
        for one in registry.ALL:
            emptied.enter_context(one.temporarily())
        registry.register(kind)
        yield kind


@pytest.fixture
def engine(slips):
    return opening.site_engine()
