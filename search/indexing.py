"""From a change in the database to the index: the outbox, its drainer, the rebuild.

    save() in a transaction ─► record(subject) ─► Outbox row ─► commit ─► drain(): kind.entries ─► engine.replace ─► rows deleted
                    record_closing(subject) ─► Outbox row that closes ─► commit: left out of every answer (`opening`) until it is drained

A row goes only after the engine's commit, so a kill at any point means "again", never "lost"; a subject that ends its
process again and again is left out until it changes, its row stays. What a subject's entries are is said by the kinds
in `registry`, what differs afterwards in `drifting`; the engine is opened in `opening`.
"""  # noqa: E501

from __future__ import annotations

import logging
import shutil
import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q
from django.db.transaction import TransactionManagementError
from django.utils import timezone
from django_tasks import task

from search import registry
from search.engines.base import Engine, EngineBusy, EngineUnavailable
from search.engines.preparing import LONG_TEXT, is_long
from search.entries import Entry, LanguageSpan, Section
from search.leases import LeaseLost, OwnLease, lease
from search.models import Lease, Outbox, OutboxQuerySet
from search.opening import site_engine
from search.spooling import Spool, batches

logger = logging.getLogger(__name__)

BATCH_SUBJECTS = 20  # whole texts of so many are in memory at once
BATCH_TEXT = 1_000_000  # characters of them together; what is longer comes alone
BATCH_ROWS = 500
INDEX = "search.index"
ASKED = "search.asked"
OTHERS_EVERY_S = 1.0
ASKED_FOR = timedelta(minutes=1)  # a lost task is asked for again after this; the clock drains as often anyway

Made = list[tuple[str, Sequence[Entry]]]
Progress = Callable[[int, int], None]


class IndexBusy(Exception):
    """Another process is writing the index and did not finish in time."""


# Recording


def record(*subjects: str) -> None:
    """Notes, in the current transaction, that these subjects' entries must be made again (or taken out), and asks for a
    drain on commit.

    Call it inside `transaction.atomic()`, beside the change itself, from save(), delete() or a queryset method; never
    from post_save.
    Raises TransactionManagementError outside a transaction: a kill between the two statements would lose the change.
    """
    _note(Outbox(subject=subject) for subject in dict.fromkeys(subjects))


def record_closing(*subjects: str) -> None:
    """The same as `record`, for a change after which somebody may find less: fewer readers, not public any
    more, gone, a part of it gone.

    From the commit until they are drained, these subjects and what holds words of theirs are left out of every answer,
    whoever asks: the index still says what was open. One query of each provider of dependents per 500 subjects.
    """
    for some in batches(dict.fromkeys(subjects), 500):
        _note(Outbox(subject=subject, closes=True) for subject in (*some, *registry.dependents_of(some)))


def _note(rows: Iterable[Outbox]) -> None:
    noted = list(rows)
    if not noted:
        return
    if not connection.in_atomic_block:
        raise TransactionManagementError(
            "What is recorded for the search must stand in the same transaction.atomic() as the change itself."
        )
    Outbox.objects.bulk_create(noted, batch_size=500)
    transaction.on_commit(ask_for_drain, robust=True)


def ask_for_drain() -> None:
    """Enqueues one drain, unless one is waiting to start."""
    Lease.objects.bulk_create([Lease(name=ASKED)], ignore_conflicts=True)
    now = timezone.now()
    unasked = Lease.objects.filter(Q(until__isnull=True) | Q(until__lt=now), name=ASKED)
    if unasked.update(until=now + ASKED_FOR):
        drain_outbox.enqueue()


@task(queue_name="index")
def drain_outbox() -> int:
    """Brings the index up to date; gives the number of subjects done."""
    Lease.objects.filter(name=ASKED).update(until=None)  # before rows are read: who records from here on asks again
    return keep_up()


# Draining


def keep_up() -> int:
    """What the worker does each minute and after each change: rebuild an index that is gone or of another version,
    else drain.
    """
    try:
        if needs_rebuild():
            return rebuild(wait_s=0)
        return drain()
    except (EngineUnavailable, IndexBusy, LeaseLost) as reason:
        logger.warning("The index was not brought up to date, the changes wait in the outbox: %s", reason)
        return 0


def needs_rebuild() -> bool:
    """Whether there is no index, or one of another version, unfinished or damaged.

    Raises EngineUnavailable when the engine does not answer.
    """
    engine = site_engine()
    if not engine.is_current():
        return True
    try:
        engine.count()
    except EngineBusy:
        return False
    except EngineUnavailable as reason:
        logger.warning("The index cannot be opened and is made again: %s", reason)
        return True
    return False


def drain(limit: int | None = None) -> int:
    """Indexes what waits; the number of subjects done, `limit` or a batch more at most.

    First what closes, then the oldest, last what is long or was begun by a process that did not live to its end, one
    subject at a time.
    Does nothing while another drainer is at work, which will see our rows: it looks again after giving the lease back.
    A subject whose entries cannot be made is logged and left in the outbox; the others go on. Raises EngineUnavailable
    or LeaseLost: the rows stay. So they do, but for what closes, when the disk of the index is nearly full: what stays
    free there is the database's.
    """
    done = 0
    failed: set[str] = set()
    long: set[str] = set()
    while (limit is None or done < limit) and _waiting(failed).exists():
        with lease(INDEX) as own_lease:
            if own_lease is None:
                return done
            engine = site_engine()
            if not engine.is_current():
                return done
            while limit is None or done < limit:
                number = _drain_batch(engine, own_lease, failed, long)
                if number is None:
                    break
                done += number
        if not has_room():
            logger.warning("The disk of the search index is nearly full; what closes nothing waits in the outbox.")
            break
    return done


def has_room(bytes_more: int = 0) -> bool:
    """Whether the disk of the index has these bytes and those that the setting wants free; True where the index is
    elsewhere.
    """
    folder = getattr(settings, "SEARCH_INDEX_DIR", None)
    if not folder:
        return True
    place = next(place for place in (Path(folder).absolute(), *Path(folder).absolute().parents) if place.exists())
    return shutil.disk_usage(place).free >= settings.SEARCH_LEAST_FREE_BYTES + bytes_more


def _want_room(bytes_more: int = 0) -> None:
    """Raises EngineUnavailable where there is too little."""
    if not has_room(bytes_more):
        raise EngineUnavailable("The disk has no room for a second index beside the one in use; make some room first.")


def _index_bytes() -> int:
    folder = getattr(settings, "SEARCH_INDEX_DIR", None)
    return sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()) if folder else 0


def _waiting(failed: set[str]) -> OutboxQuerySet:
    return Outbox.objects.waiting().exclude(subject__in=failed)


def _drain_batch(engine: Engine, own_lease: OwnLease, failed: set[str], long: set[str]) -> int | None:
    """How many subjects of one batch are now in the index and out of the outbox; None when nothing is left.

    Adds to `failed` those whose entries could not be made, to `long` those of very many pages: these come last, one by
    one.
    """
    waiting = _waiting(failed | long)
    subjects = _first(waiting.closing()) or (_first(waiting) if has_room() else ())
    if subjects:
        _index(engine, own_lease, subjects, failed, long)
        return len(set(subjects) - long)
    if not long or not has_room():
        return None
    one = long.pop()
    _index(engine, own_lease, (one,), failed, long, between=_Others(engine, own_lease, failed, long, one))
    return 1


def _index(
    engine: Engine,
    own_lease: OwnLease,
    subjects: Sequence[str],
    failed: set[str],
    long: set[str],
    *,
    between: _Others | None = None,
) -> None:
    """Brings these into the index and takes their rows out; without `between`, long ones only join `long`."""
    # Every row of these subjects that is there before their data is read; a later change has a later row, which stays.
    rows = list(Outbox.objects.filter(subject__in=subjects).values_list("id", "subject", "attempts"))
    ids = {row: subject for row, subject, _ in rows}
    written: list[str] = []
    not_made: set[str] = set()
    try:
        # What holds words of these is made again before the rows go: a title that was closed must not be counted
        # through what speaks of it.
        wanted = (*subjects, *_not_left_out(registry.dependents_of(subjects)))
        if between is None:
            # Of those that are known to be long the texts are not even read here; what was with others when the process
            # ended comes alone.
            lengths = registry.lengths_of(wanted)
            aside = {subject for subject in wanted if lengths[subject] > LONG_TEXT} | {
                subject for _, subject, attempts in rows if attempts
            }
            wanted = tuple(subject for subject in wanted if subject not in aside)
            long |= aside
            not_made |= aside
        with _trying([subject for subject in subjects if subject in wanted], last_row=max(ids, default=0)):
            for some in light_batches(wanted):
                made, unmade = make_entries(some)
                failed |= unmade
                not_made |= unmade
                if between is None:
                    aside = {subject for subject, entries in made if is_long(entries)}
                    made = [(subject, entries) for subject, entries in made if subject not in aside]
                    long |= aside
                    not_made |= aside
                own_lease.renew()
                engine.replace(made, **({"between": between} if between else {}))
                written += [subject for subject, _ in made]
        with transaction.atomic():
            own_lease.renew()
            Outbox.objects.bulk_create([Outbox(subject=subject) for subject in sorted(not_made.difference(subjects))])
            _delete_rows(row for row, subject in ids.items() if subject not in not_made)
    except LeaseLost:
        # Someone took over while we wrote: ours may have been the older data, from before a closing that they drained.
        # So these are made once more, and found again only then.
        Outbox.objects.bulk_create([Outbox(subject=subject, closes=True) for subject in written])
        raise


def _not_left_out(subjects: Sequence[str]) -> list[str]:
    left_out = (
        set(Outbox.objects.left_out().filter(subject__in=subjects).values_list("subject", flat=True))
        if subjects
        else set()
    )
    return [subject for subject in subjects if subject not in left_out]


@contextmanager
def _trying(subjects: Sequence[str], *, last_row: int) -> Iterator[None]:
    """Counts an attempt on the rows of these subjects, in a commit of its own, and takes all back when this process is
    still there afterwards.
    """
    rows = Outbox.objects.filter(subject__in=subjects, id__lte=last_row)
    if not subjects or not rows.update(attempts=F("attempts") + 1):
        yield
        return
    try:
        yield
    finally:
        rows.update(attempts=0)


def try_all_again() -> None:
    """What was left out is tried again: the text, the program or the machine may be another now."""
    Outbox.objects.filter(attempts__gt=0).update(attempts=0)


class _Others:
    """What waits while a subject of very many pages is brought into the index: asked now and then, it brings in what
    others changed meanwhile.
    """

    def __init__(self, engine: Engine, own_lease: OwnLease, failed: set[str], long: set[str], under_way: str) -> None:
        self._engine = engine
        self._own_lease = own_lease
        self._failed = failed
        self._long = long
        self._under_way = under_way
        self._asked_at = time.monotonic()

    def __call__(self) -> None:
        if time.monotonic() - self._asked_at < OTHERS_EVERY_S:
            return
        self._own_lease.renew()
        waiting = _waiting(self._failed | self._long | {self._under_way})
        if subjects := _first(waiting.closing()) or _first(waiting):
            _index(self._engine, self._own_lease, subjects, self._failed, self._long)
        self._asked_at = time.monotonic()


def _first(waiting: OutboxQuerySet) -> tuple[str, ...]:
    rows = waiting.order_by("id").values_list("subject", flat=True)[:BATCH_ROWS]
    return tuple(islice(dict.fromkeys(rows), BATCH_SUBJECTS))


def _delete_rows(ids: Iterable[int]) -> None:
    for some in batches(ids, 500):
        Outbox.objects.filter(id__in=some).delete()


def light_batches(subjects: Iterable[str]) -> Iterator[list[str]]:
    """Some subjects at a time, in order: BATCH_SUBJECTS at most, whose texts together have BATCH_TEXT characters at
    most, or one that is longer.
    """
    for some in batches(subjects, BATCH_SUBJECTS):
        lengths = registry.lengths_of(some)
        batch: list[str] = []
        weight = 0
        for subject in some:
            if batch and weight + lengths[subject] > BATCH_TEXT:
                yield batch
                batch, weight = [], 0
            batch.append(subject)
            weight += lengths[subject]
        yield batch


def make_entries(subjects: Sequence[str]) -> tuple[Made, set[str]]:
    """(subject, entries) of each, () for what is gone or has no kind; and the subjects whose entries could not be made.

    Give it no more at once than `light_batches` does. Of a very long entry the first MOST_TEXT characters are there.
    """
    try:
        return _entries(subjects), set()
    except Exception:
        # One broken record must not hold up every other change: find it, log it, go on.
        if len(subjects) == 1:
            logger.exception(
                "The entries of %s could not be made; it is tried again with the next change.", subjects[0]
            )
            return [], {subjects[0]}
    made: Made = []
    failed: set[str] = set()
    for subject in subjects:
        one, not_made = make_entries([subject])
        made += one
        failed |= not_made
    return made, failed


def _entries(subjects: Sequence[str]) -> Made:
    by_kind: dict[str, list[str]] = {}
    for subject in subjects:
        by_kind.setdefault(subject.partition(":")[0], []).append(subject)
    found: dict[str, Sequence[Entry]] = dict.fromkeys(subjects, ())
    for some in by_kind.values():
        kind = registry.kind_of(some[0])
        if kind is not None:
            found |= {subject: tuple(_bounded(entry) for entry in entries) for subject, entries in kind.entries(some)}
    return list(found.items())


def _bounded(entry: Entry) -> Entry:
    """The entry with the first MOST_TEXT characters of its sections; itself where it has no more.

    Each entry has the whole bound, however long the files are that only others may open: what they do not see changes
    nothing for its readers.
    """
    room = registry.MOST_TEXT
    if sum(len(section.text) for section in entry.sections) <= room:
        return entry
    kept = []
    for section in entry.sections:
        if room <= 0:
            break
        kept.append(_cut(section, room))
        room -= len(section.text)
    return replace(entry, sections=tuple(kept))


def _cut(section: Section, room: int) -> Section:
    if len(section.text) <= room:
        return section
    spans = tuple(
        LanguageSpan(span.start, min(span.end, room), span.language) for span in section.spans if span.start < room
    )
    return replace(section, text=section.text[:room], spans=spans)


# Rebuilding


def rebuild(*, progress: Progress | None = None, wait_s: float = 60.0) -> int:
    """Makes a new index beside the one in use, swaps, and drains what changed meanwhile; the number of subjects read.

    It holds the drainers' lease: changes wait in the outbox, where what was read before them would otherwise overwrite
    them. Until the swap the old index answers, and pages check today's rights as always. Leaving by an exception
    (Ctrl-C too) keeps the old index. `progress(done, total)` is called with each batch. Raises IndexBusy when a drainer
    is still at work after `wait_s` seconds,
    EngineUnavailable, LeaseLost.
    """
    with lease(INDEX, wait_s=wait_s) as own_lease:
        if own_lease is None:
            raise IndexBusy("Another process is writing the index. Try again when it has finished.")
        done = _rebuild(site_engine(), own_lease, progress or (lambda done, total: None))
    drain()
    return done


def _rebuild(engine: Engine, own_lease: OwnLease, progress: Progress) -> int:
    _want_room(_index_bytes())
    before = array("q", Outbox.objects.values_list("id", flat=True).iterator())
    left_out = set(Outbox.objects.left_out().values_list("subject", flat=True))
    unmade: set[str] = set()
    done = 0
    with (
        Spool(subject for kind in registry.kinds() for subject in kind.subjects()) as subjects,
        engine.rebuild() as new,
    ):
        progress(done, len(subjects))
        for some in light_batches(subjects):
            _want_room()
            wanted = [subject for subject in some if subject not in left_out]
            with _trying_if_long(wanted):
                made, not_made = make_entries(wanted)
                unmade |= not_made
                new.add(entry for _, entries in made for entry in entries)
            done += len(some)
            own_lease.renew()
            progress(done, len(subjects))
        with transaction.atomic():
            Outbox.objects.bulk_create([Outbox(subject=subject) for subject in sorted(unmade)], batch_size=500)
    own_lease.renew()
    # What these rows say is in the new index: its entries were read after them. Rows that came later stay for the
    # drain.
    for ids in batches(before, 500):
        Outbox.objects.filter(id__in=ids).exclude(subject__in=unmade | left_out).delete()
    return done


@contextmanager
def _trying_if_long(subjects: Sequence[str]) -> Iterator[None]:
    """During a rebuild only what is long is counted, on a row of its own: a million others would be as many writes."""
    if len(subjects) != 1 or registry.lengths_of(subjects)[subjects[0]] <= LONG_TEXT:
        yield
        return
    row = Outbox.objects.create(subject=subjects[0])
    try:
        with _trying(subjects, last_row=row.pk):
            yield
    finally:
        row.delete()
