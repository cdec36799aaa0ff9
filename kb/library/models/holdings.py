"""Copies on paper: where a document stands."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.models import Orderable

from kb.library.models.references import KIND, Reference
from search.recording import Recorded


class Holding(Recorded, Orderable):
    """A copy on paper and where it stands."""

    reference = ParentalKey(Reference, on_delete=models.CASCADE, related_name="holdings")
    place = models.CharField(
        _("shelf place"), max_length=200, help_text=_("For example: office of the CASS, cupboard 2, binder 14.")
    )
    note = models.CharField(_("remark"), max_length=255, blank=True)

    search_kind = KIND
    subject_path = "reference_id"
    checked = frozenset()

    class Meta(Orderable.Meta):
        verbose_name = _("copy on paper")
        verbose_name_plural = _("copies on paper")

    def __str__(self) -> str:
        return self.place
