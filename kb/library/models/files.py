"""The files of a reference: which stored file, in which language, for whom, and why we may publish it."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.models import Orderable

from kb.accounts import audiences
from kb.accounts.closing import opened_before_saving, record_since
from kb.accounts.fields import AudiencesField, members_only
from kb.files.models import StoredFile
from kb.languages import LANGUAGES
from kb.library.choices import PublishReason, ReferenceState
from kb.library.models.recording import RecordingQuerySet, record_closed_references, subject_of
from kb.library.models.references import Reference


class FileCounterManager(models.Manager["FileCounter"]):
    def next_number(self, reference_id: int) -> int:
        """The next number for a file of this reference, from 1; never one that was given before."""
        with transaction.atomic(using=self.db):
            self.get_or_create(reference_id=reference_id)
            rows = self.filter(reference_id=reference_id)
            rows.update(last=F("last") + 1)
            return rows.values_list("last", flat=True).get()


class FileCounter(models.Model):
    """The last number given to a file of a reference: "1.2" in an address goes on meaning one file, or none."""

    reference = models.OneToOneField(Reference, on_delete=models.CASCADE, related_name="+")
    last = models.PositiveIntegerField(default=0)

    objects = FileCounterManager()

    def __str__(self) -> str:
        return str(self.last)


class ReferenceFileQuerySet(RecordingQuerySet):
    rights = ("audiences", "publish_reason", "reference_id", "stored_file_id")

    def delete(self) -> tuple[int, dict[str, int]]:
        with transaction.atomic(using=self.db):
            stored = list(self.order_by().values_list("stored_file_id", flat=True))
            deleted = super().delete()
            StoredFile.objects.filter(pk__in=stored).delete()
        return deleted

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]


class ReferenceFile(Orderable):
    """A file of a reference. `number` from 1 is in its address and never reused; its audiences are never wider than the notice's."""

    reference = ParentalKey(Reference, on_delete=models.CASCADE, related_name="files")
    stored_file = models.OneToOneField(StoredFile, on_delete=models.PROTECT, related_name="reference_file", editable=False)
    number = models.PositiveIntegerField(editable=False)
    title = models.CharField(_("title of the file"), max_length=255, blank=True)
    language = models.CharField(_("language"), max_length=2, choices=list(LANGUAGES.items()), blank=True, help_text=_("Empty: as found in its text."))
    audiences = AudiencesField(_("who may open the file"), default=members_only)
    publish_reason = models.CharField(_("why we may publish it"), max_length=15, choices=PublishReason.choices, default=PublishReason.UNKNOWN)
    permission_date = models.DateField(_("permission given on"), null=True, blank=True)

    objects = ReferenceFileQuerySet.as_manager()

    class Meta(Orderable.Meta):
        verbose_name = _("file")
        verbose_name_plural = _("files")
        constraints = [models.UniqueConstraint(fields=["reference", "number"], name="library_referencefile_number_once")]

    def __str__(self) -> str:
        return self.title or str(self.stored_file_id)

    @property
    def effective_audiences(self) -> frozenset[str]:
        """Who may open the file now: what was chosen, narrowed to who may see the notice; members at most while the right to publish is not known."""
        wanted = audiences.narrowed(self.audiences, self.reference.effective_audiences)
        if self.reference.state != ReferenceState.ACCEPTED:
            return self.reference.effective_audiences
        if self.publish_reason == PublishReason.UNKNOWN and audiences.PUBLIC in wanted:
            wanted = (wanted - {audiences.PUBLIC}) | {audiences.MEMBERS}
        return wanted

    def clean(self) -> None:
        super().clean()
        wanted = self.audiences or []
        if self.publish_reason == PublishReason.UNKNOWN and audiences.PUBLIC in wanted:
            raise ValidationError({"audiences": _("Say why we may publish this file before opening it to everyone; until then choose the members.")})
        if self.publish_reason == PublishReason.PERMISSION and not self.permission_date:
            raise ValidationError({"permission_date": _("Give the date of the permission.")})
        if self.reference_id or "reference" in self._state.fields_cache:
            try:
                audiences.refuse_wider(wanted, self.reference.audiences)
            except ValidationError as wider:
                raise ValidationError({"audiences": wider.messages}) from wider

    def save(self, *args, **options) -> None:
        with transaction.atomic():
            if not self.number:
                self.number = FileCounter.objects.next_number(self.reference_id)
            subjects = [subject_of(self.reference_id)]
            before = opened_before_saving(self, subjects, rights=ReferenceFileQuerySet.rights, update_fields=options.get("update_fields"))
            super().save(*args, **options)
            record_since(before, subjects)

    def delete(self, *args, **options):
        with transaction.atomic():
            record_closed_references([self.reference_id])
            stored = self.stored_file_id
            deleted = super().delete(*args, **options)
            StoredFile.objects.filter(pk=stored).delete()
        return deleted
