"""Sheets that are imported: looked through line by line, then written; a row per line, so that an import can be
stopped, taken up again and read.
"""

from __future__ import annotations

from django.conf import settings
from django.core.files.storage import storages
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kb.sheets.choices import ImportState, Verdict


def private_storage():
    return storages["private"]


class SheetImport(models.Model):
    """A workbook put in by an editor. `kind` is a key of `kb.sheets.kinds` ("directory", "people").

    looking ──► looked ──► writing ──► done        stopped: by an editor, at any moment; goes on with the first line that is not written
    lines counts those of the workbook, done those looked at (or written) so far.
    """  # noqa: E501

    kind = models.CharField(_("kind"), max_length=40)
    content = models.FileField(_("file"), storage=private_storage, upload_to="sheets/", max_length=200)
    original_name = models.CharField(_("name of the file"), max_length=255)
    state = models.CharField(_("state"), max_length=10, choices=ImportState.choices, default=ImportState.LOOKING)
    lines = models.PositiveIntegerField(_("lines"), default=0)
    done = models.PositiveIntegerField(_("done"), default=0)
    problem = models.CharField(_("problem"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("put in on"), default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("put in by"), null=True, on_delete=models.SET_NULL, related_name="+"
    )
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("imported sheet")
        verbose_name_plural = _("imported sheets")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.original_name


class SheetLine(models.Model):
    """One line of a sheet and what is made of it. `number` is the row as the spreadsheet counts it; message: what is
    unclear, or changes.

    values: {column: text}, emptied when the import is old (people are in it).
    """

    sheet_import = models.ForeignKey(SheetImport, on_delete=models.CASCADE, related_name="rows")
    sheet = models.CharField(_("sheet"), max_length=40)
    number = models.PositiveIntegerField(_("line"))
    verdict = models.CharField(_("verdict"), max_length=10, choices=Verdict.choices)
    message = models.TextField(_("remark"), blank=True)
    values = models.JSONField(default=dict, blank=True)
    written_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        ordering = ["id"]
        indexes = [models.Index(fields=["sheet_import", "verdict", "id"])]
        constraints = [models.UniqueConstraint(fields=["sheet_import", "sheet", "number"], name="sheets_line_once")]

    def __str__(self) -> str:
        return f"{self.sheet} {self.number}"
