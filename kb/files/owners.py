"""Who owns files: domains above register a kind, and hear when the text of one of their files has changed, or a version
of it is gone.

Works with an empty registry: a file without a registered owner is read and nobody is told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kb.files.models import StoredFile
from search.registries import Registry

OnChanged = Callable[[StoredFile], None]
LanguageOf = Callable[[StoredFile], str]


def _not_heard(stored_file: StoredFile) -> None:
    pass


def _not_known(stored_file: StoredFile) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Owner:
    """on_changed(stored_file) is called inside the transaction that writes pages and state, on_removed inside the one
    that deletes a version.

    language_of(stored_file) gives "fr", "nl", "en" or "".
    """

    kind: str
    on_changed: OnChanged
    on_removed: OnChanged
    language_of: LanguageOf


OWNERS: Registry[Owner] = Registry()


def register_owner(
    owner_kind: str, on_changed: OnChanged, *, on_removed: OnChanged = _not_heard, language_of: LanguageOf = _not_known
) -> None:
    """Called from `apps.py`; a kind registered again replaces the first."""
    OWNERS.register(owner_kind, Owner(owner_kind, on_changed, on_removed, language_of))


def tell(stored_file: StoredFile) -> None:
    """Tells the owner that pages or state of the file changed. Call it in the transaction of the change."""
    if owner := OWNERS.get(stored_file.owner_kind):
        owner.on_changed(stored_file)


def tell_removed(stored_file: StoredFile) -> None:
    """Tells the owner that a version of the file is gone. Call it in the transaction of the deletion."""
    if owner := OWNERS.get(stored_file.owner_kind):
        owner.on_removed(stored_file)


def language_of(stored_file: StoredFile) -> str:
    """The language that the owner gave the file, or ""."""
    owner = OWNERS.get(stored_file.owner_kind)
    return owner.language_of(stored_file) if owner else ""
