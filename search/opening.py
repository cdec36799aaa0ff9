"""The site's own engine and its readers: the one place that reads the SEARCH_* settings for everybody.

Who answers a reader asks `site_finder`, which leaves out what is closing; the engine itself is for what writes the
index or compares it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from functools import cached_property

from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string

from search.engines import get_engine
from search.engines.base import Engine, Sort, State
from search.entries import Query, Results
from search.models import Outbox

_opened: dict[tuple[int, str, str], Engine] = {}
_opening = threading.Lock()


def site_engine() -> Engine:
    """The engine of the settings, opened once per process (a forked child opens its own). Raises EngineUnavailable.

    It says what the index holds, also of what was closed since: answers for readers come from `site_finder`.
    """
    place = settings.SEARCH_INDEX_DIR
    key = (os.getpid(), settings.SEARCH_ENGINE, str(place))
    with _opening:
        if key not in _opened:
            _opened[key] = get_engine(settings.SEARCH_ENGINE, path=place)
        return _opened[key]


class Finder:
    """What readers may ask of an engine, for one request: everything but the subjects whose closing waits in the
    outbox.

    Their set is read once, at the first question, in one query: before the engine is asked, so that a row that is gone
    by then is in the index.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @cached_property
    def closing(self) -> frozenset[str]:
        """The subjects that nobody is told of, whatever the index says of them."""
        return frozenset(Outbox.objects.closing().values_list("subject", flat=True))

    def search(
        self,
        query: Query,
        *,
        audiences: frozenset[str],
        first: int = 0,
        count: int = 10,
        sort: Sort = "relevance",
        facets: bool = True,
    ) -> Results:
        return self._engine.search(
            query, audiences=audiences, first=first, count=count, sort=sort, facets=facets, without=self.closing
        )

    def suggest(self, typed: str, *, audiences: frozenset[str], language: str, count: int = 6) -> list[str]:
        return self._engine.suggest(typed, audiences=audiences, language=language, count=count, without=self.closing)

    def section_hits(self, query: Query, subject: str, layer: str, *, audiences: frozenset[str]) -> dict[str, float]:
        return self._engine.section_hits(query, subject, layer, audiences=audiences, without=self.closing)

    def section_counts(self, query: Query, keys: Sequence[str], *, audiences: frozenset[str]) -> dict[str, int]:
        return self._engine.section_counts(query, keys, audiences=audiences, without=self.closing)

    def state(self) -> State:
        return self._engine.state()


def site_finder() -> Finder:
    """The site's engine as one request asks it; make one per request, and keep none. Raises EngineUnavailable."""
    return Finder(site_engine())


def close_engines() -> None:
    """Closes what this process opened; the next question opens again."""
    with _opening:
        for key in [key for key in _opened if key[0] == os.getpid()]:
            _opened.pop(key).close()


def audiences_of(request: HttpRequest) -> frozenset[str]:
    """The audiences the reader holds, asked of the function that SEARCH_AUDIENCES names."""
    ask: Callable[[HttpRequest], frozenset[str]] = import_string(settings.SEARCH_AUDIENCES)
    return ask(request)
