"""What the home page shows of the library: what came last, and how much there is by theme; the library asks the search,
so that rights hold here as they do there."""

from __future__ import annotations

import logging

from kb.languages import current_language
from kb.library.public.front_page import Listing, latest
from search.engines import EngineUnavailable
from search.opening import site_finder

logger = logging.getLogger(__name__)


def overview(audiences: frozenset[str]) -> Listing:
    """The newest references, newest first, and the themes by name;
    empty while the engine does not answer. One search.
    """
    try:
        return latest(site_finder(), held=audiences, language=current_language())
    except EngineUnavailable as reason:
        logger.warning("The home page shows nothing of the library: %s", reason)
        return Listing((), (), 0, available=False)
