"""The site's own engine and its readers: the one place that reads the SEARCH_* settings for everybody."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string

from search.engines import get_engine
from search.engines.base import Engine

_opened: dict[tuple[int, str, str], Engine] = {}
_opening = threading.Lock()


def site_engine() -> Engine:
    """The engine of the settings, opened once a process (a forked child opens its own). Raises EngineUnavailable."""
    place = settings.SEARCH_INDEX_DIR
    key = (os.getpid(), settings.SEARCH_ENGINE, str(place))
    with _opening:
        if key not in _opened:
            _opened[key] = get_engine(settings.SEARCH_ENGINE, path=place)
        return _opened[key]


def close_engines() -> None:
    """Closes what this process opened; the next question opens again."""
    with _opening:
        for key in [key for key in _opened if key[0] == os.getpid()]:
            _opened.pop(key).close()


def audiences_of(request: HttpRequest) -> frozenset[str]:
    """The audiences the reader holds, asked of the function that SEARCH_AUDIENCES names."""
    ask: Callable[[HttpRequest], frozenset[str]] = import_string(settings.SEARCH_AUDIENCES)
    return ask(request)
