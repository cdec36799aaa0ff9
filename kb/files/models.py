"""Stored files, their versions and the pages of each version. Whatever has a file (a reference, later a meeting) owns a
`StoredFile`.

Text hangs on versions: a new version never overwrites what someone cited. Who may see a file is its owner's to say.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.core.files.storage import storages
from django.db import models
from django.utils.translation import gettext_lazy as _

from kb.files.choices import State


def private_storage():
    return storages["private"]


def upload_path(version: FileVersion | None, name: str) -> str:
    """files/ab/<uuid>: the name that people gave is data, never a path."""
    key = uuid.uuid4().hex
    return f"files/{key[:2]}/{key}"


class StoredFile(models.Model):
    """Something with versions. `owner_kind` is a key of `kb.files.owners` ("library.reference"); the owner points here.

    last_number is of the newest version ever made, which may be gone (`FileVersion.objects.newest`): numbers are in
    addresses and never used again.
    """

    owner_kind = models.CharField(max_length=60, db_index=True)
    last_number = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")

    def __str__(self) -> str:
        return f"{self.owner_kind} {self.pk}"


class FileVersionQuerySet(models.QuerySet["FileVersion"]):
    def newest(self) -> FileVersionQuerySet:
        """The newest version of each file that is still there: `last_number` may be of one that was taken away."""
        newer = FileVersion.objects.filter(
            stored_file=models.OuterRef("stored_file"), number__gt=models.OuterRef("number")
        )
        return self.filter(~models.Exists(newer))


class FileVersion(models.Model):
    """One state of a file, as it was put in. `number` from 1; size in bytes.

    media_type is what the child that reads it says, from the content: "" until then, and where it cannot be told.

    attempts counts readings begun, so that a file that ends the whole worker is not tried for ever; claimed_by is the
    task that is reading it, claimed_at when one last began. Each reading has a number, last_reading is the newest
    given; `reading` is the one whose pages are shown, indexed and drawn. Others' pages are leftovers, which the clock
    takes away (`tidying`) where has_leftovers says that there may be some. images_made counts pages whose turn for an
    image has come, in order; a page that cannot be drawn has none. image_attempts since the last progress.
    properties: what the file says of itself ("title", "author", "date", "language", "publisher"), less what is empty;
    never trusted, only proposed.
    text_length: characters of the pages of the current reading, together.
    wants_recognition: pages without text are still to be recognised from their pictures.
    """

    stored_file = models.ForeignKey(StoredFile, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    content = models.FileField(_("file"), storage=private_storage, upload_to=upload_path, max_length=200)
    original_name = models.CharField(_("name of the file"), max_length=255)
    media_type = models.CharField(max_length=120, blank=True)
    size_bytes = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.WAITING, db_index=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_by = models.CharField(max_length=64, blank=True, editable=False)
    claimed_at = models.DateTimeField(null=True, blank=True, editable=False)
    reading = models.PositiveIntegerField(default=1, editable=False)
    last_reading = models.PositiveIntegerField(default=1, editable=False)
    has_leftovers = models.BooleanField(default=False, db_index=True, editable=False)
    page_count = models.PositiveIntegerField(default=0)
    text_length = models.PositiveBigIntegerField(default=0, editable=False)
    languages = models.JSONField(default=list, blank=True)
    is_paged = models.BooleanField(default=False)
    images_made = models.PositiveIntegerField(default=0)
    image_attempts = models.PositiveSmallIntegerField(default=0)
    wants_recognition = models.BooleanField(default=False, editable=False)
    properties = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = FileVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        ordering = ["stored_file", "number"]
        constraints = [models.UniqueConstraint(fields=["stored_file", "number"], name="files_version_number_once")]
        indexes = [
            models.Index(fields=["state", "created_by", "attempts"], name="files_waiting_of_person"),
            models.Index(fields=["created_by", "claimed_at"], name="files_person_served"),
        ]

    def __str__(self) -> str:
        return f"{self.original_name} ({self.number})"


class CurrentPages(models.Manager["FilePage"]):
    """Pages of the reading that is the current one of its version: those of one that is under way, or was cut off,
    are not there.
    """

    def get_queryset(self) -> models.QuerySet[FilePage]:
        return super().get_queryset().filter(reading=models.F("version__reading"))


class FilePage(models.Model):
    """A page (or a section, for formats without pages) of a version, number from 1, as the reading with that number
    found it.

    `objects` and `version.pages` have the current reading's alone; `of_all_readings` is for who writes them and takes
    leftovers away.

    spans: [[start, end, "nl"], …]; boxes packed by search.extraction.pages; image: its name in the private storage, ""
    before it is drawn.
    """

    version = models.ForeignKey(FileVersion, on_delete=models.CASCADE, related_name="pages")
    reading = models.PositiveIntegerField(default=1, db_default=1, editable=False)
    number = models.PositiveIntegerField()
    label = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    spans = models.JSONField(default=list, blank=True)
    boxes = models.BinaryField(default=bytes, blank=True)
    width = models.FloatField(default=0)
    height = models.FloatField(default=0)
    is_ocr = models.BooleanField(default=False)
    image = models.CharField(max_length=200, blank=True)

    objects = CurrentPages()
    of_all_readings = models.Manager["FilePage"]()

    class Meta:
        verbose_name = _("page")
        verbose_name_plural = _("pages")
        ordering = ["version", "number"]
        constraints = [
            models.UniqueConstraint(fields=["version", "reading", "number"], name="files_page_once_a_reading")
        ]

    def __str__(self) -> str:
        return f"{self.version} p. {self.number}"
