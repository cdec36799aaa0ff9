"""Who wants to know that a concept or a keyword changed: what is catalogued with them is indexed again.

The library registers in its `apps.py`; with nobody registered, a vocabulary alone works.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

OnChange = Callable[[frozenset[int]], None]

_of_concepts: list[OnChange] = []
_of_keywords: list[OnChange] = []


def register_on_concepts(on_change: OnChange) -> None:
    """`on_change(ids of concepts)` is called inside the transaction of the change; for a deletion,
    before the rows go.
    """
    if on_change not in _of_concepts:
        _of_concepts.append(on_change)


def register_on_keywords(on_change: OnChange) -> None:
    """`on_change(ids of keywords)`, likewise."""
    if on_change not in _of_keywords:
        _of_keywords.append(on_change)


def concepts_changed(ids: Iterable[int]) -> None:
    ids = frozenset(ids)
    for on_change in _of_concepts if ids else ():
        on_change(ids)


def keywords_changed(ids: Iterable[int]) -> None:
    ids = frozenset(ids)
    for on_change in _of_keywords if ids else ():
        on_change(ids)
