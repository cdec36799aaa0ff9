"""Who wants to know that a concept or a keyword changed: what is catalogued with them is indexed again.

The library registers in its `apps.py`; with nobody registered, a vocabulary alone works.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from search.registries import Providers

OnChange = Callable[[frozenset[int]], None]

OF_CONCEPTS: Providers[OnChange] = Providers()
OF_KEYWORDS: Providers[OnChange] = Providers()


def register_on_concepts(on_change: OnChange) -> None:
    """`on_change(ids of concepts)` is called inside the transaction of the change; for a deletion,
    before the rows go.
    """
    OF_CONCEPTS.add(on_change)


def register_on_keywords(on_change: OnChange) -> None:
    """`on_change(ids of keywords)`, likewise."""
    OF_KEYWORDS.add(on_change)


def concepts_changed(ids: Iterable[int]) -> None:
    ids = frozenset(ids)
    for on_change in OF_CONCEPTS if ids else ():
        on_change(ids)


def keywords_changed(ids: Iterable[int]) -> None:
    ids = frozenset(ids)
    for on_change in OF_KEYWORDS if ids else ():
        on_change(ids)
