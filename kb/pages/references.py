"""How a page finds a reference by its shelf mark: the library registers itself here, because pages stand below it.

With an empty registry no mark is known, and the block that links to references refuses every mark.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from search.registries import Providers


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

RESOLVERS: Providers[Resolver] = Providers()


def register_resolver(resolver: Resolver) -> None:
    RESOLVERS.add(resolver)


def found(marks: Iterable[str], *, audiences: frozenset[str], language: str) -> dict[str, FoundReference]:
    """The references with these marks that a reader with these audiences may see; the others are left out."""
    wanted = list(marks)
    known: dict[str, FoundReference] = {}
    for resolver in RESOLVERS:
        known.update(resolver(wanted, audiences=audiences, language=language))
    return known
