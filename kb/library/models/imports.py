"""What was imported from folders, so that an import can be stopped at any moment, taken up again, and repeated."""

from __future__ import annotations

from django.db import models

from kb.groups.models import Body
from kb.library.models.references import Reference


class ImportedDocument(models.Model):
    """A document of a folder that became (a version of) a file of a reference; written in the same transaction.

    path is relative to the folder imported, with slashes; root tells that folder from others (`catalogue.returning`),
    "" in old rows. A reference that was deleted since leaves the row: it is not imported again, under any name.
    """

    body = models.ForeignKey(Body, on_delete=models.CASCADE, related_name="+")
    root = models.CharField(max_length=64, blank=True, default="")
    path = models.CharField(max_length=1000)
    sha256 = models.CharField(max_length=64)
    reference = models.ForeignKey(Reference, null=True, on_delete=models.SET_NULL, related_name="+")
    file_number = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["sha256"], name="library_imported_by_sha256")]
        constraints = [models.UniqueConstraint(fields=["body", "path", "sha256"], name="library_importeddocument_once")]

    def __str__(self) -> str:
        return self.path
