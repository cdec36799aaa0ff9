"""Uploads as they arrive: what is too large, too many or too much at once is read to its end but not kept, so that nothing fills the disk.

Such a file still reaches its form, as a `RefusedUpload` without content, so that its field can say a sentence and the other files of the
same request are kept. First in the setting FILE_UPLOAD_HANDLERS; the form field is in `forms`.
"""

from __future__ import annotations

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopFutureHandlers

TOO_MANY = "too_many"
TOGETHER = "together"


class RefusedUpload(UploadedFile):
    """A file that was not kept. size is what arrived, in bytes; refusal is TOO_MANY, TOGETHER, or "" for one that is too large by itself."""

    def __init__(self, name: str, size: int, refusal: str) -> None:
        super().__init__(ContentFile(b""), name, "application/octet-stream", size)
        self.refusal = refusal


class LimitedUploads(FileUploadHandler):
    """Lets a file through to the next handlers as long as it, its number and the whole request are within the settings' limits.

    FILES_MAX_BYTES a file, FILES_MAX_AT_ONCE files, FILES_REQUEST_MAX_BYTES kept in one request. A request whose Content-Length says from the
    start that it is four times as heavy keeps none of its files.
    """

    def __init__(self, request=None) -> None:
        super().__init__(request)
        self.number = 0
        self.kept_bytes = self.file_kept_bytes = 0
        self.seen_bytes = 0
        self.is_hopeless = False
        self.refusal: str | None = None

    def handle_raw_input(self, input_data, META, content_length, boundary, encoding=None):
        self.is_hopeless = content_length > 4 * settings.FILES_REQUEST_MAX_BYTES

    def new_file(self, *args, **options) -> None:
        super().new_file(*args, **options)
        self.number += 1
        self.seen_bytes = self.file_kept_bytes = 0
        self.refusal = None
        if self.is_hopeless:
            self.refusal = TOGETHER
        elif self.number > settings.FILES_MAX_AT_ONCE:
            self.refusal = TOO_MANY
        if self.refusal is not None:
            raise StopFutureHandlers

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        self.seen_bytes += len(raw_data)
        if self.refusal is None:
            self.kept_bytes += len(raw_data)
            self.file_kept_bytes += len(raw_data)
            if self.seen_bytes > settings.FILES_MAX_BYTES:
                self.refusal = ""
            elif self.kept_bytes > settings.FILES_REQUEST_MAX_BYTES:
                self.refusal = TOGETHER
        return raw_data if self.refusal is None else None

    def file_complete(self, file_size: int) -> RefusedUpload | None:
        if self.refusal is None:
            return None
        self.kept_bytes -= self.file_kept_bytes
        return RefusedUpload(self.file_name or "", self.seen_bytes, "" if self.seen_bytes > settings.FILES_MAX_BYTES else self.refusal)
