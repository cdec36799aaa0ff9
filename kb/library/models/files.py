"""The files of a reference: which stored file, in which language, for whom, and why we may publish it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.models import Orderable

from kb.accounts import audiences
from kb.accounts.fields import AudiencesField, members_only
from kb.files.models import FileVersion, StoredFile
from kb.languages import LANGUAGES
from kb.library.choices import PublishReason, ReferenceState
from kb.library.models.references import (
    KIND,
    Reference,
    leave_to_editors,
    note_gone,
    open_versions,
    shown_to_others,
)
from search.recording import Recorded, RecordingQuerySet, checked_together, rewrites
from search.registry import Opened


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
    def update(self, **values) -> int:
        """Readers chosen for many are chosen for each: none of them is contributed any longer."""
        if "audiences" in values:
            values.setdefault("is_contributed", False)
        return super().update(**values)

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_create(self, objs, *args, **options) -> Sequence[models.Model]:
        with transaction.atomic(using=self.db):
            objs = list(objs)
            with checked_together():
                made = super().bulk_create(objs, *args, **options)
                open_versions({one.reference_id for one in objs}, of=[one.pk for one in objs])
        return made

    def delete(self) -> tuple[int, dict[str, int]]:
        with transaction.atomic(using=self.db):
            stored = list(self.order_by().values_list("stored_file_id", flat=True))
            note_gone(shown_to_others(files__in=self.order_by().values("pk")).filter(stored_file__in=stored))
            deleted = super().delete()
            StoredFile.objects.filter(pk__in=stored).delete()
        return deleted

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def _follow(self, ids: Sequence[int], values: Mapping[str, Any]) -> None:
        if "audiences" in values:
            leave_to_editors(ids)


class ReferenceFile(Recorded, Orderable):
    """A file of a reference. `number` from 1 is in its address and never reused; its audiences are never wider than the
    notice's.

    is_contributed: put in with the contribution, by its author or whoever follows it, and since then no editor chose
    its readers or put another version in: while the notice is not accepted, those who work on it read this file too.
    opened_from, opened_to: the numbers of the versions that an acceptance opened; 0 while none did. Outside them
    readers find nothing, and what is above goes when it is replaced (`kb.library.catalogue.versions`). Below
    opened_from is what was replaced before the first acceptance, in old data.
    """

    reference = ParentalKey(Reference, on_delete=models.CASCADE, related_name="files")
    stored_file = models.OneToOneField(
        StoredFile, on_delete=models.PROTECT, related_name="reference_file", editable=False
    )
    number = models.PositiveIntegerField(editable=False)
    title = models.CharField(_("title of the file"), max_length=255, blank=True)
    language = models.CharField(
        _("language"),
        max_length=2,
        choices=list(LANGUAGES.items()),
        blank=True,
        help_text=_("Empty: as found in its text."),
    )
    audiences = AudiencesField(_("who may open the file"), default=members_only)
    publish_reason = models.CharField(
        _("why we may publish it"), max_length=15, choices=PublishReason.choices, default=PublishReason.UNKNOWN
    )
    permission_date = models.DateField(_("permission given on"), null=True, blank=True)
    is_contributed = models.BooleanField(default=False, editable=False)
    opened_from = models.PositiveIntegerField(default=1, editable=False)
    opened_to = models.PositiveIntegerField(default=0, editable=False)

    _all_of_author: bool | None = None

    search_kind = KIND
    subject_path = "reference_id"
    rights = ("audiences", "publish_reason", "reference_id", "stored_file_id", "is_contributed")
    objects = ReferenceFileQuerySet.as_manager()

    class Meta(Orderable.Meta):
        verbose_name = _("file")
        verbose_name_plural = _("files")
        constraints = [
            models.UniqueConstraint(fields=["reference", "number"], name="library_referencefile_number_once")
        ]

    def __str__(self) -> str:
        return self.title or str(self.stored_file_id)

    @property
    def effective_audiences(self) -> frozenset[str]:
        """Who may open the file now (editors always may).

        accepted: what was chosen, narrowed to who may see the notice; members at most while the right to publish is not
        known        otherwise: those who work on the notice, where the file is contributed (its author, where they put
        in every version of it; see `is_open_to`); of another, those of them who could open it if the notice were
        accepted
        """
        working = self.reference.effective_audiences
        if self.reference.state != ReferenceState.ACCEPTED and self.is_contributed:
            author = audiences.person(self.reference.created_by_id or 0)
            if author in working and not self.is_all_of_author():
                working -= {author}
            return working or frozenset({audiences.STAFF})
        is_accepted = self.reference.state == ReferenceState.ACCEPTED
        wanted = audiences.narrowed(self.audiences, working) if is_accepted else frozenset(self.audiences)
        if self.publish_reason == PublishReason.UNKNOWN and audiences.PUBLIC in wanted:
            wanted = (wanted - {audiences.PUBLIC}) | {audiences.MEMBERS}
        if is_accepted:
            return wanted
        of_body = audiences.body(self.reference.body.code)
        found = {value for value in working if audiences.PUBLIC in wanted}
        if audiences.is_within(of_body, wanted):
            found |= working & {audiences.referent(self.reference.body.code)}
        return frozenset(found or {audiences.STAFF})

    def is_open_to(self, held: Collection[str]) -> bool:
        """Whether who holds these may open the file now: also who works on the notice, by two of their audiences
        together. What others put in, its author opens only while they are of its body.
        """
        if audiences.may_see(held, self.effective_audiences):
            return True
        if not self.is_contributed or not self.reference.is_worked_on_by(held):
            return False
        return audiences.body(self.reference.body.code) in held or self.is_all_of_author()

    def is_all_of_author(self) -> bool:
        """Whether who began the reference put in every version of the file that there is. One query, none where it was
        asked (`tell_versions`).
        """
        if self._all_of_author is None:
            made = FileVersion.objects.filter(stored_file=self.stored_file_id).values_list("created_by", flat=True)
            self.tell_versions(made)
        return bool(self._all_of_author)

    def tell_versions(self, made_by: Iterable[int | None]) -> None:
        """Who put in each version, by the key of the account, for whoever has read it already."""
        self._all_of_author = set(made_by) <= {self.reference.created_by_id or 0}

    def opens(self, number: int) -> bool:
        """Whether readers of the file may open this version: once accepted, what acceptance opened; before, what
        acceptance will open.
        """
        return self.opened_from <= number and (
            self.reference.state != ReferenceState.ACCEPTED or number <= self.opened_to
        )

    def clean(self) -> None:
        super().clean()
        wanted = self.audiences or []
        if self.publish_reason == PublishReason.UNKNOWN and audiences.PUBLIC in wanted:
            raise ValidationError(
                {
                    "audiences": _(
                        "Say why we may publish this file before opening it to everyone; until then choose the members."
                    )
                }
            )
        if self.publish_reason == PublishReason.PERMISSION and not self.permission_date:
            raise ValidationError({"permission_date": _("Give the date of the permission.")})
        if self.reference_id or "reference" in self._state.fields_cache:
            try:
                audiences.refuse_wider(wanted, self.reference.audiences)
            except ValidationError as wider:
                raise ValidationError({"audiences": wider.messages}) from wider

    def save(self, *args, follows_notice: bool = False, update_fields=None, **options) -> None:
        """follows_notice: other readers come with those of a contribution; chosen otherwise, the file is contributed no
        longer.
        """
        with transaction.atomic():
            if not self.number:
                self.number = FileCounter.objects.next_number(self.reference_id)
            self._is_new, self._follows_notice = self._state.adding, follows_notice
            if update_fields is not None and not {"audiences", "publish_reason"}.isdisjoint(update_fields):
                update_fields = {*update_fields, "is_contributed"}
            super().save(*args, update_fields=update_fields, **options)

    def _opened_before(
        self, subjects: Sequence[str], stored: Mapping[str, Any], written: Sequence[str]
    ) -> dict[str, Opened]:
        """Where the save chooses other readers, an import's reference is from now on the editors'; the file is
        contributed no longer, nor where it takes the reason why it may be published off.
        """
        if rewrites(self, stored, {"audiences"}.intersection(written)):
            leave_to_editors([self.reference_id])
            self.is_contributed = self.is_contributed and self._follows_notice
        if self.publish_reason == PublishReason.UNKNOWN and rewrites(
            self, stored, {"publish_reason"}.intersection(written)
        ):
            self.is_contributed = self.is_contributed and self._follows_notice
        return super()._opened_before(subjects, stored, written)

    def _follow(self) -> None:
        """A file that is put in for readers at once is open to them; of one that was there, what waits waits on."""
        if self._is_new and self.reference.state == ReferenceState.ACCEPTED:
            open_versions([self.reference_id], of=[self.pk])
            self.refresh_from_db(fields=["opened_to"])

    def delete(self, *args, **options):
        with transaction.atomic():
            stored = self.stored_file_id
            note_gone(shown_to_others(pk=self.reference_id).filter(stored_file=stored))
            deleted = super().delete(*args, **options)
            StoredFile.objects.filter(pk=stored).delete()
        return deleted


class TakenVersion(models.Model):
    """A version that an editor took away: its file and text are gone, and its address says so, with the reason, to
    those who could open it.

    audiences: who could, then; the editors alone for one that no acceptance had opened. sha256: of its bytes, which no
    import brings again; "" where it was taken away before that was kept.
    """

    file = models.ForeignKey(ReferenceFile, on_delete=models.CASCADE, related_name="taken_versions")
    number = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64, blank=True, default="", db_index=True, editable=False)
    reason = models.CharField(_("reason"), max_length=500)
    audiences = models.JSONField(default=list)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("version that was taken away")
        verbose_name_plural = _("versions that were taken away")
        constraints = [models.UniqueConstraint(fields=["file", "number"], name="library_takenversion_once")]

    def __str__(self) -> str:
        return f"{self.file_id}.{self.number}"
