"""Uploads of a form that is shown again: kept aside for a day, so that nobody has to choose a file twice.

private storage  incoming/<uuid>        the word in the form: signed {"key", "name"}, good for a day
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.core import signing
from django.core.files.base import File
from django.core.files.storage import storages
from django.utils import timezone

SALT = "kb.files.keeping"
KEPT_FOR = timedelta(days=1)
FOLDER = "incoming"


def keep(content: File, name: str) -> str:
    """Puts the upload aside and gives the word for it."""
    content.seek(0)
    key = storages["private"].save(f"{FOLDER}/{uuid.uuid4().hex}", content)
    return signing.dumps({"key": key, "name": name}, salt=SALT, compress=True)


def kept(word: str) -> tuple[File, str]:
    """The upload and its name. Raises signing.BadSignature for a forged or old word, FileNotFoundError when it is gone."""
    found = signing.loads(word, salt=SALT, max_age=KEPT_FOR)
    if not storages["private"].exists(found["key"]):
        raise FileNotFoundError(found["key"])
    return storages["private"].open(found["key"]), found["name"]


def release(word: str) -> None:
    """Removes a kept upload that was saved."""
    storages["private"].delete(signing.loads(word, salt=SALT, max_age=KEPT_FOR)["key"])


def remove_old() -> str:
    """Removes what nobody came back for; says how many, "" for none."""
    storage, limit, removed = storages["private"], timezone.now() - KEPT_FOR, 0
    try:
        _folders, names = storage.listdir(FOLDER)
    except FileNotFoundError:
        return ""
    for name in names:
        if storage.get_modified_time(f"{FOLDER}/{name}") < limit:
            storage.delete(f"{FOLDER}/{name}")
            removed += 1
    return f"{removed} kept uploads removed" if removed else ""
