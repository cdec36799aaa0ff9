"""Putting a file in: its size is checked, programs are refused, its bytes stored under a name of ours, its reading
asked for.

    receive (bytes are looked at, hashed and copied; never in a transaction, which would hold up everybody's writing)
       └─► Received ─► store (rows alone, in the transaction of whoever names the file) ─commit─► reading
What a file is exactly is found out by the child that reads it: until then `media_type` is "". Reading is in `tasks`,
giving it out again in `serving`, taking it away in `removing`.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError
from django.template.defaultfilters import filesizeformat
from django.utils.formats import number_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kb.files.choices import State
from kb.files.models import FileVersion, StoredFile, private_storage, upload_path
from kb.files.names import clean_name
from kb.files.tasks import enqueue_reading
from search.extraction import HEAD_BYTES, Family, family_of

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


def check_kind(head: bytes, name: str) -> None:
    """Raises ValidationError for a program, by its first HEAD_BYTES bytes and the ending of its name;
    every other kind is taken.
    """
    if family_of(head, clean_name(name)) == Family.PROGRAM:
        raise ValidationError(
            _(
                "This is a program, not a document: programs are not kept here. Put in the document "
                "itself, for example as a PDF."
            ),
            code="program",
        )


@dataclass(frozen=True, slots=True)
class Received:
    """Bytes that are in the private storage as `content_name`, and what is known of them;
    `store` makes one version of it.
    """

    content_name: str
    original_name: str
    size_bytes: int
    sha256: str

    def discard(self) -> None:
        """Removes the bytes, which nobody will name.

        What a killed process leaves is removed by the clock (`removing`).
        """
        private_storage().delete(self.content_name)


def receive(content: File | Path | str, *, original_name: str = "") -> Received:
    """Looks at the first bytes of an upload, or of the file at a path, and copies it into the private storage; nothing
    in it is parsed.

    Raises ValidationError (empty, too_large, program); TransactionManagementError in a transaction, where the time that
    a large file takes would be everybody's.
    """
    _refuse_in_transaction()
    with _local(content) as path:
        size_bytes = path.stat().st_size
        check_size(size_bytes)
        name = clean_name(original_name or getattr(content, "name", "") or path.name)
        with path.open("rb") as file:
            check_kind(file.read(HEAD_BYTES), name)
        sha256 = sha256_of(path)
        with path.open("rb") as file:
            content_name = private_storage().save(upload_path(None, name), File(file))
    return Received(content_name, name, size_bytes, sha256)


@contextmanager
def receiving(content: File | Path | str, *, original_name: str = "") -> Iterator[Received]:
    """The same as `receive`, for a block that names the bytes in the database; they are removed if the block raises."""
    received = receive(content, original_name=original_name)
    try:
        yield received
    except BaseException:
        received.discard()
        raise


def store(
    content: Received | File | Path | str,
    *,
    original_name: str = "",
    owner_kind: str = "",
    stored_file: StoredFile | None = None,
    user=None,
) -> FileVersion:
    """A new version of `stored_file`, or of a new one of `owner_kind`, with what was received; reading starts after the
    commit.

    An upload or a path is received first, which raises what `receive` raises. Inside a transaction that is rolled back
    the bytes stay for the clock to remove (`removing`), unless `receiving` stands around it.
    """
    if (stored_file is None) == (not owner_kind):
        raise ValueError("Give either the stored file or the kind of the owner of a new one.")
    if not isinstance(content, Received):
        with receiving(content, original_name=original_name) as received:
            return store(received, owner_kind=owner_kind, stored_file=stored_file, user=user)
    with transaction.atomic():
        stored_file = stored_file or StoredFile.objects.create(owner_kind=owner_kind)
        version = FileVersion(
            stored_file=stored_file,
            number=_next_number(stored_file),
            content=content.content_name,
            original_name=content.original_name,
            size_bytes=content.size_bytes,
            sha256=content.sha256,
            created_by=user,
        )
        version.save(force_insert=True)
        transaction.on_commit(enqueue_reading)
    return version


def _refuse_in_transaction() -> None:
    # As Django does for `durable`: the transaction that a test runs in is none.
    if any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
        raise TransactionManagementError(
            "receive() must stand before the transaction that stores the file: its time would be everybody's."
        )


def read_again(version: FileVersion) -> None:
    """Forgets how often it was tried and has the version read once more;
    its pages stay until the new ones are there.
    """
    with transaction.atomic():
        FileVersion.objects.filter(pk=version.pk).update(
            state=State.WAITING, reason="", attempts=0, claimed_by="", image_attempts=0
        )
        transaction.on_commit(enqueue_reading)
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


def sha256_of(path: Path) -> str:
    """The fingerprint of a file on disk, read block by block."""
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
