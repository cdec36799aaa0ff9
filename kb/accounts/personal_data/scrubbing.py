"""Taking a person's name, addresses and phone out of texts that are about something else: logs, histories, messages of
errors.

A search by the database (each spelling in which JSON and HTML write the words) finds the rows; a second look in Python
replaces whole words only.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote_plus

from django.db.models import JSONField, Model, Q, QuerySet, TextField
from django.db.models.functions import Cast

_AT_ONCE = 200
_FEWEST_DIGITS = 6  # a shorter number is no telephone, and is in too many texts
# the start of a word, also after a line break written as \n
_BEFORE = r"(?:(?<![\w@.+-])|(?<=\\[nrt])|(?<=\\u[0-9A-Fa-f]{4}))"
_AFTER, _AFTER_ADDRESS = (
    r"(?![\w@-])",
    r"(?![\w@-]|\.\w)",
)  # "Name.pdf" names somebody, "name@host.org" is not "name@host"


@dataclass(frozen=True)
class Identity:
    """By which words a person is known, and what stands in their place afterwards.

    A name of one word ("Coordination") is a word of the language too: it is replaced only where it is the whole text.
    proven: those of the addresses that the person has shown to read, or an editor gave them; the others may be
    anybody's.
    """

    pk: int
    addresses: tuple[str, ...] = ()
    name: str = ""
    phone: str = ""
    proven: tuple[str, ...] = ()

    @property
    def mark(self) -> str:
        return f"erased-{self.pk}"

    @property
    def address(self) -> str:
        """An address that leads nowhere (RFC 2606): "erased-17@erased.invalid"."""
        return f"{self.mark}@erased.invalid"

    @cached_property
    def replacements(self) -> tuple[tuple[str, str], ...]:
        """(words, what replaces them), longest first."""
        found = {address: self.address for address in self.addresses if address}
        if " " in self.name:
            found[self.name] = self.mark
        if sum(sign.isdigit() for sign in self.phone) >= _FEWEST_DIGITS:
            found[self.phone] = self.mark
        return tuple(sorted(found.items(), key=lambda pair: -len(pair[0])))

    @cached_property
    def patterns(self) -> tuple[tuple[re.Pattern[str], str, str], ...]:
        """(pattern of one spelling, what replaces it there, the words themselves)."""
        return tuple(
            (
                re.compile(rf"{_BEFORE}{re.escape(spelt)}{_AFTER_ADDRESS if '@' in words else _AFTER}", re.IGNORECASE),
                new,
                words,
            )
            for words, new in self.replacements
            for spelt in spellings(words)
        )

    @cached_property
    def whole(self) -> str:
        """A name that is replaced where it is all there is; "" for none."""
        return self.name.strip().casefold()

    def named_in(self, text: str) -> frozenset[str]:
        """Which of the words stand in a text, in any spelling."""
        return frozenset(words for pattern, _new, words in self.patterns if pattern.search(text))

    def scrubbed(self, text: str, kept: frozenset[str] = frozenset()) -> str:
        """The text without the person; words in `kept` stay."""
        if self.whole and text.strip().casefold() == self.whole and self.name not in kept:
            return self.mark
        for pattern, new, words in self.patterns:
            if words not in kept:
                text = pattern.sub(new, text)
        return text

    def scrubbed_value(self, value: Any, kept: frozenset[str] = frozenset()) -> Any:
        """The same for anything that JSON holds; keys too."""
        if isinstance(value, str):
            return self.scrubbed(value, kept)
        if isinstance(value, list | tuple):
            return [self.scrubbed_value(one, kept) for one in value]
        if isinstance(value, dict):
            return {self.scrubbed(str(key), kept): self.scrubbed_value(one, kept) for key, one in value.items()}
        return value


def spellings(words: str) -> list[str]:
    """How the words are written in plain text, in HTML, in a sent form, in JSON, and in JSON within JSON (blocks of a
    page in a revision).
    """
    found = [words, html.escape(words), quote_plus(words)]
    for plain in tuple(found):
        once = json.dumps(plain)[1:-1]
        found += [
            once,
            json.dumps(once)[1:-1],
            json.dumps(json.dumps(plain, ensure_ascii=False)[1:-1], ensure_ascii=False)[1:-1],
        ]
    return list(dict.fromkeys(found))


def naming(rows: QuerySet, fields: Iterable[str], identity: Identity) -> QuerySet:
    """The rows of which a field may name the person; the database's search is wider than whole words."""
    wanted = Q(pk__in=())
    casts = {}
    for name in fields:
        column = name
        if isinstance(rows.model._meta.get_field(name), JSONField):
            column = f"text_of_{name}"
            casts[column] = Cast(name, TextField())
        for words in [words for words, _new in identity.replacements] + ([identity.name] if identity.name else []):
            for spelt in spellings(words):
                wanted |= Q(**{f"{column}__icontains": spelt})
    return rows.alias(**casts).filter(wanted)


def in_batches(rows: QuerySet) -> Iterator[Model]:
    """Every row once, by its key, a few at a time: they may change meanwhile."""
    last, rows = None, rows.order_by("pk")
    while batch := list((rows if last is None else rows.filter(pk__gt=last))[:_AT_ONCE]):
        yield from batch
        last = batch[-1].pk


def scrub(
    rows: QuerySet,
    fields: Iterable[str],
    identity: Identity,
    *,
    kept: Callable[[Any], frozenset[str]] = lambda row: frozenset(),
) -> int:
    """Takes the person out of these columns of all rows; gives how many rows changed.

    `kept(row)` are words that stay in that row.
    """
    changed = 0
    fields = tuple(fields)
    for row in in_batches(naming(rows, fields, identity).only("pk", *fields, *_needed_by(rows))):
        stays = kept(row)
        values = {name: identity.scrubbed_value(getattr(row, name), stays) for name in fields}
        values = {name: value for name, value in values.items() if value != getattr(row, name)}
        if values:
            changed += rows.model._base_manager.filter(pk=row.pk).update(**values)
    return changed


def _needed_by(rows: QuerySet) -> tuple[str, ...]:
    """Columns by which a history knows its object."""
    names = {field.attname for field in rows.model._meta.concrete_fields}
    return tuple(name for name in ("content_type_id", "base_content_type_id", "object_id", "page_id") if name in names)
