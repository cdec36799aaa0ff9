"""Cutting text into terms, keeping it, finding it again; reading files.

    index(*subjects)     notes in the current transaction that these are to be indexed again     (indexing.record)
    close(*subjects)     the same when somebody may find less than before: left out of every answer at once
    (indexing.record_closing)
    remove(*subjects)    the same for what is gone: its kind gives no entries any more
    search(…)            an answer for one reader                                                (asking.ask)

Domains give what can be found by registering kinds in `search.registry`. They call `indexing`, `opening`, `query`,
`highlight` and the like by name, and of `engines`, `analysis` and `extraction` what these name at their doors; `make
lint` holds them to it.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from search.entries import Entry, Hit, LanguageSpan, Passage, Phrase, Query, Results, Section, Title

# Opened at the first use: extraction runs in child processes without Django, and models cannot be imported before the
# apps are ready.
_DOORS = {
    "index": ("search.indexing", "record"),
    "close": ("search.indexing", "record_closing"),
    "remove": ("search.indexing", "record_closing"),
    "search": ("search.public.answering", "ask"),
}

__all__ = [
    "Entry",
    "Hit",
    "LanguageSpan",
    "Passage",
    "Phrase",
    "Query",
    "Results",
    "Section",
    "Title",
    "close",
    "index",
    "remove",
    "search",
]


def __getattr__(name: str) -> Any:
    if name not in _DOORS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, function = _DOORS[name]
    return getattr(import_module(module), function)
