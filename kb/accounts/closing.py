"""What a change takes from readers: who may find what is compared before and after, so that the search hears of a
closing as one.

Kinds say who may find what of a subject (`search.registry.Kind.open_to`); what is closing is left out of every answer
(`search.opening`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from django.db import models

from kb.accounts.audiences import is_within
from search.indexing import record, record_closing
from search.registry import Opened, open_to


def closes(before: Opened, after: Opened) -> bool:
    """Whether somebody may find less: a part is gone,
    or lost one of its readers who are not within those it has now.
    """
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
    written = [
        name
        for name in rights
        if update_fields is None or not {name, name.removesuffix("_id")}.isdisjoint(update_fields)
    ]
    if row.pk is None or not written:
        return {}
    stored = type(row)._base_manager.filter(pk=row.pk).select_for_update().values(*written).first()
    rewritten = stored is not None and any(stored[name] != getattr(row, name) for name in written)
    return open_to(subjects) if rewritten else {}
