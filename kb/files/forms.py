"""The form field for a file: one sentence for each thing that can be wrong with an upload."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kb.files.storing import check_size


class UploadField(forms.FileField):
    """Takes any kind of file up to FILES_MAX_BYTES: what it is is decided from its content when it is stored, and said by its state."""

    default_error_messages = {
        "required": _("Choose a file."),
        "invalid": _("The file did not arrive. Choose it again."),
        "missing": _("The file did not arrive. Choose it again."),
        "empty": _("This file is empty. Choose it again, or choose another copy."),
    }

    def __init__(self, **options) -> None:
        options.setdefault("help_text", format_lazy("{} {}", _("PDF, Word, OpenDocument, e-book, web page or message."), _SizeLimit()))
        super().__init__(**options)

    def to_python(self, data) -> UploadedFile | None:
        upload = super().to_python(data)
        if upload is not None:
            check_size(upload.size)
        return upload


class _SizeLimit:
    """ "At most 100 MB.", in the language and with the setting of the moment it is shown."""

    def __str__(self) -> str:
        return gettext("At most %(limit)s.") % {"limit": filesizeformat(settings.FILES_MAX_BYTES)}
