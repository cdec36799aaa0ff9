"""What came last into the library, as this reader may see it: asked of the search, so that rights hold here as they do there."""

from __future__ import annotations

import logging

from kb.languages import current_language
from search import registry
from search.engines.base import EngineUnavailable
from search.entries import Filters, Query
from search.opening import site_engine
from search.registry import Card

logger = logging.getLogger(__name__)

COUNT = 4
KIND = "library.reference"


def latest_additions(audiences: frozenset[str], *, count: int = COUNT) -> list[Card]:
    """The newest references, newest first; none while the engine does not answer."""
    language = current_language()
    query = Query(raw="", filters=Filters(kinds=(KIND,)), language=language)
    try:
        hits = site_engine().search(query, audiences=audiences, count=count, sort="date", facets=False).hits
    except EngineUnavailable as reason:
        logger.warning("The latest additions are not shown: %s", reason)
        return []
    kind = registry.kind_of(KIND + ":")
    if kind is None:
        return []
    keys = list(dict.fromkeys(hit.key for hit in hits))
    cards = kind.cards(keys, audiences=audiences, language=language)
    return list({card.subject: card for card in (cards[key] for key in keys if key in cards)}.values())
