"""The front page of the library: what came last and how many documents each theme has, for one reader, from one
question to the engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from kb.library.hits.cards import cards
from kb.library.models.references import KIND
from search.entries import Filters, Query
from search.opening import Finder
from search.registry import Card, facet_labels

LATEST = 10


@dataclass(frozen=True, slots=True)
class Theme:
    label: str
    count: int
    url: str


@dataclass(frozen=True, slots=True)
class Listing:
    """cards: latest first. total: what this reader may find. available: False while the engine cannot answer."""

    cards: tuple[Card, ...]
    themes: tuple[Theme, ...]
    total: int
    available: bool = True


def latest(finder: Finder, *, held: frozenset[str], language: str) -> Listing:
    """Raises EngineUnavailable. One question to the engine, six queries."""
    query = Query(raw="", filters=Filters(kinds=(KIND,)), language=language)
    results = finder.search(query, audiences=held, count=LATEST, sort="date")
    found = cards([hit.key for hit in results.hits], audiences=held)
    one_a_subject = {card.subject: card for hit in reversed(results.hits) if (card := found.get(hit.key))}
    values = results.facets.get("themes", ())
    labels = facet_labels("themes", [value.value for value in values], language)
    search = reverse("search:results")
    themes = [
        Theme(labels[one.value], one.count, f"{search}?{urlencode({'where': KIND, 'theme': one.value})}")
        for one in values
    ]
    return Listing(tuple(reversed(one_a_subject.values())), tuple(_by_name(themes)), results.total)


def _by_name(themes: Sequence[Theme]) -> list[Theme]:
    return sorted(themes, key=lambda theme: theme.label.casefold())
