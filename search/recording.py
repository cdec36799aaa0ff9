"""How rows tell the search of every change, in the transaction of the change itself.

A model whose rows are found, or belong to something that is found, is `Recorded`, and its manager comes from a
`RecordingQuerySet`: one row is recorded by `save` and `delete`, many at once by the queryset's methods. Never by
signals: Django sends post_save after the save's own transaction closed, and a process killed between the two would lose
the change.

What a change takes from readers is recorded as a closing: who may find what (`registry.Kind.open_to`) is compared
before and after. What is closing is left out of every answer (`opening`) until it is drained (`indexing`).

A domain that refuses some changes whatever way they are made says so here (`CHECKS`): it is asked in the transaction
of each. What is only indexed again, because of words of others (`indexing.record`), is nobody's change.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.utils.module_loading import import_string

from search.indexing import record, record_closing
from search.registries import Providers
from search.registry import Opened, open_to

Check = Callable[[Sequence[str]], None]

# Of the domains. check(subjects) is called after a change of these, in its transaction; what it raises refuses the
# change. A query or two, whatever the subjects.
CHECKS: Providers[Check] = Providers()
_erasing: ContextVar[bool] = ContextVar("words of an erased person are being taken out", default=False)
_together: ContextVar[dict[str, None] | None] = ContextVar("subjects to check at the end of a block", default=None)


def check(subjects: Iterable[str]) -> None:
    """Asks the domains whether these may stand as they are now; at the end of the block where one is open."""
    waiting = _together.get()
    if waiting is not None:
        waiting.update(dict.fromkeys(subjects))
    elif found := list(dict.fromkeys(subjects)):
        for one in CHECKS:
            one(found)


@contextmanager
def checked_together() -> Iterator[None]:
    """What is changed inside is checked once, as it stands at the end: a notice and its files change in steps. Within
    another such block, at the end of that one. It stands inside the transaction of the changes.
    """
    if _together.get() is not None:
        yield
        return
    waiting: dict[str, None] = {}
    token = _together.set(waiting)
    try:
        yield
    finally:
        _together.reset(token)
    check(waiting)


@contextmanager
def erasing() -> Iterator[None]:
    """For taking the words of an erased person out of what others wrote: nobody can refuse that. A check keeps what it
    compares with in step instead (`is_erasing`).
    """
    token = _erasing.set(True)
    try:
        yield
    finally:
        _erasing.reset(token)


def is_erasing() -> bool:
    return _erasing.get()


def closes(before: Opened, after: Opened) -> bool:
    """Whether somebody may find less: a part is gone,
    or lost one of its readers who are not within those it has now.
    """
    is_within: Callable[[str, Iterable[str]], bool] = import_string(settings.SEARCH_IS_WITHIN)
    return any(
        part not in after or not all(is_within(value, after[part]) for value in readers)
        for part, readers in before.items()
    )


def record_since(before: Mapping[str, Opened], subjects: Iterable[str]) -> list[str]:
    """Records these subjects: as closing those of which somebody may find less now than before, which it gives, the
    others as ordinary.

    before: what `open_to` said of those that the change may close. Call it after the change, in its transaction.
    """
    after = open_to([subject for subject, opened in before.items() if opened])
    closing = {subject for subject, opened in before.items() if closes(opened, after.get(subject, {}))}
    record_closing(*sorted(closing))
    record(*(subject for subject in subjects if subject not in closing))
    return sorted(closing)


def opened_before_saving(
    row: models.Model, subjects: Sequence[str], *, rights: Collection[str], update_fields: Collection[str] | None
) -> dict[str, Opened]:
    """What `open_to` says of these subjects, before a save that writes another value into one of the fields `rights`;
    {} for any other save.

    One query where it is another. The row is held until the transaction ends: who saves it at the same time compares
    with what we write.
    """
    written = written_of(rights, update_fields)
    return open_to(subjects) if rewrites(row, stored_values(row, written), written) else {}


def written_of(names: Iterable[str], update_fields: Collection[str] | None) -> list[str]:
    """Those of these attributes ("body_id", "state") that a save with these update_fields writes."""
    return [
        name
        for name in names
        if update_fields is None or not {name, name.removesuffix("_id")}.isdisjoint(update_fields)
    ]


def stored_values(row: models.Model, names: Sequence[str]) -> dict[str, Any]:
    """What the database holds under these names for this row, which is held until the transaction ends; {} for a new
    row. One query, none for no name.
    """
    if row.pk is None or not names:
        return {}
    return type(row)._base_manager.filter(pk=row.pk).select_for_update().values(*set(names)).first() or {}


def rewrites(row: models.Model, stored: Mapping[str, Any], names: Iterable[str]) -> bool:
    """Whether the row holds another value than what is stored, under one of these names."""
    return bool(stored) and any(stored[name] != getattr(row, name) for name in names)


class RecordingQuerySet(models.QuerySet):
    """Rows of a `Recorded` model; every way to change many of them records what they belong to."""

    model: type[Recorded]

    def touched(self) -> list[str]:
        """The subjects these rows belong to, now."""
        return list(map(self.model.subject_of, self._ids()))

    def update(self, **values) -> int:
        with transaction.atomic(using=self.db):
            ids = self._ids()
            subjects = list(map(self.model.subject_of, ids))
            written = {*values, *(f"{name}_id" for name in values)}
            before = {} if written.isdisjoint(self.model.rights) else open_to(subjects)
            with checked_together():
                changed = super().update(**values)
                self._follow(ids, values)
                arrived = self._arrived(values)
                if self.model.is_checked(values):
                    check([*subjects, *arrived])
            record_since(before, [*subjects, *arrived])
        return changed

    update.alters_data = True  # type: ignore[attr-defined]

    def delete(self) -> tuple[int, dict[str, int]]:
        with transaction.atomic(using=self.db):
            subjects = self.touched()
            before = open_to(subjects) if self.model.rights else {}
            deleted = super().delete()
            if self.model.is_checked(None):
                check(subjects)
            record_since(before, subjects)
        return deleted

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def bulk_create(self, objs, *args, **options) -> Sequence[models.Model]:
        with transaction.atomic(using=self.db):
            made = super().bulk_create(objs, *args, **options)
            subjects = [row.search_subject() for row in made]
            if self.model.is_checked(None):
                check(subjects)
            record(*subjects)
        return made

    def bulk_update(self, objs, *args, **options) -> int:
        with transaction.atomic(using=self.db):
            objs = list(objs)
            with checked_together():
                changed = super().bulk_update(objs, *args, **options)  # comes through `update`: this is for arrivals
                if self.model.is_checked(None):
                    check(row.search_subject() for row in objs)
            record(*(row.search_subject() for row in objs))
        return changed

    def _ids(self) -> list[int]:
        return list(self.order_by().values_list(self.model.subject_path, flat=True).distinct())

    def _follow(self, ids: Sequence[int], values: Mapping[str, Any]) -> None:
        """What else an update means to the things with these ids that its rows belong to."""

    def _arrived(self, values: Mapping[str, Any]) -> list[str]:
        """What an update moved its rows to, where it says one thing for all."""
        path = self.model.subject_path
        moved = values.get(path, values.get(path.removesuffix("_id")))
        if path == "pk" or moved is None or hasattr(moved, "resolve_expression"):
            return []
        return [self.model.subject_of(getattr(moved, "pk", moved))]


class Recorded(models.Model):
    """A row that is found as a subject, or belongs to one: saving or deleting it has that subject indexed again; one
    that moves tells both.

    search_kind: code of the subject's kind ("library.reference"). subject_path: the attribute that leads to the
    subject's id. rights: the attributes by which a row says who may find what of its subject, () for rows that only
    give it words. checked: the fields of which a change is asked about (`CHECKS`); None for all.
    """

    search_kind: str
    subject_path: str = "pk"
    rights: tuple[str, ...] = ()
    checked: frozenset[str] | None = None

    objects = RecordingQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args, **options) -> None:
        with transaction.atomic():
            written = written_of(self.rights, options.get("update_fields"))
            moves = self.subject_path != "pk"
            stored = stored_values(self, [*written, *((self.subject_path,) if moves else ())])
            left = [self.subject_of(stored[self.subject_path])] if moves and stored else []
            before = self._opened_before(left or ([self.search_subject()] if self.pk else []), stored, written)
            with checked_together():
                super().save(*args, **options)
                self._follow()
                if self.is_checked(options.get("update_fields")):
                    check([*left, self.search_subject()])
            record_since(before, [*left, self.search_subject()])

    def delete(self, *args, **options):
        with transaction.atomic():
            subjects = [self.search_subject()]
            before = open_to(subjects) if self.rights else {}
            with checked_together():
                deleted = super().delete(*args, **options)
                if self.is_checked(None):
                    check(subjects)
            record_since(before, subjects)
        return deleted

    @classmethod
    def subject_of(cls, subject_id: int) -> str:
        """What the search calls the subject with this id: "library.reference:17"."""
        return f"{cls.search_kind}:{subject_id}"

    @classmethod
    def is_checked(cls, names: Iterable[str] | None) -> bool:
        """Whether a change of the fields with these names is asked about; None: of all fields."""
        if names is None or cls.checked is None:
            return cls.checked is None or bool(cls.checked)
        return not cls.checked.isdisjoint(name.removesuffix("_id") for name in names)

    def search_subject(self) -> str:
        """What the search calls the thing this row is, or belongs to."""
        return self.subject_of(getattr(self, self.subject_path))

    def _opened_before(
        self, subjects: Sequence[str], stored: Mapping[str, Any], written: Sequence[str]
    ) -> dict[str, Opened]:
        """Who may find what of these before this save, where it may take something away."""
        return open_to(subjects) if rewrites(self, stored, written) else {}

    def _follow(self) -> None:
        """What else a save of this row means, before it is recorded."""
