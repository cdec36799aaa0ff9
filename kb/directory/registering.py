"""What the directory says to the rooms below it when the site starts: to the search, to the vocabulary,
to the frame.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.db.models.signals import m2m_changed
from django.utils.translation import gettext_lazy as _

from kb.directory.indexing import DirectoryKind
from kb.directory.linking import OrganisationSitemap
from kb.directory.models import Organisation, Service
from kb.directory.workbook.importing import DIRECTORY
from kb.pages.addressing.sitemaps import register_sitemap
from kb.pages.frame import register_section
from kb.sheets.kinds import register_sheet_kind
from kb.vocabulary.changes import register_on_concepts
from search import registry
from search.indexing import record


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


def record_concepts(ids: frozenset[int]) -> None:
    """A concept changed: the organisations that have it, or whose services do, have other words and themes now."""
    for rows in (Organisation.objects, Service.objects):
        record(*rows.filter(concepts__in=ids).touched())


def record_themes(sender, instance, action: str, reverse: bool, model, pk_set, **kwargs) -> None:
    """Receiver of m2m_changed for the themes of organisations and services, from either side.

    Unlike post_save, this signal comes inside the transaction that writes the rows.
    """
    if action not in {"post_add", "post_remove", "pre_clear"}:
        return
    if not reverse:
        rows = type(instance).objects.filter(pk=instance.pk)
    else:
        rows = model.objects.filter(Q(pk__in=pk_set) if pk_set is not None else Q(concepts=instance))
    with transaction.atomic():
        record(*rows.touched())
