"""What keeps a record from being public as anything but what was agreed to, whatever its model.

A model whose text needs an agreement is `Gated` and says in its `gate` what of it is agreed to, and by whom; its
querysets are `GatedQuerySet`, the rows it is saved with (items, chapters) are `GatedPart`. Nobody else has to think of
it. What counts as an agreement is the domain's (`Gate.is_approved`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise
    from wagtail.models import Revision

STATE = frozenset({"live", "live_revision", "live_revision_id", "go_live_at", "expire_at"})
NOT_APPROVED = _(
    "This text was not approved, so it cannot be public. Save it, ask for its approval, "
    "and approve it: it is public from then on."
)

_written: ContextVar[frozenset[type[models.Model]]] = ContextVar("written_through_the_gate", default=frozenset())


@dataclass(frozen=True, slots=True)
class Gate:
    """What of a model is agreed to, and the sentences that refuse.

    content: its fields. parts: {relation: the fields of each row there}, in the order of the rows.
    is_approved(thing, id of a revision) says whether this very revision was agreed to.
    """

    content: tuple[str, ...]
    is_approved: Callable[[Any, int | None], bool]
    not_scheduled: StrOrPromise
    one_by_one: StrOrPromise
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    not_approved: StrOrPromise = NOT_APPROVED

    @property
    def bound(self) -> frozenset[str]:
        """The names whose writing may make something public, or change what is."""
        return STATE | {*self.content, *self.parts}

    def check_saved(self, thing: Any, fields: Collection[str] | None) -> None:
        """Before a row is written. fields: those that are, None for all.

        Raises ValidationError when it would be public without an agreement.
        """
        if fields is not None and not self.bound & set(fields):
            return
        if not (thing.live or _stays_live(thing, fields)):
            return
        if thing.go_live_at or thing.expire_at:
            raise ValidationError(self.not_scheduled)
        revision = (
            thing.revisions.filter(pk=thing.live_revision_id).first() if thing.pk and thing.live_revision_id else None
        )
        if revision is None or not self.is_approved(thing, revision.pk) or not self.says_the_same(thing, revision):
            raise ValidationError(self.not_approved)

    def check_published(self, thing: Any, revision: Revision) -> None:
        """Before a revision becomes public. Raises ValidationError when nobody agreed to it."""
        if not thing.revisions.filter(pk=revision.pk).exists() or not self.is_approved(thing, revision.pk):
            raise ValidationError(self.not_approved)
        if revision.as_object().go_live_at:
            raise ValidationError(self.not_scheduled)

    def check_updated(self, rows: models.QuerySet, values: Mapping[str, Any]) -> None:
        """Before rows are changed at once.

        Raises ValidationError unless they only become drafts or change nothing that was agreed to.
        """
        touched = self.bound & set(values)
        if not touched or (touched == {"live"} and values["live"] is False):
            return
        if values.get("live", False) is not False or rows.order_by().filter(live=True).exists():
            raise ValidationError(self.one_by_one)

    def says_the_same(self, thing: Any, revision: Revision) -> bool:
        """Whether the thing holds what the revision holds; a field that came after the revision is not compared."""
        mine, agreed = _plain(thing.serializable_data()), _plain(revision.content)
        return all(mine[name] == agreed[name] for name in self.content if name in agreed) and all(
            _rows(mine, agreed, relation, names) == _rows(agreed, agreed, relation, names)
            for relation, names in self.parts.items()
        )


@contextmanager
def writing(model: type[models.Model]) -> Iterator[None]:
    """Lets an approved thing of this model save its own parts, which are otherwise refused."""
    token = _written.set(_written.get() | {model})
    try:
        yield
    finally:
        _written.reset(token)


def is_writing(model: type[models.Model]) -> bool:
    return model in _written.get()


class GatedQuerySet(models.QuerySet):
    """Things of a `Gated` model: changed many at once, none of them becomes public without an agreement."""

    model: type[Gated]

    def update(self, **values) -> int:
        with transaction.atomic(using=self.db):
            self.model.gate.check_updated(self, values)
            return super().update(**values)

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_create(self, objs, *args, **options):
        objs = list(objs)
        if any(thing.live for thing in objs):
            raise ValidationError(self.model.gate.one_by_one)
        return super().bulk_create(objs, *args, **options)

    def bulk_update(self, objs, fields, *args, **options):
        objs = list(objs)
        self.model.gate.check_updated(self.filter(pk__in=[thing.pk for thing in objs]), dict.fromkeys(fields))
        return super().bulk_update(objs, fields, *args, **options)


class Gated(models.Model):
    """A record with drafts and revisions of which only what was agreed to is public."""

    gate: Gate

    class Meta:
        abstract = True

    def save(self, *args, **options) -> None:
        """Raises ValidationError when it would be public as anything but what was agreed to."""
        with transaction.atomic():
            self.gate.check_saved(self, options.get("update_fields"))
            with writing(type(self)):
                super().save(*args, **options)

    def publish(self, revision, *args, **options):
        """Raises ValidationError when nobody agreed to this revision."""
        with transaction.atomic():
            self.gate.check_published(self, revision)
            return super().publish(revision, *args, **options)  # type: ignore[misc]

    def save_revision(self, *args, overwrite_revision=None, **options):
        """A revision is never written over: it may be the one that was agreed to, or is being sent."""
        return super().save_revision(*args, **options)  # type: ignore[misc]


class GatedPartQuerySet(models.QuerySet):
    """Parts of a public thing change with it only, when another revision of it was agreed to."""

    model: type[GatedPart]

    def _check(self, arrived: Iterable[Any] = ()) -> None:
        """Raises ValidationError where a part stands in a public thing, or arrives in one."""
        whole = self.model.whole()
        if is_writing(whole):
            return
        if (
            self.order_by().filter(**{f"{self.model.part_of}__live": True}).exists()
            or whole._base_manager.filter(pk__in=set(arrived), live=True).exists()
        ):
            raise ValidationError(whole.gate.one_by_one)

    def update(self, **values) -> int:
        moved = values.get(self.model.part_of, values.get(f"{self.model.part_of}_id"))
        self._check(() if moved is None or hasattr(moved, "resolve_expression") else [getattr(moved, "pk", moved)])
        return super().update(**values)

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_create(self, objs, *args, **options):
        objs = list(objs)
        whole = self.model.whole()
        into = {getattr(part, f"{self.model.part_of}_id") for part in objs}
        if whole._base_manager.filter(pk__in=into, live=True).exists():
            raise ValidationError(whole.gate.one_by_one)
        return super().bulk_create(objs, *args, **options)

    def delete(self) -> tuple[int, dict[str, int]]:
        self._check()
        return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def bulk_update(self, objs, fields, *args, **options):
        objs = list(objs)
        self._check(getattr(part, f"{self.model.part_of}_id") for part in objs)
        return super().bulk_update(objs, fields, *args, **options)


class GatedPart(models.Model):
    """A row that is saved with a `Gated` thing; `part_of` is the field that leads to it."""

    part_of: str

    class Meta:
        abstract = True

    def save(self, *args, **options) -> None:
        self._check()
        super().save(*args, **options)

    def delete(self, *args, **options):
        self._check()
        return super().delete(*args, **options)

    @classmethod
    def whole(cls) -> type[Gated]:
        """The model it is part of."""
        whole = cls._meta.get_field(cls.part_of).related_model
        assert whole is not None and issubclass(whole, Gated)
        return whole

    def _check(self) -> None:
        """Raises ValidationError where it stands in a public thing, or would arrive in one. One query."""
        whole = self.whole()
        if is_writing(whole):
            return
        here = Q(pk=getattr(self, f"{self.part_of}_id"))
        if self.pk is not None:
            here |= Q(pk__in=type(self)._base_manager.filter(pk=self.pk).values(self.part_of))
        if whole._base_manager.filter(here, live=True).exists():
            raise ValidationError(whole.gate.one_by_one)


def _stays_live(thing: Any, fields: Collection[str] | None) -> bool:
    """Whether the row is public and these fields leave it so, whatever this copy of it believes."""
    return (
        fields is not None
        and "live" not in fields
        and thing.pk is not None
        and type(thing)._base_manager.filter(pk=thing.pk, live=True).exists()
    )


def _plain(content: Any) -> Any:
    """The content as it is kept: dates and the like as text."""
    return json.loads(json.dumps(content, cls=DjangoJSONEncoder))


def _rows(
    content: Mapping[str, Any], known: Mapping[str, Any], relation: str, fields: Iterable[str]
) -> list[dict[str, Any]]:
    """The rows of a relation in their order, with those of the fields that the revision knew."""
    names = [name for name in fields if not known.get(relation) or name in known[relation][0]]
    ordered = sorted(content.get(relation, []), key=lambda row: row.get("sort_order") or 0)
    return [{name: row.get(name) for name in names} for row in ordered]
