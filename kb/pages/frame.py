"""What domains add to the frame: section tabs and links of the footer. With an empty registry the frame has neither.

How the frame looks is in `templates/base.html` and `templatetags/frame.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise

from search.registries import Providers, Registry

Column = Literal["help", "tools"]


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Section:
    """A divider of the site.

    `code` marks it as current (context variable `section`); `label` may be lazy; `route` is a route's name.
    """

    code: str
    label: str | Promise
    route: str

    @property
    def url(self) -> str:
        """Where the tab leads in the language of the request; "" while no address is mounted for it."""
        try:
            return reverse(self.route)
        except NoReverseMatch:
            return ""


FooterLinks = Callable[[], Iterable[Link]]

SECTIONS: Registry[Section] = Registry()
FOOTER: dict[Column, Providers[FooterLinks]] = {"help": Providers(), "tools": Providers()}


def register_section(code: str, label: str | Promise, route: str, *, order: int) -> None:
    """Adds a tab; called by a domain's `apps.py`.

    Order: library 10, dossiers 20, recommendations 30, guide 40, Échos 50, groups 60, agenda 70.
    """
    SECTIONS.register(code, Section(code, label, route), order=order)


def sections() -> Sequence[Section]:
    """The tabs in their order; only those that lead somewhere."""
    return [section for section in SECTIONS if section.url]


def register_footer_links(column: Column, links: FooterLinks) -> None:
    """`links()` gives links in the language of the request; asked once per page."""
    FOOTER[column].add(links)


def footer_links(column: Column) -> list[Link]:
    return [link for links in FOOTER[column] for link in links()]
