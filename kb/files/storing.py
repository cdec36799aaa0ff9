"""Putting a file in: its size is checked, its type found from its content, its bytes stored under a name of ours, its reading asked for.

Reading is in `tasks`, giving it out again in `serving`, taking it away in `removing`.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.db import transaction
from django.template.defaultfilters import filesizeformat
from django.utils.formats import number_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kb.files.choices import State
from kb.files.models import FileVersion, StoredFile
from kb.files.names import clean_name
from kb.files.tasks import enqueue_reading
from search.extraction import ExtractionError, sniff

_BLOCK = 1 << 20


def limit_words(limit_bytes: int) -> str:
    """A limit as people say it: "100 Mo" for 100 times 1024 times 1024 bytes."""
    megabytes = round(limit_bytes / (1 << 20))
    return gettext("%(size)s MB") % {"size": number_format(megabytes, 0)} if megabytes else filesizeformat(limit_bytes)


def check_size(size_bytes: int) -> None:
    """Raises ValidationError for a file that is empty, or over FILES_MAX_BYTES; the sentence says the limit."""
    if not size_bytes:
        raise ValidationError(_("This file is empty. Choose it again, or choose another copy."), code="empty")
    if size_bytes > settings.FILES_MAX_BYTES:
        raise ValidationError(
            _("This file weighs %(size)s; the most is %(limit)s. Put in a lighter version, or several parts."),
            code="too_large",
            params={"size": filesizeformat(size_bytes), "limit": limit_words(settings.FILES_MAX_BYTES)},
        )


def store(
    content: File | Path | str,
    *,
    original_name: str = "",
    owner_kind: str = "",
    stored_file: StoredFile | None = None,
    user=None,
) -> FileVersion:
    """Stores an upload, or the file at a path, as a new version of `stored_file`, or of a new one of `owner_kind`; reading starts after the commit.

    Raises ValidationError (empty, too_large). Inside a transaction that is rolled back the bytes stay for the clock to remove (`removing`).
    """
    if (stored_file is None) == (not owner_kind):
        raise ValueError("Give either the stored file or the kind of the owner of a new one.")
    with _local(content) as path:
        size_bytes = path.stat().st_size
        check_size(size_bytes)
        facts = {"size_bytes": size_bytes, "sha256": _sha256(path), "media_type": _media_type(path)}
        name = clean_name(original_name or getattr(content, "name", "") or path.name)
        with transaction.atomic():
            stored_file = stored_file or StoredFile.objects.create(owner_kind=owner_kind)
            number = _next_number(stored_file)
            version = FileVersion(stored_file=stored_file, number=number, original_name=name, created_by=user, **facts)
            with path.open("rb") as file:
                version.content.save(name, File(file), save=False)
            try:
                version.save(force_insert=True)
            except BaseException:
                version.content.storage.delete(version.content.name)
                raise
            transaction.on_commit(lambda: enqueue_reading(version.pk))
    return version


def read_again(version: FileVersion) -> None:
    """Forgets how often it was tried and has the version read once more; its pages stay until the new ones are there."""
    with transaction.atomic():
        FileVersion.objects.filter(pk=version.pk).update(state=State.WAITING, reason="", attempts=0, claimed_by="", image_attempts=0)
        transaction.on_commit(lambda: enqueue_reading(version.pk))
    version.refresh_from_db()


def _next_number(stored_file: StoredFile) -> int:
    locked = StoredFile.objects.select_for_update().get(pk=stored_file.pk)
    locked.last_number += 1
    locked.save(update_fields=["last_number"])
    stored_file.last_number = locked.last_number
    return locked.last_number


@contextmanager
def _local(content: File | Path | str) -> Iterator[Path]:
    """The content as a file of this machine, for as long as the block lasts."""
    if isinstance(content, (str, os.PathLike)):
        yield Path(content)
    elif hasattr(content, "temporary_file_path"):
        yield Path(content.temporary_file_path())
    else:
        check_size(content.size)  # before copying what is refused anyway
        with tempfile.NamedTemporaryFile(prefix="cass-upload-") as copy:
            for block in content.chunks():
                copy.write(block)
            copy.flush()
            yield Path(copy.name)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _media_type(path: Path) -> str:
    """ "" when the content does not say: the reading gives the state."""
    try:
        return sniff(path)
    except ExtractionError:
        return ""
