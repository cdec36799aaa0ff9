"""Putting a reference in with its files, in one transaction, for forms, imports and the demonstration; bytes are
received before (`storing`).
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from django.core.files.base import File
from django.db import transaction
from django.utils.text import get_valid_filename

from kb.accounts.audiences import MEMBERS, PUBLIC
from kb.files.intake.storing import Received, receiving, store
from kb.library.choices import PublishReason
from kb.library.models import Creator, Reference, ReferenceFile
from kb.library.models.references import KIND
from kb.vocabulary.models import Concept

MOST_NAMES = 100  # of who made a document; the document itself has the others


def add_reference(
    reference: Reference, *, creators: Iterable[Creator] = (), concepts: Iterable[Concept] = ()
) -> Reference:
    """Checks and saves a new reference with who made it and what it is about; its shelf mark is given here.

    Raises ValidationError.
    """
    reference.creators.set(list(creators))
    reference.concepts = list(concepts)
    reference.full_clean()
    reference.save()
    return reference


def readers_of_file(audiences: list[str]) -> list[str]:
    """The audiences of the file of a notice with these, while why we may publish it is not known: everyone's becomes
    the members'.
    """
    return [MEMBERS] if PUBLIC in audiences else audiences


def add_file(
    reference: Reference,
    content: Received | File | Path | str,
    *,
    original_name: str = "",
    title: str = "",
    language: str = "",
    audiences: Iterable[str],
    publish_reason: str = PublishReason.UNKNOWN,
    permission_date=None,
    user=None,
    is_contributed: bool = False,
) -> ReferenceFile:
    """Stores a file and hangs it on a saved reference; reading starts after the commit. An upload or a path is received
    first.

    Raises ValidationError: empty, too large, a program, open to more readers than the notice, or public without a
    reason why we may.
    """
    added = ReferenceFile(
        reference=reference,
        title=title,
        language=language,
        audiences=sorted(set(audiences)),
        publish_reason=publish_reason,
        permission_date=permission_date,
        is_contributed=is_contributed,
    )
    added.full_clean(exclude=["stored_file", "number"])
    with ExitStack() as kept:
        received = (
            content
            if isinstance(content, Received)
            else kept.enter_context(receiving(content, original_name=original_name))
        )
        with transaction.atomic():
            added.stored_file = store(received, owner_kind=KIND, user=user).stored_file
            added.save()
    return added


def readable_name(name: str) -> str:
    """ "rapport_activite-2012.pdf" as a title: "rapport activite-2012"."""
    stem = name.rsplit(".", 1)[0] if "." in name else name
    return " ".join(stem.replace("_", " ").split())[:255] or get_valid_filename(name)
