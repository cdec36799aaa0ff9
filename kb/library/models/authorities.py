"""Names of creators and publishers, each in one form; the other forms lead to it.

Merging is in `kb.library.catalogue.authorities`.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _

from kb.directory.models import Organisation
from kb.library.choices import AuthorityKind


class Authority(models.Model):
    """The form of a name that we use. References keep the name as text; merging writes this form in each of them."""

    kind = models.CharField(_("kind"), max_length=10, choices=AuthorityKind.choices)
    name = models.CharField(_("name we use"), max_length=255)
    organisation = models.ForeignKey(
        Organisation,
        verbose_name=_("organisation of the directory"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    class Meta:
        verbose_name = _("authority")
        verbose_name_plural = _("authority list")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="library_authority_once")]

    def __str__(self) -> str:
        return self.name


class OtherName(models.Model):
    """Another form of a name: what is typed or imported under it gets the form we use,
    and whoever searches for it finds the same references.
    """

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


def preferred_names(kind: str, names: Iterable[str]) -> dict[str, str]:
    """{name: the form we use} for those of these names that have another; one query."""
    found = OtherName.objects.filter(kind=kind, name__in=set(names)).values_list("name", "authority__name")
    return {name: used for name, used in found if name != used}


def preferred(kind: str, name: str) -> str:
    """The form we use of a name; the name itself when nothing else is known of it. One query."""
    return preferred_names(kind, [name]).get(name, name) if name else name
