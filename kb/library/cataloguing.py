"""Putting a reference in with its files, in one step and one transaction: for imports, the demonstration, and whatever is not a form."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from django.core.files.base import File
from django.db import transaction

from kb.files.storing import store
from kb.library.choices import PublishReason
from kb.library.models import Creator, Reference, ReferenceFile
from kb.library.models.recording import KIND
from kb.vocabulary.models import Concept


def add_reference(reference: Reference, *, creators: Iterable[Creator] = (), concepts: Iterable[Concept] = ()) -> Reference:
    """Checks and saves a new reference with who made it and what it is about; its shelf mark is given here. Raises ValidationError."""
    reference.creators = list(creators)
    reference.concepts = list(concepts)
    reference.full_clean()
    reference.save()
    return reference


def add_file(
    reference: Reference,
    content: File | Path | str,
    *,
    original_name: str = "",
    title: str = "",
    language: str = "",
    audiences: Iterable[str],
    publish_reason: str = PublishReason.UNKNOWN,
    permission_date=None,
    user=None,
) -> ReferenceFile:
    """Stores a file and hangs it on a saved reference; reading starts after the commit.

    Raises ValidationError: empty, too large, open to more readers than the notice, or public without a reason why we may.
    """
    added = ReferenceFile(
        reference=reference,
        title=title,
        language=language,
        audiences=sorted(set(audiences)),
        publish_reason=publish_reason,
        permission_date=permission_date,
    )
    added.full_clean(exclude=["stored_file", "number"])
    with transaction.atomic():
        added.stored_file = store(content, original_name=original_name, owner_kind=KIND, user=user).stored_file
        added.save()
    return added
