"""A synthetic library in a database of its own: made once, kept as long as its version,
its size and the migrations are the same.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader

from kb.accounts.audiences import MEMBERS, PUBLIC, body
from kb.demonstration.loading import make_body, make_concepts, make_pages
from kb.demonstration.reading import read_data
from kb.files.choices import State
from kb.files.models import FilePage, FileVersion, StoredFile
from kb.groups.models import Body
from kb.library.choices import PublishReason, ReferenceState, ReferenceType
from kb.library.models import Creator, Reference, ReferenceFile
from kb.library.models.references import KIND
from kb.vocabulary.models import Concept
from tests.bench.wording import DocumentText, documents

VERSION = 1  # another number makes the library anew
REFERENCES_AT_ONCE = 100
PAGES_AT_ONCE = 2_000
TYPES = (
    ReferenceType.REPORT,
    ReferenceType.ARTICLE_JOURNAL,
    ReferenceType.BOOK,
    ReferenceType.LEGISLATION,
    ReferenceType.WEBPAGE,
)
FIRST_DAY = datetime(1995, 1, 1, 12, tzinfo=UTC)
DAYS = 10_000

Progress = Callable[[str], None]


def make(pages: int, progress: Progress) -> None:
    """A library of that many pages in the database of the settings; nothing to do when it is there already."""
    database = Path(settings.DATABASES["default"]["NAME"])
    said = Path(settings.VAR_DIR) / "library.json"
    wanted = json.dumps({"version": VERSION, "pages": pages, "migrations": _migrations()})
    if database.exists() and said.exists() and said.read_text() == wanted:
        progress(f"library of {pages} pages: kept from an earlier run ({database})")
        return
    connection.close()
    said.unlink(missing_ok=True)
    shutil.rmtree(settings.SEARCH_INDEX_DIR, ignore_errors=True)
    if not _is_empty(database):
        for path in database.parent.glob(f"{database.name}*"):
            path.unlink()
    database.parent.mkdir(parents=True, exist_ok=True)
    progress("library: an empty database")
    call_command("migrate", verbosity=0)
    with transaction.atomic():
        _make_frame()
    done = 0
    for some in _batches(documents(pages), REFERENCES_AT_ONCE):
        with transaction.atomic():
            done += _write(some)
        if done == pages or not some[-1][0] % (10 * REFERENCES_AT_ONCE):
            progress(f"library: {done} of {pages} pages written")
    said.write_text(wanted)


def _migrations() -> str:
    names = sorted(map(str, MigrationLoader(None).disk_migrations))
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]


def _is_empty(database: Path) -> bool:
    """Whether there is no database, or one that was migrated and nothing else."""
    if not database.exists():
        return True
    opened = sqlite3.connect(database)
    try:
        return opened.execute("SELECT 1 FROM groups_body LIMIT 1").fetchone() is None
    except sqlite3.Error:
        return False
    finally:
        opened.close()


def _make_frame() -> None:
    """What the demonstration has beside its references: bodies, vocabulary, pages of the site."""
    for item in read_data("bodies.json")["bodies"]:
        make_body(item)
    make_concepts(read_data("vocabulary.json")["concepts"])
    make_pages(read_data("pages.json"), {})


def _batches(made: Iterable[DocumentText], size: int) -> Iterable[list[tuple[int, DocumentText]]]:
    numbered = enumerate(made, start=1)
    while some := list(itertools.islice(numbered, size)):
        yield some


def _write(some: list[tuple[int, DocumentText]]) -> int:
    """References with a creator, concepts, a file and its pages; the number of pages."""
    bodies = list(Body.objects.order_by("code"))
    concepts = list(Concept.objects.order_by("code"))
    # A chance of its own for each document, so that the library does not depend on the size of batches.
    chances = [random.Random(f"reference {number}") for number, _ in some]
    references = Reference.objects.bulk_create(
        _reference(number, document, chance, bodies) for (number, document), chance in zip(some, chances, strict=True)
    )
    Creator.objects.bulk_create(
        [Creator(reference=one, name=f"Observatoire {one.mark_number % 400}", sort_order=0) for one in references]
    )
    through = Reference.concepts.through
    through.objects.bulk_create(
        [
            through(reference_id=one.pk, concept_id=concept.pk)
            for one, chance in zip(references, chances, strict=True)
            for concept in chance.sample(concepts, 3)
        ]
    )
    stored = StoredFile.objects.bulk_create([StoredFile(owner_kind=KIND, last_number=1) for _ in some])
    ReferenceFile.objects.bulk_create(
        [
            ReferenceFile(
                reference=one,
                stored_file=file,
                number=1,
                language=one.language,
                audiences=one.audiences,
                publish_reason=PublishReason.OWN,
            )
            for one, file in zip(references, stored, strict=True)
        ]
    )
    versions = FileVersion.objects.bulk_create(
        [_version(file, number, document) for file, (number, document) in zip(stored, some, strict=True)],
    )
    pages = [
        FilePage(version=version, number=number, text=page.text, spans=page.spans, width=595, height=842)
        for version, (_, document) in zip(versions, some, strict=True)
        for number, page in enumerate(document.pages, start=1)
    ]
    FilePage.objects.bulk_create(pages, batch_size=PAGES_AT_ONCE)
    return len(pages)


def _reference(number: int, document: DocumentText, chance: random.Random, bodies: list[Body]) -> Reference:
    """Three in five are public; of the others two in three are for all members, the rest for one body."""
    owner = chance.choice(bodies)
    day = FIRST_DAY + timedelta(days=chance.randrange(DAYS))
    place = chance.random()
    return Reference(
        body=owner,
        mark_year=day.year,
        mark_number=number,
        type=chance.choice(TYPES),
        title=document.title,
        language=document.language,
        date_text=day.date().isoformat(),
        publisher="Atelier du quartier",
        state=ReferenceState.ACCEPTED,
        accepted_at=day,
        audiences=[PUBLIC] if place < 0.6 else [MEMBERS] if place < 0.87 else [body(owner.code)],
    )


def _version(file: StoredFile, number: int, document: DocumentText) -> FileVersion:
    return FileVersion(
        stored_file=file,
        number=1,
        content=f"files/bench/{number}",
        original_name=f"document-{number}.pdf",
        media_type="application/pdf",
        size_bytes=40_000 * len(document.pages),
        state=State.READ,
        page_count=len(document.pages),
        languages=[document.language],
        is_paged=True,
    )
