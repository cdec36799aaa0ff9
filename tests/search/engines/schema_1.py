"""An index as the first version of the engine wrote it: fields with frequencies, no rights sets, no levels,
no places of pages.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import tantivy

from search.engines.preparing import Fields, fingerprint, number_of, prepare
from search.entries import Entry

_FIELDS = ("body", "title", "exact_title", "pairs", "pieces")


def write(folder: Path, entries: Iterable[Entry], *, analysis: int) -> None:
    """A whole index of these entries in a folder that is not there yet."""
    generation = folder / "gen-000000000001"
    writers = []
    for name, builder in (("documents", _documents()), ("pages", _pages())):
        (generation / name).mkdir(parents=True)
        writers.append(tantivy.Index(_text(builder).build(), path=str(generation / name)).writer(15_000_000, 1))
    documents, pages = writers
    for entry in entries:
        prepared, number = prepare(entry), number_of(entry.key)
        document = _filled(entry, prepared.fields)
        document.add_text("layer", entry.layer)
        document.add_text("fingerprint", fingerprint(entry))
        document.add_text("shard", f"{number % 256:02x}")
        document.add_unsigned("number", number)
        published = entry.published.toordinal() if entry.published else 0
        document.add_unsigned("recent", (published << 40) | (number & ((1 << 40) - 1)))
        for name, values in (("languages", entry.languages), ("kind", (entry.kind,)), ("themes", entry.themes)):
            for value in values:
                document.add_text(name, value)
        if entry.year is not None:
            document.add_unsigned("year", entry.year)
        document.add_text(
            "backwards",
            " ".join(term[:2] + term[:1:-1] for term in set(prepared.fields.body.split()) if term[0] == "n"),
        )
        documents.add_document(document)
        for page in prepared.pages:
            document = _filled(entry, page.fields)
            document.add_text("anchor", page.anchor)
            document.add_unsigned("parent", number)
            document.add_unsigned("page_number", page.page_number)
            pages.add_document(document)
    for writer in writers:
        writer.commit()
        writer.wait_merging_threads()
    (generation / "made-by.json").write_text(json.dumps({"schema": 1, "analysis": analysis, "complete": True}))
    (folder / "current").write_text(generation.name)


def _documents() -> tantivy.SchemaBuilder:
    builder = tantivy.SchemaBuilder()
    for name in ("subject", "layer", "fingerprint"):
        builder.add_text_field(name, stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("shard", "audiences", "covered_by"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in ("languages", "kind", "type", "themes", "groups"):
        builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("number", indexed=True, fast=True)
    builder.add_unsigned_field("year", indexed=True, fast=True)
    builder.add_unsigned_field("recent", fast=True)
    builder.add_text_field("backwards", tokenizer_name="whitespace", index_option="basic")
    return builder


def _pages() -> tantivy.SchemaBuilder:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("anchor", stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("subject", "audiences", "covered_by"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("parent", indexed=True, fast=True)
    builder.add_unsigned_field("page_number", fast=True)
    return builder


def _text(builder: tantivy.SchemaBuilder) -> tantivy.SchemaBuilder:
    for name in _FIELDS:
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="freq")
    return builder.add_text_field("words", tokenizer_name="whitespace", index_option="position")


def _filled(entry: Entry, fields: Fields) -> tantivy.Document:
    document = tantivy.Document()
    document.add_text("subject", entry.subject)
    for name in ("audiences", "covered_by"):
        for audience in sorted(getattr(entry, name)):
            document.add_text(name, audience)
    for name in _FIELDS:
        document.add_text(name, getattr(fields, name))
    for run in fields.words:
        document.add_text("words", run)
    return document
