"""How references tell the search of every change, in the transaction of the change itself.

One row: the model's own `save` and `delete`. Many rows at once: the querysets here. Never signals: Django sends
post_save after the save's own transaction closed, and a process killed between the two would lose the change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import models, transaction

from kb.accounts.closing import record_since
from search.indexing import record, record_closing
from search.registry import Opened, open_to

KIND = "library.reference"
_AT_ONCE = 500


def subject_of(reference_id: int) -> str:
    """What a reference is called in the search: "library.reference:17"."""
    return f"{KIND}:{reference_id}"


def record_references(reference_ids: Iterable[int]) -> None:
    """Notes that these references must be indexed again; call inside the transaction of the change."""
    wanted = [subject_of(reference_id) for reference_id in reference_ids]
    for start in range(0, len(wanted), _AT_ONCE):
        record(*wanted[start : start + _AT_ONCE])


def record_closed_references(reference_ids: Iterable[int]) -> None:
    """The same where somebody may find them no more, or less of them."""
    record_closing(*map(subject_of, reference_ids))


class RecordingQuerySet(models.QuerySet):
    """Rows that are references, or belong to one: `reference_field` leads to its id.

    rights: the attributes by which a row says who may find what of its reference; none for rows that only give it
    words.
    """

    reference_field = "reference_id"
    rights: tuple[str, ...] = ()

    def touched(self) -> list[int]:
        """The references these rows belong to, now."""
        return list(self.order_by().values_list(self.reference_field, flat=True).distinct())

    def update(self, **values) -> int:
        with transaction.atomic(using=self.db):
            ids = self.touched()
            before = self._opened_before(ids, values)
            changed = super().update(**values)
            self._follow(ids, values)
            record_since(before, map(subject_of, {*ids, *self._arrived(values)}))
        return changed

    update.alters_data = True  # type: ignore[attr-defined]

    def delete(self) -> tuple[int, dict[str, int]]:
        with transaction.atomic(using=self.db):
            ids = self.touched()
            deleted = super().delete()
            (record_closed_references if self.rights else record_references)(ids)
        return deleted

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def bulk_create(self, objs, *args, **options) -> Sequence[models.Model]:
        with transaction.atomic(using=self.db):
            made = super().bulk_create(objs, *args, **options)
            record_references({getattr(one, self.reference_field) for one in made})
        return made

    def _opened_before(self, ids: Sequence[int], values: Mapping[str, Any]) -> dict[str, Opened]:
        """Who may find what of these references, where the update may take something of it away."""
        written = {*values, *(f"{name}_id" for name in values)}
        return {} if written.isdisjoint(self.rights) else open_to([subject_of(pk) for pk in ids])

    def _follow(self, ids: Sequence[int], values: Mapping[str, Any]) -> None:
        """What else an update of these references means."""

    def _arrived(self, values) -> set[int]:
        """References that rows were moved to by an update."""
        moved = values.get(self.reference_field, values.get(self.reference_field.removesuffix("_id")))
        return set() if moved is None or self.reference_field == "pk" else {getattr(moved, "pk", moved)}
