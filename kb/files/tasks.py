"""Reading stored versions in the background: claim, read, write the pages, make them the current ones; then ask for the
page images.

    enqueue ─► claim (attempts + 1, a number, its own commit) ─► child process ─► pages, in batches (`writing`)
                                                         │        ─► one short transaction: they are current; state, owner told, images asked for
                                                         ├ took too long: waiting again, three times; then broken
                                                         └ pages without text: recognised later, in a lane of its own, for it takes seconds a page
A task of the reading lane names no file: it takes the one whose turn it is (`turns`). A worker killed at any point
leaves the version waiting with nothing half shown; `recovering` asks for it again. What a file says is
found in `search.extraction`, drawing its pages is in `drawing`.
"""  # noqa: E501

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django_tasks import TaskContext, TaskResultStatus, task
from django_tasks_db.models import DBTaskResult

from kb.files import owners
from kb.files.choices import State
from kb.files.content import local_path
from kb.files.models import FileVersion
from kb.files.reading import drawing, turns
from kb.files.reading.reasons import NO_RECOGNITION, NO_RECOGNITION_OF_SOME, TEXT_CUT
from kb.files.reading.writing import TakenOver, Written, make_current, write_pages
from search.extraction import (
    Extraction,
    ExtractionError,
    Limits,
    Unconfined,
    can_recognise,
    extract,
    has_few_letters,
    is_scan,
)

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 3
IMAGES_A_TASK = 50  # pages; what is longer goes on behind the documents that wait meanwhile
_MOST_TRIES = 20  # for a file that another worker took in the same moment


@dataclass(frozen=True, slots=True)
class Outcome:
    """What reading a version gave; reason is for the log and for editors, in English;
    media_type "" where it was not found out.
    """

    state: str
    reason: str = ""
    extraction: Extraction | None = None
    media_type: str = ""


@task(queue_name="reading", takes_context=True)
def read_next(context: TaskContext) -> str:
    """Reads the waiting version whose turn it is and gives its state; "" when none waits that no other task has."""
    claim = str(context.task_result.id)
    for _ in range(_MOST_TRIES):
        version_id = turns.next_version(claim)
        version = _claim(version_id, claim, state=State.WAITING) if version_id is not None else None
        if version is not None:
            return _read_claimed(version, claim)
        if version_id is None:
            break
    return ""


@task(queue_name="reading", takes_context=True)
def read_version(context: TaskContext, version_id: int) -> str:
    """Reads this waiting version, if no other task has it: what was asked for before `read_next` was there."""
    return read_here(version_id, claim=str(context.task_result.id))


def read_here(version_id: int, *, claim: str) -> str:
    """Reads a waiting version for a command that waits for it, as a task would, and gives its state ("" if a task has
    it, or it is gone).

    `claim` is any name of its own. Until the reading ends, or its time is over, no task takes the version.
    """
    version = _claim(version_id, f"{turns.COMMAND}{claim}"[:64], state=State.WAITING)
    return "" if version is None else _read_claimed(version, version.claimed_by)


def _read_claimed(version: FileVersion, claim: str) -> str:
    if version.attempts > MOST_ATTEMPTS:
        outcome = Outcome(State.BROKEN, f"reading it did not end {MOST_ATTEMPTS} times")
    else:
        with _blaming_only_the_file(version, claim):
            outcome = _read(version, recognise=False)
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
    """Reads a version once more with recognition of the pages without text; gives its state ("" if another task has it,
    or it is gone).
    """
    claim = str(context.task_result.id)
    version = _claim(version_id, claim, wants_recognition=True)
    if version is None:
        return ""
    if version.attempts > 2 * MOST_ATTEMPTS:
        outcome = Outcome(version.state, f"recognising its text did not end {MOST_ATTEMPTS} times")
    else:
        with _blaming_only_the_file(version, claim):
            outcome = _read(version, recognise=True)
    if outcome.extraction is None:  # what was read without recognition stays
        outcome = Outcome(version.state, outcome.reason)
    return outcome.state if _write(version, claim, outcome) else ""


@contextmanager
def _blaming_only_the_file(version: FileVersion, claim: str) -> Iterator[None]:
    """Gives the attempt back when the worker is told to end, or may not read here."""
    try:
        yield
    except (SystemExit, KeyboardInterrupt, Unconfined):
        FileVersion.objects.filter(pk=version.pk, claimed_by=claim).update(attempts=F("attempts") - 1, claimed_by="")
        raise


def enqueue_recognition(version_id: int) -> None:
    recognise_pages.enqueue(version_id)


def enqueue_reading() -> None:
    """Asks for one more reading; which file it takes is decided when it begins.

    Call it after the commit of what is to be read.
    """
    read_next.enqueue()


def enqueue_drawing(version_id: int) -> None:
    draw_pages.enqueue(version_id)


def _claim(version_id: int, claim: str, **condition: object) -> FileVersion | None:
    """Takes the version for this task, unless it does not meet the condition (any more)
    or a task that is still running has it.
    """
    with transaction.atomic():
        version = FileVersion.objects.select_for_update().filter(pk=version_id, **condition).first()
        if version is None or (version.claimed_by not in ("", claim) and _is_running(version.claimed_by)):
            return None
        if turns.is_read_by_command(version) and not claim.startswith(turns.COMMAND):
            return None
        version.claimed_by, version.claimed_at = claim, timezone.now()
        version.attempts += 1
        version.last_reading += 1
        version.save(update_fields=["claimed_by", "claimed_at", "attempts", "last_reading"])
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
    return Outcome(
        state, "; ".join([*extraction.warnings, *_not_recognised(extraction, state)]), extraction, extraction.media_type
    )


def _not_recognised(extraction: Extraction, state: str) -> list[str]:
    """Why pages without text stay without, where no program recognises them; a clause for the reason."""
    if can_recognise() or not _has_silent_pages(extraction):
        return []
    return [NO_RECOGNITION if state == State.SCAN else NO_RECOGNITION_OF_SOME]


def _has_no_text(extraction: Extraction) -> bool:
    return is_scan(extraction) or not any(page.text.strip() for page in extraction.pages)


def _has_pictures_of_text(extraction: Extraction | None) -> bool:
    """Whether recognition could find more: pages with hardly a letter (none, a stamp, meaningless signs),
    and a program that recognises.
    """
    return bool(extraction and _has_silent_pages(extraction) and can_recognise())


def _has_silent_pages(extraction: Extraction) -> bool:
    return extraction.paged and any(has_few_letters(page) for page in extraction.pages)


def _write(version: FileVersion, claim: str, outcome: Outcome) -> bool:
    """Writes the pages, then makes them current with the state; False (and nothing shown) when the version is gone or
    was taken over.

    Text of an earlier reading is precious: a reading that fails leaves it.
    """
    try:
        written = write_pages(version, claim, outcome.extraction) if outcome.extraction else None
        with transaction.atomic():
            _note(version, claim, outcome, written)
    except TakenOver:
        logger.info("Version %s was taken over or deleted while it was read", version.pk)
        return False
    return True


def _note(version: FileVersion, claim: str, outcome: Outcome, written: Written | None) -> None:
    """The short transaction that ends a reading. Raises TakenOver."""
    fresh = (
        FileVersion.objects.select_for_update(of=("self",))
        .select_related("stored_file")
        .filter(pk=version.pk, claimed_by=claim)
        .first()
    )
    if fresh is None:
        raise TakenOver
    fresh.claimed_by = ""
    fresh.state = outcome.state
    fresh.reason = "; ".join(filter(None, (TEXT_CUT if written and written.was_cut else "", outcome.reason)))[:500]
    fresh.media_type = outcome.media_type or fresh.media_type
    if written:
        make_current(fresh, written)
    was_waiting = version.state == State.WAITING
    fresh.wants_recognition = was_waiting and _has_pictures_of_text(outcome.extraction)
    if was_waiting and outcome.state != State.WAITING:
        fresh.read_at = timezone.now()
    fresh.save()
    owners.tell(fresh.stored_file)
    if fresh.wants_recognition:
        transaction.on_commit(lambda: enqueue_recognition(fresh.pk))
    if outcome.state == State.WAITING:
        transaction.on_commit(enqueue_reading)
    elif (was_waiting or written) and fresh.is_paged and fresh.images_made < fresh.page_count:
        transaction.on_commit(lambda: enqueue_drawing(fresh.pk))
