"""Work that falls due: domains register a function and how often it is to run; `worker.running` runs it.

Works with an empty registry. What waits for a person has its registry in `waiting`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.utils.functional import Promise

from search.registries import Registry

DueFunction = Callable[[], str | None]


@dataclass(frozen=True, slots=True)
class Due:
    """`function()` is called when `every` has passed since its last start; it is idempotent and gives a short sentence
    for the log, or None.

    label says to editors what it does ("Reading files that were left"); its name stands in where there is none.
    """

    name: str
    function: DueFunction
    every: timedelta
    label: str | Promise = ""


DUE: Registry[Due] = Registry("A due function")


def register_due(name: str, function: DueFunction, every: timedelta, *, label: str | Promise = "") -> None:
    """Called from `apps.py`. A name ("files.lost") registered again replaces the first.

    Raises ValueError for a name without its domain.
    """
    DUE.register(name, Due(name, function, every, label or name))


def due_functions() -> tuple[Due, ...]:
    """All of them, in the order they were registered."""
    return tuple(DUE)
