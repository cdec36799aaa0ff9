"""What the home page shows of the library: what came last, and how much there is by theme. Both are asked of the search, so that rights hold
here as they do there."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse

from kb.languages import current_language
from search import registry
from search.engines.base import EngineUnavailable
from search.entries import FacetValue, Filters, Query
from search.forms import PARAMETERS
from search.opening import site_engine
from search.registry import Card

logger = logging.getLogger(__name__)

LATEST = 5
THEMES = 9
KIND = "library.reference"


@dataclass(frozen=True, slots=True)
class Theme:
    """A theme, the documents under it that this reader may see, and the search that lists them."""

    label: str
    count: int
    url: str


@dataclass(frozen=True, slots=True)
class Overview:
    latest: tuple[Card, ...] = ()
    themes: tuple[Theme, ...] = ()


def overview(audiences: frozenset[str]) -> Overview:
    """The newest references, newest first, and the commonest themes by name; empty while the engine does not answer. One search."""
    language = current_language()
    kind = registry.kind_of(KIND)
    if kind is None:
        return Overview()
    query = Query(raw="", filters=Filters(kinds=(KIND,)), language=language)
    try:
        results = site_engine().search(query, audiences=audiences, count=LATEST, sort="date", facets=True)
    except EngineUnavailable as reason:
        logger.warning("The home page shows nothing of the library: %s", reason)
        return Overview()
    cards = kind.cards([hit.key for hit in results.hits], audiences=audiences, language=language)
    shown = {cards[hit.key].subject: cards[hit.key] for hit in results.hits if hit.key in cards}
    return Overview(tuple(shown.values()), _themes(results.facets.get("themes", ()), language))


def _themes(values: tuple[FacetValue, ...], language: str) -> tuple[Theme, ...]:
    try:
        search_url = reverse("search:results")
    except NoReverseMatch:
        return ()
    commonest = sorted(values, key=lambda each: -each.count)[:THEMES]
    labels = registry.facet_labels("themes", [each.value for each in commonest], language)
    themes = [Theme(labels[each.value], each.count, f"{search_url}?{urlencode({PARAMETERS['themes']: each.value})}") for each in commonest]
    return tuple(sorted(themes, key=lambda theme: theme.label))
