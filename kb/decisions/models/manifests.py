"""What was asked about, and agreed to: the values shown, row by row, and their digest."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kb.accounts.noting import note
from kb.decisions.choices import ManifestState, Origin
from kb.languages import LANGUAGES
from kb.pages.agreements import Shown, digest_of, seal_of


class ManifestManager(models.Manager["Manifest"]):
    def write(self, subject: str, rows: Collection[Shown], parts: Iterable[str] = (), **values: object) -> Manifest:
        """A new manifest of these rows. Two queries; call it inside the transaction of the question."""
        made = self.create(subject=subject, digest=digest_of(rows), parts=sorted(parts), **values)
        ManifestRow.objects.bulk_create(
            ManifestRow(
                manifest=made,
                subject=row.subject,
                language=row.language,
                label=row.label[:500],
                values=dict(row.values),
                digest=row.digest,
                position=position,
            )
            for position, row in enumerate(rows)
        )
        return made

    def rewrite(self, manifest: Manifest, rows: Collection[Shown], parts: Iterable[str]) -> None:
        """Writes what a manifest says anew, under the same agreement: only where nobody is asked (what was public
        before, the words of an erased person). Call it inside a transaction.
        """
        written = self.write(manifest.subject, rows, parts)
        manifest.rows.all().delete()
        written.rows.update(manifest=manifest)
        self.filter(pk=manifest.pk).update(digest=written.digest, parts=written.parts)
        written.delete()
        note("agreement rewritten", id=manifest.subject, agreement=manifest.pk)


class Manifest(models.Model):
    """What one decision is about. subject: "library.reference:17"; parts: the keys that whoever asked chose.

    standing: who could see what of it when it was asked about. opened_at: when it first became public by this.
    digest: of all rows; "" only for what was public before the gate, until the site first saw it. Never deleted: public
    rows name it.
    """

    subject = models.CharField(max_length=100, db_index=True)
    digest = models.CharField(max_length=64, blank=True)
    parts = models.JSONField(default=list)
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.DECISION)
    state = models.CharField(max_length=10, choices=ManifestState.choices, default=ManifestState.ASKED)
    made_at = models.DateTimeField(default=timezone.now)
    standing = models.JSONField(null=True, default=None)
    opened_at = models.DateTimeField(null=True, blank=True)

    objects = ManifestManager()

    class Meta:
        verbose_name = _("what was agreed to")
        verbose_name_plural = _("what was agreed to")
        indexes = [models.Index(fields=["subject", "state"])]

    def __str__(self) -> str:
        return f"{self.subject} {self.seal}"

    @property
    def seal(self) -> str:
        """ "7F3A 92C1 04DE" """
        return seal_of(self.digest)

    @property
    def decision_code(self) -> str:
        """ "CP-2026-004"; "" for what was public before the gate, or has no outcome. One query, two where the row of
        the decision comes without its body.
        """
        decision = getattr(self, "decision", None)
        return decision.code if decision is not None else ""

    def shown(self) -> tuple[Shown, ...]:
        """The rows as values, in their order. One query."""
        return tuple(row.as_shown() for row in self.rows.all())


class ManifestRow(models.Model):
    """One thing shown, in one language."""

    manifest = models.ForeignKey(Manifest, on_delete=models.CASCADE, related_name="rows")
    subject = models.CharField(max_length=100)
    language = models.CharField(max_length=2, choices=list(LANGUAGES.items()), blank=True)
    label = models.CharField(max_length=500)
    values = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["manifest", "subject", "language"], name="decisions_manifestrow_once")
        ]

    def __str__(self) -> str:
        return self.label

    def as_shown(self) -> Shown:
        return Shown(self.subject, self.language, self.label, self.values)
