"""Names of creators and publishers, each in one form; the other forms lead to it. And where a document stands on paper."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.models import Orderable

from kb.directory.models import Organisation
from kb.library.choices import AuthorityKind
from kb.library.models.recording import RecordingQuerySet
from kb.library.models.references import Reference


class Authority(models.Model):
    """The form of a name that we use. References keep the name as text; merging writes this form in each of them."""

    kind = models.CharField(_("kind"), max_length=10, choices=AuthorityKind.choices)
    name = models.CharField(_("name we use"), max_length=255)
    organisation = models.ForeignKey(
        Organisation, verbose_name=_("organisation of the directory"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name = _("authority")
        verbose_name_plural = _("authority list")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="library_authority_once")]

    def __str__(self) -> str:
        return self.name


class OtherName(models.Model):
    """Another form of a name: what is typed or imported under it gets the form we use, and who looks for it finds the same references."""

    authority = models.ForeignKey(Authority, on_delete=models.CASCADE, related_name="other_names")
    kind = models.CharField(max_length=10, choices=AuthorityKind.choices)
    name = models.CharField(_("name"), max_length=255)

    class Meta:
        verbose_name = _("other form of a name")
        verbose_name_plural = _("other forms of names")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="library_othername_once")]

    def __str__(self) -> str:
        return self.name


class Holding(Orderable):
    """A copy on paper and where it stands."""

    reference = ParentalKey(Reference, on_delete=models.CASCADE, related_name="holdings")
    place = models.CharField(_("shelf place"), max_length=200, help_text=_("For example: office of the CASS, cupboard 2, binder 14."))
    note = models.CharField(_("remark"), max_length=255, blank=True)

    objects = RecordingQuerySet.as_manager()

    class Meta(Orderable.Meta):
        verbose_name = _("copy on paper")
        verbose_name_plural = _("copies on paper")

    def __str__(self) -> str:
        return self.place
