"""Work that falls due: domains register a function and how often it is to run; `running` runs it.

Works with an empty registry. What waits for a person will have its registry beside this one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

DueFunction = Callable[[], str | None]


@dataclass(frozen=True, slots=True)
class Due:
    """`function()` is called when `every` has passed since its last start; it is idempotent and gives a short sentence for the log, or None."""

    name: str
    function: DueFunction
    every: timedelta


_due: dict[str, Due] = {}


def register_due(name: str, function: DueFunction, every: timedelta) -> None:
    """Called from `apps.py`. A name ("files.lost") registered again replaces the first. Raises ValueError for a name without its domain."""
    if "." not in name:
        raise ValueError(f"A due function is named <domain>.<what>, not {name!r}.")
    _due[name] = Due(name, function, every)


def due_functions() -> tuple[Due, ...]:
    """All of them, in the order they were registered."""
    return tuple(_due.values())
