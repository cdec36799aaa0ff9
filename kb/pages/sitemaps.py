"""What domains put into sitemap.xml: public addresses only. With an empty registry the map is empty; `home` serves it."""

from __future__ import annotations

from django.contrib.sitemaps import Sitemap

sitemaps: dict[str, type[Sitemap]] = {}


def register_sitemap(name: str, sitemap: type[Sitemap]) -> None:
    """Adds a domain's public addresses; called by its `apps.py`. The sitemap must leave out whatever an anonymous reader may not see."""
    sitemaps[name] = sitemap
