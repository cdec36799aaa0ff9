"""A registry: what rooms above give to one below, by name, when the site starts.

It works empty. What is registered where is said beside each `Registry`; this is only how it is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

Thing = TypeVar("Thing")
Provider = TypeVar("Provider", bound=Callable)


class Registry(Generic[Thing]):
    """Things by name, in their order: those given an order by it and by their name, after those without one, which
    stay as they came.

    A name registered again replaces the first, in its place. called: what stands before "is named <domain>.<what>" when
    a name lacks its domain ("A notice"); "" where any name will do.
    """

    def __init__(self, called: str = "") -> None:
        self._called = called
        self._things: dict[Hashable, Thing] = {}
        self._ranks: dict[Hashable, tuple[int, str]] = {}
        self._sorted: tuple[Hashable, ...] | None = None

    def register(self, name: Hashable, thing: Thing, *, order: int | None = None) -> None:
        """Raises ValueError for a name without its domain, where names have one."""
        if self._called and "." not in str(name):
            raise ValueError(f"{self._called} is named <domain>.<what>, not {name!r}.")
        self._things[name] = thing
        self._ranks[name] = (0, "") if order is None else (order, str(name))
        self._sorted = None

    def names(self) -> tuple[Hashable, ...]:
        """In order."""
        if self._sorted is None:
            self._sorted = tuple(sorted(self._things, key=self._ranks.__getitem__))
        return self._sorted

    def get(self, name: Hashable) -> Thing | None:
        return self._things.get(name)

    def __getitem__(self, name: Hashable) -> Thing:
        return self._things[name]

    def __contains__(self, name: Hashable) -> bool:
        return name in self._things

    def __iter__(self) -> Iterator[Thing]:
        """The things, in order."""
        return iter([self._things[name] for name in self.names()])

    def __len__(self) -> int:
        return len(self._things)

    @contextmanager
    def temporarily(self, *kept: Hashable) -> Iterator[Registry[Thing]]:
        """For tests, as a context or a decorator: nothing is registered but the names kept; afterwards all is as it was
        before.
        """
        before = self._things, self._ranks
        self._things = {name: thing for name, thing in self._things.items() if name in kept}
        self._ranks = {name: self._ranks[name] for name in self._things}
        self._sorted = None
        try:
            yield self
        finally:
            self._things, self._ranks = before
            self._sorted = None


class Providers(Registry[Provider]):
    """Functions without a name, each once, all of them asked in turn."""

    def add(self, provider: Provider) -> None:
        self.register(provider, provider)
