"""Making the index of the whole library,
beside tantivy given the same tokens and beside Wagtail's own index of the same rows.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from unittest import mock

import tantivy
from django.conf import settings
from wagtail.search.backends import get_search_backend

from kb.files.models import FilePage
from kb.library.models import Reference
from search.engines.embedded import EmbeddedEngine, writing
from search.engines.embedded.engine import REBUILD_HEAP_BYTES
from search.engines.preparing import Fields, Prepared, prepare
from search.indexing import make_entries, rebuild
from search.spooling import batches
from tests.bench.models import WagtailPage
from tests.bench.table import Row

SAMPLE = 5  # one reference in so many is prepared and kept in memory for the rows with ready tokens
WAGTAIL_SECONDS = 300.0
WAGTAIL_AT_ONCE = 1_000  # as Wagtail's own update_index

Progress = Callable[[str], None]


def rows(progress: Progress, *, wagtail_seconds: float = WAGTAIL_SECONDS) -> list[Row]:
    pages = FilePage.objects.count()
    references = Reference.objects.count()
    start = time.perf_counter()
    rebuild(progress=_said_now_and_then(progress))
    ours = time.perf_counter() - start
    progress("indexing: tokens of a sample made ready")
    start = time.perf_counter()
    sample = list(_prepared())
    cutting = time.perf_counter() - start
    sampled = sum(len(one.pages) for one in sample)
    progress(f"indexing: {sampled} pages of ready tokens into the engine, then into tantivy alone")
    with_tokens = _engine_given_tokens(sample)
    reference = _tantivy_given_tokens(sample)
    del sample
    progress("indexing: Wagtail's database search")
    wagtail, wagtail_pages = _wagtail(wagtail_seconds)
    ours_a_second, alone = pages / ours, sampled / reference
    return [
        Row(
            f"indexing {pages} pages of {references} references, from the database",
            f"{ours_a_second:.0f} pages/s ({ours:.0f} s)",
            f"tantivy given the tokens {alone:.0f} pages/s",
            f"{alone / ours_a_second:.1f} × its time",
        ),
        Row(
            f"… of this, reading rows and cutting text ({sampled} pages)",
            f"{sampled / cutting:.0f} pages/s",
            f"tantivy given the tokens {alone:.0f} pages/s",
            f"{alone * cutting / sampled:.1f} × its time",
        ),
        Row(
            f"engine given ready tokens ({sampled} pages)",
            f"{sampled / with_tokens:.0f} pages/s",
            f"tantivy given the tokens {alone:.0f} pages/s",
            f"{with_tokens / reference:.2f} × its time",
        ),
        Row(
            "indexing, beside Wagtail's database search",
            f"{ours_a_second:.0f} pages/s",
            f"{wagtail_pages / wagtail:.0f} pages/s"
            + ("" if wagtail_pages == pages else f" (the first {wagtail_pages} pages: stopped after {wagtail:.0f} s)"),
            f"{(ours / pages) / (wagtail / wagtail_pages):.1f} × its time",
        ),
    ]


def _said_now_and_then(progress: Progress) -> Callable[[int, int], None]:
    last = [0.0]

    def said(done: int, total: int) -> None:
        if time.monotonic() - last[0] > 10:
            last[0] = time.monotonic()
            progress(f"indexing: {done} of {total} subjects")

    return said


def _prepared() -> Iterator[Prepared]:
    """The entries of one reference in SAMPLE, cut into tokens."""
    subjects = [
        Reference.subject_of(pk)
        for pk in islice(Reference.objects.order_by("pk").values_list("pk", flat=True), 0, None, SAMPLE)
    ]
    for some in batches(subjects, 20):
        made, failed = make_entries(some)
        if failed:
            raise RuntimeError(f"The entries of {', '.join(sorted(failed))} cannot be made.")
        for _, entries in made:
            yield from map(prepare, entries)


def _engine_given_tokens(sample: Sequence[Prepared]) -> float:
    """Seconds of the embedded engine when cutting text costs it nothing."""
    folder = Path(settings.VAR_DIR) / "ready"
    shutil.rmtree(folder, ignore_errors=True)
    ready = {one.entry.key: one for one in sample}
    engine = EmbeddedEngine(folder)
    start = time.perf_counter()
    with mock.patch.object(writing, "prepare", lambda entry: ready[entry.key]), engine.rebuild() as new:
        new.add(one.entry for one in sample)
    taken = time.perf_counter() - start
    engine.close()
    shutil.rmtree(folder, ignore_errors=True)
    return taken


def _tantivy_given_tokens(sample: Sequence[Prepared]) -> float:
    """Seconds of tantivy itself, two indexes with the text fields of ours and a key."""
    folder = Path(settings.VAR_DIR) / "tantivy"
    shutil.rmtree(folder, ignore_errors=True)
    start = time.perf_counter()
    writers = []
    for name in ("pages", "documents"):
        (folder / name).mkdir(parents=True)
        writers.append(tantivy.Index(_schema(), path=str(folder / name)).writer(REBUILD_HEAP_BYTES, 1))
    pages, documents = writers
    for one in sample:
        for page in one.pages:
            pages.add_document(_document(page.anchor, page.fields))
        documents.add_document(_document(one.entry.key, one.fields))
    for writer in writers:
        writer.commit()
        writer.wait_merging_threads()
    taken = time.perf_counter() - start
    shutil.rmtree(folder, ignore_errors=True)
    return taken


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("key", stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("body", "title", "exact_title", "pairs", "pieces"):
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="freq")
    return builder.add_text_field("words", tokenizer_name="whitespace", index_option="position").build()


def _document(key: str, fields: Fields) -> tantivy.Document:
    document = tantivy.Document()
    document.add_text("key", key)
    for name in ("body", "title", "exact_title", "pairs", "pieces"):
        document.add_text(name, getattr(fields, name))
    for run in fields.words:
        document.add_text("words", run)
    return document


def _wagtail(most_seconds: float) -> tuple[float, int]:
    """Seconds and pages of Wagtail's database index (FTS5 on SQLite), filled as update_index fills it; it stops when
    the time is up.
    """
    index = get_search_backend().get_index_for_model(WagtailPage)
    index.reset()
    start = time.perf_counter()
    done = 0
    # Each batch is read whole before it is written: a read left open would make SQLite refuse the write when another
    # process has written.
    for ids in batches(WagtailPage.objects.order_by("pk").values_list("pk", flat=True), WAGTAIL_AT_ONCE):
        some = list(WagtailPage.objects.filter(pk__gte=ids[0], pk__lte=ids[-1]).only("pk", "text"))
        index.add_items(WagtailPage, some)
        done += len(some)
        if time.perf_counter() - start > most_seconds:
            break
    return time.perf_counter() - start, done
