"""Organisations as machines name them: their part of sitemap.xml."""

from __future__ import annotations

from django.urls import reverse

from kb.directory.models import Organisation
from kb.languages import CODES
from kb.pages.addressing.sitemaps import PagedSitemap


class OrganisationSitemap(PagedSitemap):
    """The pages of those that exist, under each language; a page is two queries.

    None says when it changed: a row is saved for what nobody sees too, and its page changes with rows of its services.
    """

    i18n = True
    languages = list(CODES)
    alternates = True

    def items(self):
        return Organisation.objects.active().order_by("pk").values_list("code", flat=True)

    def location(self, code: str) -> str:
        return reverse("directory:organisation", args=[code])
