"""How a page finds a reference by its shelf mark: the library registers itself here, because pages stand below it.

With an empty registry no mark is known, and the block that links to references refuses every mark.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FoundReference:
    """A reference as a reader may see it; `meta` is one line: author, year, type."""

    mark: str
    title: str
    language: str
    url: str
    meta: str = ""
    languages: tuple[str, ...] = ()


# (marks, audiences=…, language=…) -> the references among them that this reader may see, by mark as printed ("PA
# 2012/147")
Resolver = Callable[..., Mapping[str, FoundReference]]

_resolvers: list[Resolver] = []


def register_resolver(resolver: Resolver) -> None:
    if resolver not in _resolvers:
        _resolvers.append(resolver)


def found(marks: Iterable[str], *, audiences: frozenset[str], language: str) -> dict[str, FoundReference]:
    """The references with these marks that a reader with these audiences may see; the others are left out."""
    wanted = list(marks)
    known: dict[str, FoundReference] = {}
    for resolver in _resolvers:
        known.update(resolver(wanted, audiences=audiences, language=language))
    return known
