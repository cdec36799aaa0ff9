"""What the two indexes store: their fields, and an entry as tantivy's documents.

How terms are made is in `preparing` and `levels`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date

import tantivy

from search.analysis.compounds import held
from search.engines import levels
from search.engines.base import EngineBusy, EngineUnavailable
from search.engines.preparing import Fields, Prepared, fingerprint, number_of
from search.entries import Entry

SCHEMA_VERSION = 3
SHARDS = 256  # `stored` is read in so many parts, so that none is long
FACETS = {
    "languages": "languages",
    "kinds": "kind",
    "types": "type",
    "themes": "themes",
    "groups": "groups",
    "years": "year",
}
_HASH_BITS = 40
_BETWEEN, _BESIDE = (
    "\n",
    "\t",
)  # in the name of a rights set: between audiences; between those who may see and those who have a richer layer


def _documents_schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in ("subject", "layer", "fingerprint"):
        builder.add_text_field(name, stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("shard", "audiences", "covered_by"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in ("languages", "kind", "type", "themes", "groups", "rights"):
        builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("number", indexed=True, fast=True)
    builder.add_unsigned_field("year", indexed=True, fast=True)
    builder.add_unsigned_field("recent", fast=True)
    builder.add_text_field("exact_title", tokenizer_name="whitespace", index_option="basic")
    return _add_text(builder).build()


def _pages_schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("anchor", stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("subject", "audiences", "covered_by"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("parent", indexed=True, fast=True)
    for name in ("page_number", "place"):
        builder.add_unsigned_field(name, fast=True)
    return _add_text(builder).build()


def _add_text(builder: tantivy.SchemaBuilder) -> tantivy.SchemaBuilder:
    """Stems, and what they hold (`analysis.compounds.held`), to match; every field's terms at their levels to order;
    words as written, with their places, for phrases.
    """
    for name in ("body", *(at_levels(name) for name in levels.LEVELLED)):
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="basic")
    return builder.add_text_field("words", tokenizer_name="whitespace", index_option="position")


def at_levels(name: str) -> str:
    """The field that holds another's terms at their levels."""
    return f"{name}_levels"


DOCUMENTS = _documents_schema()
PAGES = _pages_schema()


@contextmanager
def translated() -> Iterator[None]:
    """tantivy's errors as ours; its panics too, which are no `Exception` and would pass a web view by."""
    try:
        yield
    except (ValueError, OSError) as error:
        if "LockBusy" in str(error):
            raise EngineBusy("The search index is being written by another process.") from error
        raise EngineUnavailable(f"The search index cannot be used: {error}") from error
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            raise EngineUnavailable(f"The search index cannot be used: {error}") from error
        raise


def document(prepared: Prepared, lengths: Mapping[str, float]) -> tantivy.Document:
    """A whole entry, for D. lengths: mean lengths by index and field, for the levels."""
    entry = prepared.entry
    number = number_of(entry.key)
    made = tantivy.Document()
    made.add_text("subject", entry.subject)
    made.add_text("layer", entry.layer)
    made.add_text("fingerprint", fingerprint(entry))
    made.add_text("shard", f"{number % SHARDS:02x}")
    made.add_text("rights", rights_set(entry))
    made.add_unsigned("number", number)
    made.add_unsigned("recent", _recent(entry.published, number))
    _add_rights(made, entry)
    for name, values in (
        ("languages", entry.languages),
        ("kind", (entry.kind,)),
        ("type", (entry.type,)),
        ("themes", entry.themes),
        ("groups", entry.groups),
    ):
        for value in dict.fromkeys(values):
            if value:
                made.add_text(name, value)
    if entry.year is not None and entry.year >= 0:
        made.add_unsigned("year", entry.year)
    title = prepared.fields.exact_title
    beginnings = " ".join(beginning(word[:end]) for word in title.split() for end in range(1, len(word) + 1))
    made.add_text("exact_title", f"{title} {beginnings}")
    _add_fields(made, prepared.fields, levels.DOCUMENTS, lengths, beginnings)
    return made


def pages(prepared: Prepared, lengths: Mapping[str, float], first: int, last: int) -> Iterator[tantivy.Document]:
    """One document of P (the index of pages) per page of this entry, from place `first` to before `last`."""
    parent = number_of(prepared.entry.key)
    for place, page in enumerate(prepared.pages[first:last], first):
        made = tantivy.Document()
        made.add_text("subject", prepared.entry.subject)
        made.add_text("anchor", page.anchor)
        made.add_unsigned("parent", parent)
        made.add_unsigned("page_number", max(0, page.page_number))
        made.add_unsigned("place", place)
        _add_rights(made, prepared.entry)
        _add_fields(made, page.fields, levels.PAGES, lengths)
        yield made


def _add_fields(
    made: tantivy.Document, fields: Fields, index: str, lengths: Mapping[str, float], beginnings: str = ""
) -> None:
    made.add_text("body", fields.body)
    made.add_text("body", held(fields.body))
    for name in levels.LEVELLED:
        terms: str = getattr(fields, name)
        if terms:
            more = beginnings if name == "exact_title" else ""
            made.add_text(at_levels(name), levels.levelled(terms, lengths[f"{index}.{name}"], more))
    for run in fields.words:
        made.add_text("words", run)


def _add_rights(made: tantivy.Document, entry: Entry) -> None:
    for audience in sorted(entry.audiences):
        made.add_text("audiences", audience)
    for audience in sorted(entry.covered_by):
        made.add_text("covered_by", audience)


def beginning(letters: str) -> str:
    """The term of "exact_title" that stands for every word of a title that begins so: what is typed is looked up, and
    the words of titles, which may be hidden ones, are never gone through.
    """
    return f"{letters}*"


def rights_set(entry: Entry) -> str:
    """The name of the set of all entries with these rights: it says them,
    so that nothing else need remember what a set is.
    """
    return _BETWEEN.join(sorted(entry.audiences)) + _BESIDE + _BETWEEN.join(sorted(entry.covered_by))


def may_read(name: str, audiences: frozenset[str]) -> bool:
    """Whether a reader who holds these audiences finds the entries of a rights set."""
    those, richer = name.split(_BESIDE, 1)
    return not audiences.isdisjoint(those.split(_BETWEEN)) and audiences.isdisjoint(richer.split(_BETWEEN))


def _recent(published: date | None, number: int) -> int:
    """Sorts by date, and entries of one day by key."""
    return ((published.toordinal() if published else 0) << _HASH_BITS) | (number & ((1 << _HASH_BITS) - 1))
