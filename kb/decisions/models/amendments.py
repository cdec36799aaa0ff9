"""What changed under an agreement without a new vote: a correction of form, a translation that came later."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kb.decisions.choices import AmendmentKind, AmendmentState
from kb.decisions.models.manifests import Manifest
from kb.pages.agreements import Shown


def _person(name: str) -> models.ForeignKey:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name=f"amendments_{name}"
    )


class Amendment(models.Model):
    """Somebody proposes it, a second person reads it and makes it public, any voice of the body calls it back.

    former: what the manifest said before it, {"parts": […], "rows": [[subject, language, label, values], …]}; {} until
    it is public. digest: of what was proposed. reader: who is named as knowing the language of a translation. word:
    why. decided_at: when the second person had read it.
    """

    manifest = models.ForeignKey(Manifest, on_delete=models.PROTECT, related_name="amendments")
    kind = models.CharField(_("kind"), max_length=12, choices=AmendmentKind.choices)
    state = models.CharField(max_length=12, choices=AmendmentState.choices, default=AmendmentState.PROPOSED)
    parts = models.JSONField(default=list)
    former = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)
    word = models.CharField(max_length=300, blank=True)
    asked_by = _person("asked")
    reader = _person("to_read")
    decided_by = _person("decided")
    called_back_by = _person("called_back")
    asked_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)
    called_back_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("amendment")
        verbose_name_plural = _("amendments")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.manifest.subject}"

    def keep(self, parts: list[str], rows: tuple[Shown, ...]) -> None:
        """Notes what the manifest says, before it is rewritten."""
        self.former = {
            "parts": parts,
            "rows": [[one.subject, one.language, one.label, dict(one.values)] for one in rows],
        }

    def former_rows(self) -> tuple[Shown, ...]:
        rows: list[list[Any]] = self.former.get("rows", [])
        return tuple(Shown(subject, language, label, values) for subject, language, label, values in rows)
