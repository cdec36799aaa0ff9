"""Organisations, as far as mandates and creators need them now; services, places and hours have their room here later."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from kb.directory.choices import OrganisationKind
from kb.languages import LANGUAGES
from kb.pages.texts import TranslatedText


class Organisation(models.Model):
    """A body that employs or gathers people: the CPAS, the commune, an association. `code` never changes."""

    code = models.SlugField(_("code"), max_length=80, unique=True)
    name = models.CharField(_("name"), max_length=200)
    other_names = TranslatedText(_("name in other languages"), blank=True)
    kind = models.CharField(_("kind"), max_length=20, choices=OrganisationKind.choices, default=OrganisationKind.ASSOCIATION)
    language_side = models.CharField(_("language side"), max_length=2, choices=list(LANGUAGES.items()), blank=True)

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ["name"]
        indexes = [models.Index(fields=["name"])]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.pk and type(self).objects.filter(pk=self.pk).exclude(code=self.code).exists():
            raise ValidationError({"code": _("The code names this organisation in lists and imports and never changes.")})
