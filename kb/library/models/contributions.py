"""How a reference came to us from a member: what the system proposed, what was done with it,
by whom and with which words.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kb.library.choices import Doubt, Handling
from kb.library.models.references import Reference


class Contribution(models.Model):
    """What is kept of a reference that a member is putting in.

    drafted: {field: {"value": …, "where": code, "page": number from 1 or null}}, what was read and where (codes in
    `choices.FoundIn`);
    corrected: names of the fields the person changed, which a later reading never touches. drafted_from: id of the file
    version it was read from.
    confirmed_at: when the person said that it is ready; until then it is theirs alone.
    accept_when_read: nobody is going to confirm it (an import): it is accepted as it was drafted once its file was
    read, and what drafting was not sure of is marked (`LineToVerify`). left_to_editors_at: since when that is done no
    more, because it was accepted once, or somebody chose its state or its readers.
    """

    reference = models.OneToOneField(Reference, on_delete=models.CASCADE, related_name="contribution")
    drafted = models.JSONField(default=dict, blank=True)
    corrected = models.JSONField(default=list, blank=True)
    drafted_from = models.PositiveBigIntegerField(null=True, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    accept_when_read = models.BooleanField(default=False, editable=False)
    left_to_editors_at = models.DateTimeField(null=True, blank=True, editable=False)
    taken_as_ours = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name = _("contribution")
        verbose_name_plural = _("contributions")

    def __str__(self) -> str:
        return str(self.reference_id)


class ContributionStep(models.Model):
    """One thing that was done with a reference on its way: proposed, taken back, sent back, mended, accepted, refused,
    withdrawn. word: the reason for it, as its author reads it; "" where none was given.
    """

    reference = models.ForeignKey(Reference, on_delete=models.CASCADE, related_name="steps")
    handling = models.CharField(_("what was done"), max_length=10, choices=Handling.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    word = models.CharField(_("a word"), max_length=500, blank=True)
    at = models.DateTimeField(_("on"), default=timezone.now)

    class Meta:
        verbose_name = _("step of a contribution")
        verbose_name_plural = _("steps of contributions")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.reference_id} {self.handling}"


class LineToVerify(models.Model):
    """A line of a notice that nobody has looked at and drafting was not sure of, or did not find; the row goes when an
    editor says that it is right, or writes another.

    field: its name in `Reference`.
    """

    reference = models.ForeignKey(Reference, on_delete=models.CASCADE, related_name="to_verify")
    field = models.CharField(max_length=20)
    why = models.CharField(max_length=10, choices=Doubt.choices)

    class Meta:
        verbose_name = _("line to verify")
        verbose_name_plural = _("lines to verify")
        constraints = [models.UniqueConstraint(fields=["reference", "field"], name="library_linetoverify_once")]
        indexes = [models.Index(fields=["field", "reference"], name="library_verify_by_field")]

    def __str__(self) -> str:
        return f"{self.reference_id} {self.field}"


class Resemblance(models.Model):
    """Two references that look like one document, noticed while one was put in by somebody who may not see the other:
    for editors alone.
    """

    reference = models.ForeignKey(Reference, on_delete=models.CASCADE, related_name="resemblances")
    other = models.ForeignKey(Reference, on_delete=models.CASCADE, related_name="+")
    how = models.CharField(max_length=10)
    noticed_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("possible duplicate")
        verbose_name_plural = _("possible duplicates")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["reference", "other"], name="library_resemblance_once")]
        indexes = [models.Index(fields=["settled_at", "-id"])]

    def __str__(self) -> str:
        return f"{self.reference_id} ~ {self.other_id}"
