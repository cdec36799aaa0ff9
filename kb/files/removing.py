"""Taking bytes away: after the commit that deleted their row, and by the clock for what a killed process or a
rolled-back save left behind.

row deleted ─commit─► content and page images deleted                 rolled back: nothing happens
bytes without a row, older than a day ─clock, a 256th of the storage each hour─► deleted
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from functools import partial

from django.core.files.storage import Storage
from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils import timezone

from kb.files.content import image_folder
from kb.files.models import FileVersion, private_storage
from kb.files.owners import tell_removed

logger = logging.getLogger(__name__)

_SPARED = timedelta(days=1)  # a save may still be under way
_PREFIXES = 256


@receiver(post_delete, sender=FileVersion)
def remove_after_commit(sender: type[FileVersion], instance: FileVersion, origin: object = None, **_: object) -> None:
    """A signal, because versions also go by cascade, where no `delete()` of theirs is called; it is sent inside the
    deletion's transaction.

    The owner is told of versions that were themselves deleted: whoever deletes the whole file is its owner.
    """
    if getattr(origin, "model", type(origin)) is FileVersion:
        tell_removed(instance.stored_file)
    if instance.content.name:
        transaction.on_commit(partial(remove_bytes, instance.content.name), robust=True)


def remove_bytes(content_name: str) -> None:
    """Deletes the content and its page images; what is gone already is no error."""
    storage = private_storage()
    _remove_folder(storage, image_folder(content_name))
    storage.delete(content_name)


def remove_orphans(*, prefix: str | None = None, older_than: timedelta = _SPARED) -> str:
    """Deletes stored bytes that no version names, under files/<prefix> and pages/<prefix>; by default the prefix whose
    turn this hour is.

    One query per 500 stored files. Gives "" when there were none.
    """
    now = timezone.now()
    prefix = prefix or f"{int(now.timestamp() // 3600) % _PREFIXES:02x}"
    storage = private_storage()
    contents = {f"files/{prefix}/{name}" for name in _list(storage, f"files/{prefix}")[1]}
    pictured = {f"files/{prefix}/{name}" for name in _list(storage, f"pages/{prefix}")[0]}
    stored = sorted(contents | pictured)
    removed = 0
    for start in range(0, len(stored), 500):
        batch = stored[start : start + 500]
        known = set(FileVersion.objects.filter(content__in=batch).values_list("content", flat=True))
        for name in batch:
            if name not in known and _is_older(storage, name, contents, now - older_than):
                remove_bytes(name)
                removed += 1
    return f"{removed} orphaned files deleted under {prefix}" if removed else ""


def _is_older(storage: Storage, name: str, contents: set[str], limit: datetime) -> bool:
    """Whether the content, or (where only page images are left) an image, was last written before `limit`."""
    if name in contents:
        return storage.get_modified_time(name) < limit
    return all(storage.get_modified_time(image) < limit for image in _images(storage, image_folder(name)))


def _images(storage: Storage, folder: str) -> list[str]:
    return [
        f"{folder}/{version}/{image}"
        for version in _list(storage, folder)[0]
        for image in _list(storage, f"{folder}/{version}")[1]
    ]


def _remove_folder(storage: Storage, folder: str) -> None:
    for version in _list(storage, folder)[0]:
        for image in _list(storage, f"{folder}/{version}")[1]:
            storage.delete(f"{folder}/{version}/{image}")
        storage.delete(f"{folder}/{version}")
    storage.delete(folder)


def _list(storage: Storage, folder: str) -> tuple[list[str], list[str]]:
    try:
        return storage.listdir(folder)
    except FileNotFoundError:
        return [], []
