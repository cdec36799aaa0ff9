"""Uploads of a form that is shown again: kept aside for a day, so that nobody has to choose a file twice.

private storage  incoming/<uuid>.<what>.<person>        the token in the form: signed {"key", "name"}, good for a day
What is kept for someone (`whose`, any text) comes back under the same text alone: their token opens nothing in another
person's form.
"""

from __future__ import annotations

import uuid
from contextlib import suppress
from datetime import timedelta

from django.core import signing
from django.core.files.base import File
from django.core.files.storage import storages
from django.utils import timezone

SALT = "kb.files.keeping"  # of tokens in forms that are open: stays as it is
KEPT_FOR = timedelta(days=1)
FOLDER = "incoming"


def keep(content: File, name: str, *, whose: str = "") -> str:
    """Puts the upload aside and gives the token for it."""
    content.seek(0)
    key = storages["private"].save(f"{FOLDER}/{uuid.uuid4().hex}{_ending(whose)}", content)
    return signing.dumps({"key": key, "name": name}, salt=SALT + whose, compress=True)


def _ending(whose: str) -> str:
    """ ".7", ".form.7" for whatever is kept for the person 7: so that what they have there can be counted."""
    number = "".join(sign for sign in whose if sign.isdecimal())
    what = "".join(sign for sign in whose if sign.isalpha())
    return "".join(f".{part}" for part in (what, number) if part) if number else ""


def keep_last(number: int, *, whose: str) -> None:
    """Removes of what is kept for someone all but the `number` that came last."""
    storage, dated = storages["private"], []
    for name in storage.listdir(FOLDER)[1]:
        if name.partition(".")[2] == _ending(whose).removeprefix("."):
            with suppress(FileNotFoundError):  # it was just released
                dated.append((storage.get_modified_time(f"{FOLDER}/{name}"), name))
    for _time, name in sorted(dated)[: max(0, len(dated) - number)]:
        storage.delete(f"{FOLDER}/{name}")


def kept_bytes(person: int) -> int:
    """What is kept aside for this person now, in bytes."""
    storage = storages["private"]
    try:
        names = storage.listdir(FOLDER)[1]
    except FileNotFoundError:
        return 0
    total = 0
    for name in names:
        if name.endswith(f".{person}"):
            with suppress(FileNotFoundError):  # it was just released
                total += storage.size(f"{FOLDER}/{name}")
    return total


def kept(token: str, *, whose: str = "") -> tuple[File, str]:
    """The upload and its name.

    Raises signing.BadSignature for a forged or old token or somebody else's, FileNotFoundError when it is gone.
    """
    found = signing.loads(token, salt=SALT + whose, max_age=KEPT_FOR)
    if not storages["private"].exists(found["key"]):
        raise FileNotFoundError(found["key"])
    return storages["private"].open(found["key"]), found["name"]


def release(token: str, *, whose: str = "") -> None:
    """Removes a kept upload that was saved. Raises signing.BadSignature as `kept` does."""
    storages["private"].delete(signing.loads(token, salt=SALT + whose, max_age=KEPT_FOR)["key"])


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


def kept_name(token: str, *, whose: str = "") -> str:
    """The name of an upload kept aside; "" for a token that opens nothing here."""
    try:
        content, name = kept(token, whose=whose) if token else (None, "")
    except (signing.BadSignature, FileNotFoundError):
        return ""
    if content is not None:
        content.close()
    return name
