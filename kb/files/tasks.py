"""Reading stored versions in the background: claim, read, write everything at once; then ask for the page images.

    enqueue ─► claim (attempts + 1, its own commit) ─► child process ─► one transaction: pages, state, owner told, images asked for
                                                         ├ took too long: waiting again, three times; then broken
                                                         └ pages without text: recognised later, in a lane of its own, for it takes seconds a page
A worker killed at any point leaves the version waiting with nothing half written; `recovering` asks for it again. What a file says is
found in `search.extraction`, drawing its pages is in `drawing`.
"""

from __future__ import annotations

import logging
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django_tasks import TaskContext, TaskResultStatus, task
from django_tasks_db.models import DBTaskResult

from kb.files import drawing, owners
from kb.files.choices import State
from kb.files.content import local_path
from kb.files.models import FilePage, FileVersion
from kb.files.reasons import NO_RECOGNITION, NO_RECOGNITION_OF_SOME
from search.analysis.detection import CODES, detect, spans
from search.extraction import ExtractedPage, Extraction, ExtractionError, Limits, Unconfined, extract, has_few_letters, is_scan, ocr

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 3
IMAGES_A_TASK = 50  # pages; what is longer goes on behind the documents that wait meanwhile
_ROWS_AT_ONCE = 200
_SAMPLE = 20_000  # characters looked at for the language of a whole document
_LANGUAGE_SHARE = 0.05  # of the characters whose language is known: less is a quotation or a title


@dataclass(frozen=True, slots=True)
class Outcome:
    """What reading a version gave; reason is for the log and for editors, in English; media_type "" where it was not found out."""

    state: str
    reason: str = ""
    extraction: Extraction | None = None
    media_type: str = ""


@task(queue_name="reading", takes_context=True)
def read_version(context: TaskContext, version_id: int) -> str:
    """Reads a waiting version and gives its state ("" if another task has it, or it is gone)."""
    return read_here(version_id, claim=str(context.task_result.id))


def read_here(version_id: int, *, claim: str) -> str:
    """The same in this process, for a command that waits for it; `claim` is any name of its own."""
    version = _claim(version_id, claim, state=State.WAITING)
    if version is None:
        return ""
    if version.attempts > MOST_ATTEMPTS:
        outcome = Outcome(State.BROKEN, f"reading it did not end {MOST_ATTEMPTS} times")
    else:
        try:
            outcome = _read(version, recognise=False)
        except (SystemExit, KeyboardInterrupt, Unconfined):  # the worker is told to end, or may not read here: not the file's fault
            FileVersion.objects.filter(pk=version_id, claimed_by=claim).update(attempts=F("attempts") - 1, claimed_by="")
            raise
    return outcome.state if _write(version, claim, outcome) else ""


@task(queue_name="pictures")
def draw_pages(version_id: int) -> int:
    """Draws the next pages of a version, at most IMAGES_A_TASK; gives how many are left, for which it asks anew."""
    left = drawing.draw_next(version_id, most=IMAGES_A_TASK)
    if left:
        enqueue_drawing(version_id)
    return left


@task(queue_name="recognition", takes_context=True)
def recognise_pages(context: TaskContext, version_id: int) -> str:
    """Reads a version once more with recognition of the pages without text; gives its state ("" if another task has it, or it is gone)."""
    claim = str(context.task_result.id)
    version = _claim(version_id, claim, wants_recognition=True)
    if version is None:
        return ""
    if version.attempts > 2 * MOST_ATTEMPTS:
        outcome = Outcome(version.state, f"recognising its text did not end {MOST_ATTEMPTS} times")
    else:
        outcome = _read(version, recognise=True)
    if outcome.extraction is None:  # what was read without recognition stays
        outcome = Outcome(version.state, outcome.reason)
    return outcome.state if _write(version, claim, outcome) else ""


def enqueue_recognition(version_id: int) -> None:
    recognise_pages.enqueue(version_id)


def enqueue_reading(version_id: int) -> None:
    """Call it after the commit of what it is to read."""
    read_version.enqueue(version_id)


def enqueue_drawing(version_id: int) -> None:
    draw_pages.enqueue(version_id)


def _claim(version_id: int, claim: str, **condition: object) -> FileVersion | None:
    """Takes the version for this task, unless it does not meet the condition (any more) or a task that is still running has it."""
    with transaction.atomic():
        version = FileVersion.objects.select_for_update().filter(pk=version_id, **condition).first()
        if version is None or (version.claimed_by not in ("", claim) and _is_running(version.claimed_by)):
            return None
        version.claimed_by = claim
        version.attempts += 1
        version.save(update_fields=["claimed_by", "attempts"])
    return version


def _is_running(task_id: str) -> bool:
    """False also for the id of a task that ran in place (another backend's ids are no UUIDs)."""
    try:
        uuid.UUID(task_id)
    except ValueError:
        return False
    return DBTaskResult.objects.filter(pk=task_id, status=TaskResultStatus.RUNNING).exists()


def _read(version: FileVersion, *, recognise: bool) -> Outcome:
    limits = Limits(file_bytes=settings.FILES_MAX_BYTES, ocr=recognise)
    try:
        with local_path(version.content) as path:
            extraction = extract(path, None, limits=limits)  # what it is, only the child says
    except FileNotFoundError:
        return Outcome(State.BROKEN, "the stored bytes are missing")
    except ExtractionError as error:
        state = State.BROKEN if error.state == State.WAITING and version.attempts >= MOST_ATTEMPTS else error.state
        return Outcome(state, error.reason, media_type=error.media_type)
    state = State.SCAN if _has_no_text(extraction) else State.READ
    return Outcome(state, "; ".join([*extraction.warnings, *_not_recognised(extraction, state)]), extraction, extraction.media_type)


def _not_recognised(extraction: Extraction, state: str) -> list[str]:
    """Why pages without text stay without, where no program recognises them; a clause for the reason."""
    if ocr.available() or not _has_silent_pages(extraction):
        return []
    return [NO_RECOGNITION if state == State.SCAN else NO_RECOGNITION_OF_SOME]


def _has_no_text(extraction: Extraction) -> bool:
    return is_scan(extraction) or not any(page.text.strip() for page in extraction.pages)


def _has_pictures_of_text(extraction: Extraction | None) -> bool:
    """Whether recognition could find more: pages with hardly a letter (none, a stamp, meaningless signs), and a program that recognises."""
    return bool(extraction and _has_silent_pages(extraction) and ocr.available())


def _has_silent_pages(extraction: Extraction) -> bool:
    return extraction.paged and any(has_few_letters(page) for page in extraction.pages)


def _write(version: FileVersion, claim: str, outcome: Outcome) -> bool:
    """Writes pages and state in one transaction; False (and nothing written) when the version is gone or was taken over.

    Text of an earlier reading is precious: a reading that fails leaves it.
    """
    default = _default_language(version, outcome.extraction)
    with transaction.atomic():
        fresh = FileVersion.objects.select_for_update(of=("self",)).select_related("stored_file").filter(pk=version.pk, claimed_by=claim).first()
        if fresh is None:
            logger.info("Version %s was taken over or deleted while it was read", version.pk)
            return False
        fresh.claimed_by = ""
        fresh.state = outcome.state
        fresh.reason = outcome.reason[:500]
        fresh.media_type = outcome.media_type or fresh.media_type
        if outcome.extraction:
            _replace_pages(fresh, outcome.extraction, default)
        was_waiting = version.state == State.WAITING
        fresh.wants_recognition = was_waiting and _has_pictures_of_text(outcome.extraction)
        if was_waiting and outcome.state != State.WAITING:
            fresh.read_at = timezone.now()
        fresh.save()
        owners.tell(fresh.stored_file)
        if fresh.wants_recognition:
            transaction.on_commit(lambda: enqueue_recognition(fresh.pk))
        if outcome.state == State.WAITING:
            transaction.on_commit(lambda: enqueue_reading(fresh.pk))
        elif was_waiting and fresh.is_paged and fresh.images_made < fresh.page_count:
            transaction.on_commit(lambda: enqueue_drawing(fresh.pk))
    return True


def _replace_pages(version: FileVersion, extraction: Extraction, default: str) -> None:
    """New rows for the old; images already drawn of the same pages are kept, for the bytes have not changed."""
    images = dict(version.pages.exclude(image="").values_list("number", "image")) if extraction.paged else {}
    same_pages = version.page_count == len(extraction.pages)
    version.pages.all().delete()
    shares = _write_pages(version, extraction.pages, default=default, images=images if same_pages else {})
    version.page_count = len(extraction.pages)
    version.is_paged = extraction.paged
    version.languages = _languages(shares)
    version.properties = _properties(extraction)
    version.image_attempts = 0
    if not same_pages:
        version.images_made = 0


def _properties(extraction: Extraction) -> dict[str, str]:
    said = {name: " ".join(getattr(extraction, name).split()) for name in ("title", "author", "date", "language", "publisher")}
    return {name: value for name, value in said.items() if value}


def _write_pages(version: FileVersion, pages: Sequence[ExtractedPage], *, default: str, images: Mapping[int, str]) -> Counter[str]:
    """Writes the rows in batches and gives the number of characters in each language."""
    shares: Counter[str] = Counter()
    batch: list[FilePage] = []
    for row in _rows(version, pages, default, shares):
        row.image = images.get(row.number, "")
        batch.append(row)
        if len(batch) == _ROWS_AT_ONCE:
            FilePage.objects.bulk_create(batch)
            batch = []
    FilePage.objects.bulk_create(batch)
    return shares


def _rows(version: FileVersion, pages: Iterable[ExtractedPage], default: str, shares: Counter[str]) -> Iterator[FilePage]:
    for page in pages:
        found = spans(page.text, default)
        for span in found:
            shares[span.language] += span.end - span.start
        yield FilePage(
            version=version,
            number=page.number,
            label=page.label[:200],
            text=page.text,
            spans=[[span.start, span.end, span.language] for span in found],
            boxes=page.boxes,
            width=page.width,
            height=page.height,
            is_ocr=page.ocr,
        )


def _default_language(version: FileVersion, extraction: Extraction | None) -> str:
    """For paragraphs that do not say: what the owner says, else what most of the text is in, else what the file says of itself."""
    if extraction is None:
        return ""
    declared = extraction.language[:2].lower()
    sample, length = [], 0
    for page in extraction.pages:
        sample.append(page.text[:2000])
        length += len(sample[-1])
        if length > _SAMPLE:
            break
    return owners.language_of(version.stored_file) or detect("\n\n".join(sample)) or (declared if declared in CODES else "")


def _languages(shares: Counter[str]) -> list[str]:
    """Languages of the document, the one with most characters first."""
    least = _LANGUAGE_SHARE * (shares.total() - shares[""])
    return [code for code, characters in shares.most_common() if code and characters >= least]
