"""A stamp of what the page of a contribution shows, so that a step is only taken on what the person saw."""

from __future__ import annotations

import hashlib

from kb.files.models import FileVersion
from kb.library.models import Reference

_NOT_SHOWN = frozenset({"updated_at"})


def stamp_of(reference: Reference) -> str:
    """Another text as soon as a line, a reader, a file, a version or a step is another. Five queries.

    Take it before the rest of the page is read: what changes in between then asks for a second look, never for none.
    """
    fields = [getattr(reference, field.attname) for field in reference._meta.concrete_fields if field.name not in _NOT_SHOWN]
    files = reference.files.order_by("pk").values_list("pk", "title", "language", "audiences", "publish_reason", "permission_date")
    versions = FileVersion.objects.filter(stored_file__reference_file__reference=reference.pk).order_by("pk").values_list("pk", flat=True)
    names = reference.creators.order_by("sort_order", "pk").values_list("name", "role")
    concepts = reference.concepts.through.objects.filter(reference=reference.pk).order_by("concept_id").values_list("concept_id", flat=True)
    steps = reference.steps.order_by("pk").values_list("pk", flat=True)
    shown = [fields, *map(list, (files, versions, names, concepts, steps))]
    return hashlib.sha256(repr(shown).encode()).hexdigest()
