"""Stored files, their versions and the pages of each version. Whatever has a file (a reference, later a meeting) owns a `StoredFile`.

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

    last_number is of the newest version ever made: numbers are in addresses and never used again.
    """

    owner_kind = models.CharField(max_length=60, db_index=True)
    last_number = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")

    def __str__(self) -> str:
        return f"{self.owner_kind} {self.pk}"


class FileVersion(models.Model):
    """One state of a file, as it was put in. `number` from 1; size in bytes.

    media_type is what the child that reads it says, from the content: "" until then, and where it cannot be told.

    attempts counts readings begun, so that a file that ends the whole worker is not tried for ever; claimed_by is the task that is reading it.
    images_made counts pages whose turn for an image has come, in order; a page that cannot be drawn has none. image_attempts since the last progress.
    properties: what the file says of itself ("title", "author", "date", "language", "publisher"), less what is empty; never trusted, only proposed.
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
    page_count = models.PositiveIntegerField(default=0)
    languages = models.JSONField(default=list, blank=True)
    is_paged = models.BooleanField(default=False)
    images_made = models.PositiveIntegerField(default=0)
    image_attempts = models.PositiveSmallIntegerField(default=0)
    wants_recognition = models.BooleanField(default=False, editable=False)
    properties = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        ordering = ["stored_file", "number"]
        constraints = [models.UniqueConstraint(fields=["stored_file", "number"], name="files_version_number_once")]

    def __str__(self) -> str:
        return f"{self.original_name} ({self.number})"


class FilePage(models.Model):
    """A page (or a section, for formats without pages) of a version, number from 1.

    spans: [[start, end, "nl"], …]; boxes packed by search.extraction.pages; image: its name in the private storage, "" before it is drawn.
    """

    version = models.ForeignKey(FileVersion, on_delete=models.CASCADE, related_name="pages")
    number = models.PositiveIntegerField()
    label = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    spans = models.JSONField(default=list, blank=True)
    boxes = models.BinaryField(default=bytes, blank=True)
    width = models.FloatField(default=0)
    height = models.FloatField(default=0)
    is_ocr = models.BooleanField(default=False)
    image = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("page")
        verbose_name_plural = _("pages")
        ordering = ["version", "number"]
        constraints = [models.UniqueConstraint(fields=["version", "number"], name="files_page_number_once")]

    def __str__(self) -> str:
        return f"{self.version} p. {self.number}"
