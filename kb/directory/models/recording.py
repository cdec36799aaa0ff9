"""How organisations, services and places tell the search of every change, in the transaction of the change itself.

A change that can close (an organisation or a service that is no more, a place that moves) is compared with what was
open before.

One row: the model's own `save` and `delete`. Many rows at once: the queryset here. Themes are many-to-many, and the one
thing heard by a
signal: Django sends `m2m_changed` inside the transaction that writes the rows, unlike post_save.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import models, transaction
from django.db.models import Q

from kb.accounts.closing import opened_before_saving, record_since
from search.indexing import record
from search.registry import open_to

KIND = "directory.organisation"
_AT_ONCE = 500


def subject_of(organisation_id: int) -> str:
    """What an organisation is called in the search: "directory.organisation:17"."""
    return f"{KIND}:{organisation_id}"


def record_organisations(organisation_ids: Iterable[int]) -> None:
    """Notes that these organisations must be indexed again; call inside the transaction of the change."""
    wanted = [subject_of(organisation_id) for organisation_id in sorted(set(organisation_ids))]
    for start in range(0, len(wanted), _AT_ONCE):
        record(*wanted[start : start + _AT_ONCE])


class RecordingQuerySet(models.QuerySet):
    """Rows that are organisations, or belong to one: `organisation_field` of the model leads to its id.

    rights of the model: the attributes by which such a row says whether it is there for readers, and where.
    """

    @property
    def organisation_field(self) -> str:
        return self.model.organisation_field

    def touched(self) -> list[int]:
        """The organisations these rows belong to, now."""
        return list(self.order_by().values_list(self.organisation_field, flat=True).distinct())

    def update(self, **values) -> int:
        with transaction.atomic(using=self.db):
            subjects = [subject_of(pk) for pk in self.touched()]
            written = {*values, *(f"{name}_id" for name in values)}
            before = {} if written.isdisjoint(self.model.rights) else open_to(subjects)
            changed = super().update(**values)
            moved = values.get("organisation", values.get("organisation_id"))
            record_since(before, [*subjects, *([] if moved is None else [subject_of(getattr(moved, "pk", moved))])])
        return changed

    update.alters_data = True  # type: ignore[attr-defined]

    def delete(self) -> tuple[int, dict[str, int]]:
        with transaction.atomic(using=self.db):
            subjects = [subject_of(pk) for pk in self.touched()]
            before = open_to(subjects)
            deleted = super().delete()
            record_since(before, subjects)
        return deleted

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def bulk_create(self, objs, *args, **options) -> Sequence[models.Model]:
        with transaction.atomic(using=self.db):
            made = super().bulk_create(objs, *args, **options)
            record_organisations(getattr(one, self.organisation_field) for one in made)
        return made

    def bulk_update(self, objs, *args, **options) -> int:
        with transaction.atomic(using=self.db):
            changed = super().bulk_update(objs, *args, **options)
            record_organisations(getattr(one, self.organisation_field) for one in objs)
        return changed


class Recorded(models.Model):
    """A row whose organisation is indexed again when it is saved or deleted;
    one that moves tells both of its organisations.
    """

    organisation_field = "organisation_id"
    rights: tuple[str, ...] = ("organisation_id",)

    objects = RecordingQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args, **options) -> None:
        with transaction.atomic():
            before = (
                type(self)._base_manager.filter(pk=self.pk).values_list(self.organisation_field, flat=True)
                if self.pk
                else ()
            )
            left = [subject_of(pk) for pk in before]
            opened = opened_before_saving(self, left, rights=self.rights, update_fields=options.get("update_fields"))
            super().save(*args, **options)
            record_since(opened, dict.fromkeys([*left, subject_of(getattr(self, self.organisation_field))]))

    def delete(self, *args, **options):
        with transaction.atomic():
            subjects = [subject_of(getattr(self, self.organisation_field))]
            before = open_to(subjects)
            deleted = super().delete(*args, **options)
            record_since(before, subjects)
        return deleted


def record_themes(sender, instance, action: str, reverse: bool, model, pk_set, **kwargs) -> None:
    """Receiver of m2m_changed for the themes of organisations and services, from either side."""
    if action not in {"post_add", "post_remove", "pre_clear"}:
        return
    if not reverse:
        rows = type(instance)._base_manager.filter(pk=instance.pk)
    else:
        rows = model._base_manager.filter(Q(pk__in=pk_set) if pk_set is not None else Q(concepts=instance))
    with transaction.atomic():
        record_organisations(
            rows.order_by()
            .values_list(model.organisation_field if reverse else instance.organisation_field, flat=True)
            .distinct()
        )
