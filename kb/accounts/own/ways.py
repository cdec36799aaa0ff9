"""What domains add to the page of one's own account: a link each, to something a person decides for themselves.

Works with an empty registry.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise

from search.registries import Registry


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


WAYS: Registry[Way] = Registry()  # by route, in the order of registering


def register_way(route: str, label: str | Promise, words: str | Promise) -> None:
    """Called by a domain's `apps.py`."""
    WAYS.register(route, Way(route, label, words))


def ways() -> list[Way]:
    return [way for way in WAYS if way.url]
