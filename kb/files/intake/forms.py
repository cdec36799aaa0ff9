"""The form field for a file: one sentence for each thing that can be wrong with an upload.

Those of what was not kept are in `uploading`.
"""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.conf import settings
from django.core.files.base import File
from django.core.files.uploadedfile import UploadedFile
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kb.files.intake.storing import check_kind, check_size, limit_words
from kb.files.names import clean_name
from search.extraction import HEAD_BYTES


class UploadField(forms.FileField):
    """Takes any kind of file but programs, up to FILES_MAX_BYTES: what it is is decided from its content when it is
    read, and said by its state.
    """

    default_error_messages = {
        "required": _("Choose a file."),
        "invalid": _("The file did not arrive. Choose it again."),
        "missing": _("The file did not arrive. Choose it again."),
        "empty": _("This file is empty. Choose it again, or choose another copy."),
    }

    def __init__(self, **options) -> None:
        options.setdefault(
            "help_text", format_lazy("{} {}", _("PDF, Word, OpenDocument, e-book, web page or message."), _SizeLimit())
        )
        super().__init__(**options)

    def to_python(self, data) -> UploadedFile | None:
        upload = super().to_python(data)
        if upload is not None:
            assert isinstance(upload, UploadedFile)  # the field gives back what it was given
            check_upload(upload, upload.name or "")
        return upload


def check_upload(content: File, name: str) -> None:
    """Raises ValidationError for what is empty, too large or a program; looks at its first bytes alone."""
    check_size(content.size)
    content.seek(0)
    check_kind(content.read(HEAD_BYTES), name)
    content.seek(0)


class UploadsInput(forms.ClearableFileInput):
    """Several files in one native field."""

    template_name = "django/forms/widgets/file.html"
    allow_multiple_selected = True


@dataclass(frozen=True, slots=True)
class Refused:
    """A file of several that cannot be taken, and why."""

    name: str
    sentence: str

    def __str__(self) -> str:
        return gettext("%(name)s: %(sentence)s") % {"name": self.name, "sentence": self.sentence}


@dataclass(frozen=True, slots=True)
class Uploads:
    """What came through a field for several files: those that can be taken, and those that cannot."""

    taken: tuple[UploadedFile, ...] = ()
    refused: tuple[Refused, ...] = ()


class UploadsField(UploadField):
    """Several files of any kind, at most FILES_MAX_AT_ONCE; one that cannot be taken stops none of the others."""

    widget = UploadsInput

    def to_python(self, data) -> Uploads:
        taken, refused = [], []
        for upload in data or ():
            try:
                taken.append(super().to_python(upload))
            except forms.ValidationError as error:
                refused.append(Refused(clean_name(getattr(upload, "name", "")), " ".join(error.messages)))
        return Uploads(tuple(taken), tuple(refused))

    def clean(self, data, initial=None) -> Uploads:
        return self.to_python(data)

    def has_changed(self, initial, data) -> bool:
        return bool(data)


class _SizeLimit:
    """ "At most 100 MB.", in the language and with the setting of the moment it is shown."""

    def __str__(self) -> str:
        return gettext("At most %(limit)s.") % {"limit": limit_words(settings.FILES_MAX_BYTES)}
