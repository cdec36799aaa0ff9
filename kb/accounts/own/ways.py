"""What domains add to the page of one's own account: a link each, to something a person decides for themselves.

Works with an empty registry.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class Way:
    """label and words may be lazy; route is a route's name."""

    route: str
    label: str | Promise
    words: str | Promise

    @property
    def url(self) -> str:
        """ "" while no address is mounted for it."""
        try:
            return reverse(self.route)
        except NoReverseMatch:
            return ""


_ways: dict[str, Way] = {}


def register_way(route: str, label: str | Promise, words: str | Promise) -> None:
    """Called by a domain's `apps.py`; shown in the order of registering."""
    _ways[route] = Way(route, label, words)


def ways() -> list[Way]:
    return [way for way in _ways.values() if way.url]
