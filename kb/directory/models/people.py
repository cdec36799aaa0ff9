"""Who works where. The person is an account; what they may do comes from mandates, never from here."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from kb.directory.models.organisations import Organisation, RunningQuerySet


class Employment(models.Model):
    """A person works for an organisation from a day to a day (both included; empty: open).

    `function` is what they do there, in their own words.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.CASCADE, related_name="employments"
    )
    organisation = models.ForeignKey(
        Organisation, verbose_name=_("organisation"), on_delete=models.PROTECT, related_name="employments"
    )
    function = models.CharField(_("function"), max_length=150, blank=True)
    since = models.DateField(_("since"), null=True, blank=True)
    until = models.DateField(_("until"), null=True, blank=True)

    objects = RunningQuerySet.as_manager()

    class Meta:
        verbose_name = _("employment")
        verbose_name_plural = _("employments")
        ordering = ["-id"]
        indexes = [models.Index(fields=["user", "until"])]

    def __str__(self) -> str:
        return f"{self.user} – {self.organisation}"

    def clean(self) -> None:
        if self.since and self.until and self.until < self.since:
            raise ValidationError(
                {"until": _("The employment would end before it begins. Choose a later day, or leave it empty.")}
            )
