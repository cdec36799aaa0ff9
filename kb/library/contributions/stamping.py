"""A stamp of what the page of a contribution shows, so that a step is only taken on what the person saw."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from kb.accounts.reopening import given
from kb.files.models import FileVersion
from kb.library.choices import PublishReason
from kb.library.models import ContributionStep, Creator, Reference, ReferenceFile

CHANGED = _("This reference was changed since you opened it. Look at it again before you decide.")

_NOT_SHOWN = frozenset({"updated_at"})


def reason_given(now: str, wanted: str) -> bool:
    """True where a reason to publish comes and none was there: without one, a file for everyone is for the members."""
    return given(now != PublishReason.UNKNOWN, wanted != PublishReason.UNKNOWN)


def stamp_of(reference: Reference) -> str:
    """A text that changes as soon as a line, a reader, a file, a version or a step does. Five queries.

    Take it before the rest of the page is read: what changes in between then asks for a second look, never for none.
    """
    return stamps_of([reference])[reference.pk]


def stamps_of(references: Sequence[Reference]) -> dict[int, str]:
    """The stamp of each by its key. Five queries for all of them."""
    pks = [reference.pk for reference in references]
    of_these = {"reference__in": pks}
    versions = FileVersion.objects.filter(stored_file__reference_file__reference__in=pks).order_by("pk")
    parts = (
        _by_reference(
            ReferenceFile.objects.filter(**of_these)
            .order_by("pk")
            .values_list("reference", "pk", "title", "language", "audiences", "publish_reason", "permission_date")
        ),
        _by_reference(versions.values_list(F("stored_file__reference_file__reference"), "pk")),
        _by_reference(
            Creator.objects.filter(**of_these).order_by("sort_order", "pk").values_list("reference", "name", "role")
        ),
        _by_reference(
            Reference.concepts.through.objects.filter(**of_these)
            .order_by("concept_id")
            .values_list("reference", "concept_id")
        ),
        _by_reference(ContributionStep.objects.filter(**of_these).order_by("pk").values_list("reference", "pk")),
    )
    return {reference.pk: _stamp(reference, [part.get(reference.pk, []) for part in parts]) for reference in references}


def _by_reference(rows: Iterable[tuple[Any, ...]]) -> Mapping[int, list[tuple[Any, ...]]]:
    found = defaultdict(list)
    for reference, *row in rows:
        found[reference].append(tuple(row))
    return found


def _stamp(reference: Reference, parts: list[list[tuple[Any, ...]]]) -> str:
    fields = [
        getattr(reference, field.attname) for field in reference._meta.concrete_fields if field.name not in _NOT_SHOWN
    ]
    return hashlib.sha256(repr([fields, *parts]).encode()).hexdigest()
