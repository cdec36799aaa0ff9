"""The engines by name. Settings are read at the edge: names and places come in as values."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from search.engines.base import Engine, EngineBusy, EngineUnavailable, Rebuild

# Modules, not classes: an engine whose library is not installed costs nothing until it is asked for.
ENGINES: dict[str, str] = {"embedded": "search.engines.embedded:EmbeddedEngine"}


def get_engine(name: str = "embedded", *, path: str | Path | None = None) -> Engine:
    """The engine of that name on an index at `path`; None keeps it in memory.
    Raises LookupError for an unknown name.
    """
    try:
        module, _, made = ENGINES[name].partition(":")
    except KeyError:
        raise LookupError(f"Unknown search engine {name!r}; known: {', '.join(sorted(ENGINES))}.") from None
    make: Callable[..., Engine] = getattr(import_module(module), made)
    return make(path)


__all__ = ["ENGINES", "Engine", "EngineBusy", "EngineUnavailable", "Rebuild", "get_engine"]
