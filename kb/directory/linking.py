"""Organisations as machines name them: their part of sitemap.xml."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Max
from django.urls import reverse

from kb.directory.models import Organisation
from kb.languages import CODES
from kb.pages.sitemaps import PagedSitemap


class OrganisationSitemap(PagedSitemap):
    """The pages of those that exist, under each language; a page is two queries."""

    i18n = True
    languages = list(CODES)
    alternates = True

    def items(self):
        return Organisation.objects.active().order_by("pk").values_list("code", "updated_at")

    def location(self, row: tuple[str, datetime]) -> str:
        return reverse("directory:organisation", args=[row[0]])

    def lastmod(self, row: tuple[str, datetime]) -> datetime:
        return row[1]

    def get_latest_lastmod(self) -> datetime | None:
        return Organisation.objects.active().aggregate(latest=Max("updated_at"))["latest"]
