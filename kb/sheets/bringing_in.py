"""Bringing a workbook in: looked through line by line, shown, then written line by line; both in the background,
stopped and taken up again at will.

    put_in ─► looking ─► looked ─► writing ─► done        each line is looked at once more and written in a transaction of its own
                 └───── stopped ──────┘                   go_on: with the first line that is not looked at, or not written
A worker killed at any point loses nothing: `take_up` asks for what nobody is doing. Two tasks for one import do each
line once.
What a line means is in its kind (`kinds`); the pages of the admin are in `views`.
"""  # noqa: E501

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from django_tasks import TaskResultStatus, task
from django_tasks_db.models import DBTaskResult

from kb.clock.queue import unfinished
from kb.sheets.choices import ImportState, Verdict
from kb.sheets.kinds import Context, Layout, Line, Looked, NotUnderstood, SheetKind, sheet_kind
from kb.sheets.models import SheetImport, SheetLine
from kb.sheets.workbooks import UnreadableWorkbook, opened

logger = logging.getLogger(__name__)

KEPT_DAYS = 30
TO_WRITE = (Verdict.NEW, Verdict.CHANGED)
_RUNNING = (ImportState.LOOKING, ImportState.WRITING)
_LINES_AT_ONCE = 50
_REFUSED = (NotUnderstood, ValidationError, IntegrityError, ProtectedError, ObjectDoesNotExist)


def put_in(content: File, *, kind: str, name: str, user: Any) -> SheetImport:
    """Keeps a workbook and asks for it to be looked through. Nothing else changes."""
    with transaction.atomic():
        made = SheetImport(kind=kind, original_name=name[-255:], created_by=user)
        made.content.save("workbook.xlsx", content)
        _enqueue_later(made.pk)
    return made


def write(sheet_import: SheetImport) -> bool:
    """Asks for the lines to be written; False when the import is not at that point (another click was first)."""
    return _move(sheet_import, (ImportState.LOOKED,), ImportState.WRITING)


def stop(sheet_import: SheetImport) -> bool:
    """What is written stays, the line at hand is finished, and nothing more is done."""
    return _move(sheet_import, _RUNNING, ImportState.STOPPED)


def go_on(sheet_import: SheetImport) -> bool:
    """A stopped import goes on where it was: looking when not every line was looked at, else writing."""
    was_looking = not sheet_import.lines or sheet_import.rows.count() < sheet_import.lines
    return _move(sheet_import, (ImportState.STOPPED,), ImportState.LOOKING if was_looking else ImportState.WRITING)


def _move(sheet_import: SheetImport, before: Iterable[str], after: str) -> bool:
    with transaction.atomic():
        moved = SheetImport.objects.filter(pk=sheet_import.pk, state__in=before).exclude(content="").update(state=after)
        if moved and after in _RUNNING:
            _enqueue_later(sheet_import.pk)
    return bool(moved)


def _enqueue_later(import_id: int) -> None:
    transaction.on_commit(lambda: work_through.enqueue(import_id))


@task(queue_name="long")
def work_through(import_id: int) -> str:
    """Looks through or writes an import, whichever it waits for;
    gives its state afterwards ("" when there is nothing to do).
    """
    sheet_import = SheetImport.objects.select_related("created_by").filter(pk=import_id, state__in=_RUNNING).first()
    if sheet_import is None:
        return ""
    with override(getattr(sheet_import.created_by, "language", "fr")):
        try:
            steps = {ImportState.LOOKING: _look_through, ImportState.WRITING: _write_lines}
            steps[ImportState(sheet_import.state)](sheet_import, _kind_of(sheet_import))
        except UnreadableWorkbook as error:
            _end(sheet_import, ImportState.FAILED, str(error))
        except FileNotFoundError:
            _end(sheet_import, ImportState.FAILED, _("The workbook is no longer there. Put it in once more."))
        except Exception:
            _end(sheet_import, ImportState.STOPPED, _stopped_by_us())
            raise
    return SheetImport.objects.filter(pk=import_id).values_list("state", flat=True).first() or ""


def _stopped_by_us() -> str:
    return _(
        "The site stopped by a mistake of its own; nothing is lost. Try “Go on”; if it stops "
        "again, tell whoever looks after the site."
    )


def _kind_of(sheet_import: SheetImport) -> SheetKind:
    kind = sheet_kind(sheet_import.kind)
    if kind is None:
        raise UnreadableWorkbook(_("This kind of workbook is no longer known here."))
    return kind


def _end(sheet_import: SheetImport, state: str, problem: str) -> None:
    """Only what still runs: a stop by an editor wins."""
    SheetImport.objects.filter(pk=sheet_import.pk, state__in=_RUNNING).update(
        state=state, problem=problem[:500], finished_at=timezone.now()
    )


# Looking


def _look_through(sheet_import: SheetImport, kind: SheetKind) -> None:
    """All lines from the first, so that the kind remembers what earlier ones said;
    those looked at before are kept as they are.
    """
    with sheet_import.content.open("rb") as file, opened(file) as book:
        layout = Layout(book, kind)
        lines = list(layout.lines())
        remarks = layout.remarks()
    if not lines:
        raise UnreadableWorkbook(
            _("There are no lines under the headers. Fill in the workbook, then put it in once more.")
        )
    running = SheetImport.objects.filter(pk=sheet_import.pk, state=ImportState.LOOKING)
    running.update(lines=len(lines), problem=" ".join(remarks)[:500])
    context, done = Context(user=sheet_import.created_by), 0
    for first in range(0, len(lines), _LINES_AT_ONCE):
        rows = [_looked_row(sheet_import, kind, context, line) for line in lines[first : first + _LINES_AT_ONCE]]
        done += len(rows)
        with transaction.atomic():
            if not running.update(done=done):
                return
            SheetLine.objects.bulk_create(rows, ignore_conflicts=True)
    running.update(state=ImportState.LOOKED, finished_at=timezone.now())


def _looked_row(sheet_import: SheetImport, kind: SheetKind, context: Context, line: Line) -> SheetLine:
    context.line = line.number
    looked = (
        Looked(Verdict.UNCLEAR, line.problem) if line.problem else _look(kind, context, line.sheet.code, line.values)
    )
    return SheetLine(
        sheet_import=sheet_import,
        sheet=line.sheet.code,
        number=line.number,
        verdict=looked.verdict,
        message=looked.message,
        values=dict(line.values if looked.kept is None else looked.kept),
    )


def _look(kind: SheetKind, context: Context, sheet: str, values: Mapping[str, str]) -> Looked:
    try:
        return kind.look(context, kind.sheet(sheet), values)
    except _REFUSED as error:
        return Looked(Verdict.UNCLEAR, _sentence(error))


def _sentence(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    if isinstance(error, NotUnderstood):
        return str(error)
    logger.warning("A line of a sheet was refused by the database", exc_info=error)
    return _(
        "The site refused this line: something like it exists already, or what it names is gone. Look at it by hand."
    )


# Writing


def _write_lines(sheet_import: SheetImport, kind: SheetKind) -> None:
    context = Context(user=sheet_import.created_by, is_writing=True)
    waiting = sheet_import.rows.filter(verdict__in=TO_WRITE, written_at=None)
    written = sheet_import.rows.exclude(written_at=None).count()
    for line_id in list(waiting.values_list("pk", flat=True)):
        try:
            with transaction.atomic():
                if not _is_writing(sheet_import):
                    return
                written += _write_line(kind, context, line_id)
                SheetImport.objects.filter(pk=sheet_import.pk).update(done=written)
        except _REFUSED as error:
            SheetLine.objects.filter(pk=line_id, written_at=None).update(
                verdict=Verdict.UNCLEAR, message=_sentence(error)
            )
    SheetImport.objects.filter(pk=sheet_import.pk, state=ImportState.WRITING).update(
        state=ImportState.DONE, finished_at=timezone.now()
    )


def _is_writing(sheet_import: SheetImport) -> bool:
    """Under a lock, so that whoever presses Stop waits for the line at hand and for no other."""
    return SheetImport.objects.select_for_update().filter(pk=sheet_import.pk, state=ImportState.WRITING).exists()


def _write_line(kind: SheetKind, context: Context, line_id: int) -> bool:
    """Looks at the line once more, for the facts may have changed since, and writes it where it still does what the
    report says: nobody asked for anything else. True where it is done with.
    """
    line = SheetLine.objects.select_for_update().filter(pk=line_id, written_at=None).first()
    if line is None:
        return False
    context.line = line.number
    looked = _look(kind, context, line.sheet, line.values)
    if looked.verdict in TO_WRITE and (looked.verdict, looked.message) != (line.verdict, line.message):
        looked = Looked(Verdict.UNCLEAR, _changed_since(looked), looked.kept)
    if looked.verdict in TO_WRITE:
        kind.write(context, kind.sheet(line.sheet), line.values)
    line.verdict, line.message = looked.verdict, looked.message
    line.values = dict(line.values if looked.kept is None else looked.kept)
    if looked.verdict != Verdict.UNCLEAR:
        line.written_at = timezone.now()
    line.save(update_fields=["verdict", "message", "values", "written_at"])
    return line.written_at is not None


def _changed_since(looked: Looked) -> str:
    return _(
        "Somebody changed what this line is about since it was looked through: it would do something else now "
        "(%(now)s). Nothing was written; put the sheet in once more."
    ) % {"now": looked.message or looked.verdict.label}


# What the clock does


def take_up() -> str:
    """Asks again for imports that nobody is working through; one whose task ended badly is stopped, with a sentence.

    Safe to repeat.
    """
    running = list(SheetImport.objects.filter(state__in=_RUNNING).select_related("created_by"))
    if not running:
        return ""
    ended_badly = _ended_badly()
    asked = unfinished(work_through)
    again = 0
    for sheet_import in running:
        if sheet_import.pk in asked:
            continue
        if sheet_import.pk in ended_badly:
            with override(getattr(sheet_import.created_by, "language", "fr")):
                _end(sheet_import, ImportState.STOPPED, _stopped_by_us())
        else:
            work_through.enqueue(sheet_import.pk)
            again += 1
    return f"{again} imports of sheets asked for again" if again else ""


def _ended_badly() -> set[int]:
    """Imports whose last task failed."""
    tasks = DBTaskResult.objects.filter(task_path=work_through.module_path).order_by("enqueued_at")
    last = {arguments["args"][0]: status for arguments, status in tasks.values_list("args_kwargs", "status").iterator()}
    return {pk for pk, status in last.items() if status == TaskResultStatus.FAILED}


def thin_sheets() -> str:
    """Removes the workbook, the values and the remarks of imports older than KEPT_DAYS; what was made of each line is
    kept. Safe to repeat.
    """
    old = SheetImport.objects.filter(created_at__lt=timezone.now() - timedelta(days=KEPT_DAYS)).exclude(content="")
    for sheet_import in old:
        forget(sheet_import)
    return f"{len(old)} imported sheets thinned" if old else ""


def forget(sheet_import: SheetImport) -> None:
    """Removes the workbook, and what people typed in it. The bytes go after the commit."""
    storage, name = sheet_import.content.storage, sheet_import.content.name
    with transaction.atomic():
        sheet_import.rows.update(values={}, message="")
        SheetImport.objects.filter(pk=sheet_import.pk, state__in=(*_RUNNING, ImportState.LOOKED)).update(
            state=ImportState.STOPPED
        )
        SheetImport.objects.filter(pk=sheet_import.pk).update(content="", problem="")
        if name:
            transaction.on_commit(lambda: storage.delete(name))


def delete(sheet_import: SheetImport) -> None:
    """The import with its workbook and lines; what it wrote stays."""
    forget(sheet_import)
    sheet_import.delete()
