"""Links in rich text to pages of the tree: an address says what a page is about, so a link is one only for readers of
the page it leads to.
"""

from __future__ import annotations

import re

from wagtail.models import Page

from kb.pages.models import BasePage

_PAGE_LINK = re.compile(
    r"<a\b(?=[^>]*\slinktype=\"page\")[^>]*?\sid=\"(?P<id>\d{1,18})\"[^>]*>(?P<words>.*?)</a>", re.DOTALL
)


def without_closed_links(source: str, audiences: frozenset[str]) -> str:
    """Rich text as stored, less the links to pages that are not live or not for these audiences; their words stay.

    One query per kind of page linked to.
    """
    wanted = {int(link["id"]) for link in _PAGE_LINK.finditer(source)}
    if not wanted:
        return source
    live = Page.objects.live().filter(pk__in=wanted).specific()
    shown = {page.pk for page in live if not isinstance(page, BasePage) or page.is_for(audiences)}
    return _PAGE_LINK.sub(lambda link: link[0] if int(link["id"]) in shown else link["words"], source)
