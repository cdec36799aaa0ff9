"""What the directory says to the rooms below it when the site starts: to the search, to the vocabulary,
to the frame.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models.signals import m2m_changed
from django.utils.translation import gettext_lazy as _

from kb.clock.registry import register_due
from kb.directory.indexing import DirectoryKind
from kb.directory.linking import OrganisationSitemap
from kb.directory.models import Organisation, Service
from kb.directory.models.recording import record_organisations, record_themes
from kb.directory.sheets import bringing_in
from kb.directory.sheets.kinds import register_sheet_kind
from kb.directory.workbook.importing import DIRECTORY
from kb.pages.frame import register_section
from kb.pages.sitemaps import register_sitemap
from kb.vocabulary.changes import register_on_concepts
from search import registry


def register_all() -> None:
    registry.register(DirectoryKind(), models=["directory.Organisation"])
    register_on_concepts(record_concepts)
    for model in (Organisation, Service):
        m2m_changed.connect(
            record_themes, sender=model.concepts.through, dispatch_uid=f"kb.directory.themes.{model.__name__}"
        )
    register_section("organisations", _("Organisations"), "directory:list", order=45)
    register_sitemap("organisations", OrganisationSitemap)
    register_sheet_kind(DIRECTORY)
    register_due(
        "directory.take_up_sheets",
        bringing_in.take_up,
        timedelta(seconds=30),
        label=_("Taking up imports that stopped half-way"),
    )
    register_due(
        "directory.thin_sheets",
        bringing_in.thin_sheets,
        timedelta(days=1),
        label=_("Deleting workbooks imported long ago"),
    )


def record_concepts(ids: frozenset[int]) -> None:
    """A concept changed: the organisations that have it, or whose services do, have other words and themes now."""
    record_organisations(
        Organisation.objects.filter(concepts__in=ids).order_by().values_list("pk", flat=True).distinct()
    )
    record_organisations(
        Service.objects.filter(concepts__in=ids).order_by().values_list("organisation_id", flat=True).distinct()
    )
