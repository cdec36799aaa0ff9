"""Workbooks looked through and written line by line: stopped, taken up again, one bad line, one killed worker."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import override
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from kb.directory.models import Organisation
from kb.sheets import bringing_in, kinds
from kb.sheets.choices import ImportState, Verdict
from kb.sheets.models import SheetImport
from tests.kb.accounts.builders import member
from tests.kb.sheets import builders
from tests.kb.sheets.builders import book, kind

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def trial_kind():
    with kinds.KINDS.temporarily():
        kinds.register_sheet_kind(kind())
        yield


def put_in(content: bytes) -> SheetImport:
    """Kept and not yet looked at."""
    user = member("gestion@cass.example", language="en")
    return bringing_in.put_in(ContentFile(content), kind="trial", name="organisations.xlsx", user=user)


def worked(sheet_import: SheetImport) -> SheetImport:
    bringing_in.work_through.call(sheet_import.pk)
    sheet_import.refresh_from_db()
    return sheet_import


def written(sheet_import: SheetImport) -> SheetImport:
    assert bringing_in.write(sheet_import)
    return worked(sheet_import)


def verdicts(sheet_import: SheetImport) -> dict[int, str]:
    return dict(sheet_import.rows.values_list("number", "verdict"))


def interrupted(at: str, error: BaseException):
    """The kind, whose writing of one code is cut off."""

    def write(context, sheet, values):
        builders.write(context, sheet, values)
        if values["code"] == at:
            raise error

    return kind(write=write)


def test_looking_tells_new_same_changed_and_unclear_and_writes_nothing():
    Organisation.objects.create(code="same", name="Same")
    Organisation.objects.create(code="changed", name="Before")

    found = worked(
        put_in(
            book(
                [
                    ("new", "New", ""),
                    ("same", "Same", ""),
                    ("changed", "After", ""),
                    ("odd", "mystery", ""),
                    ("day", "Day", "soon"),
                ]
            )
        )
    )

    assert (found.state, found.lines, found.done) == (ImportState.LOOKED, 5, 5)
    assert verdicts(found) == {2: "new", 3: "same", 4: "changed", 5: "unclear", 6: "unclear"}
    messages = dict(found.rows.values_list("number", "message"))
    assert messages[4] == "name: Before → After"
    assert messages[5] == "A mystery is no name."
    assert messages[6] == "“soon” is no day. Write it as 31/12/2026."
    assert Organisation.objects.count() == 2


def test_remarks_are_in_the_language_of_whoever_put_the_workbook_in():
    sheet_import = put_in(book([("a", "A", "", "x")], headers=("Code", "Benaming", "Sinds", "Notes")))
    with override("nl"):
        assert worked(sheet_import).problem == "Columns of “Organisations” that are not read: Notes."


def test_writing_leaves_out_what_is_unclear_and_writes_the_others():
    found = written(
        worked(put_in(book([(f"o{number}", f"O {number}", "") for number in range(199)] + [("odd", "mystery", "")])))
    )

    assert (found.state, found.done) == (ImportState.DONE, 199)
    assert Organisation.objects.filter(code__startswith="o").count() == 199
    assert found.rows.filter(verdict=Verdict.UNCLEAR, written_at=None).count() == 1


def test_the_same_workbook_a_second_time_is_all_same():
    content = book([("a", "A", ""), ("b", "B", "")])
    written(worked(put_in(content)))
    again = worked(bringing_in.put_in(ContentFile(content), kind="trial", name="again.xlsx", user=None))
    assert set(verdicts(again).values()) == {"same"}


def test_a_line_that_became_the_same_or_unclear_since_is_not_written(monkeypatch):
    found = worked(put_in(book([("a", "A", ""), ("b", "B", "")])))
    Organisation.objects.create(code="a", name="A")

    def puzzled(context, sheet, values):
        if values["code"] == "b":
            raise kinds.NotUnderstood("No longer.")
        return builders.look(context, sheet, values)

    kinds.register_sheet_kind(kind(look=puzzled, write=lambda *ignored: pytest.fail("nothing is to be written")))
    written(found)

    assert verdicts(found) == {2: "same", 3: "unclear"}
    assert found.rows.get(number=3).message == "No longer."


def test_a_line_that_the_database_refuses_is_undone_and_the_others_are_written():
    found = worked(put_in(book([("a", "A", ""), ("b", "B", ""), ("c", "C", "")])))
    kinds.register_sheet_kind(interrupted("b", IntegrityError("twice")))

    written(found)

    assert (found.state, verdicts(found)) == (ImportState.DONE, {2: "new", 3: "unclear", 4: "new"})
    assert sorted(Organisation.objects.values_list("code", flat=True)) == ["a", "c"]
    assert found.rows.get(number=3).message.startswith("The site refused this line")


def test_a_killed_worker_goes_on_with_the_first_line_that_is_not_written():
    found = worked(put_in(book([("a", "A", ""), ("b", "B", ""), ("c", "C", "")])))
    bringing_in.write(found)
    kinds.register_sheet_kind(interrupted("b", SystemExit()))
    with pytest.raises(SystemExit):
        bringing_in.work_through.call(found.pk)
    assert sorted(Organisation.objects.values_list("code", flat=True)) == ["a"]
    made_at = found.rows.get(number=2).written_at

    kinds.register_sheet_kind(kind())
    worked(found)

    assert (found.state, Organisation.objects.count(), found.done) == (ImportState.DONE, 3, 3)
    assert found.rows.get(number=2).written_at == made_at


def test_looking_that_was_cut_off_keeps_the_lines_it_has_and_looks_at_each_once(monkeypatch):
    monkeypatch.setattr(bringing_in, "_LINES_AT_ONCE", 2)
    sheet_import = put_in(book([(f"o{number}", f"O {number}", "") for number in range(5)]))

    def look(context, sheet, values):
        if values["code"] == "o3":
            raise SystemExit
        return builders.look(context, sheet, values)

    kinds.register_sheet_kind(kind(look=look))
    with pytest.raises(SystemExit):
        bringing_in.work_through.call(sheet_import.pk)
    assert sheet_import.rows.count() == 2

    kinds.register_sheet_kind(kind())
    worked(sheet_import)

    assert (sheet_import.state, sheet_import.lines, list(verdicts(sheet_import))) == (
        ImportState.LOOKED,
        5,
        [2, 3, 4, 5, 6],
    )


def test_stop_in_the_middle_of_writing_and_go_on():
    found = worked(put_in(book([("a", "A", ""), ("b", "B", ""), ("c", "C", "")])))

    def stopping(context, sheet, values):
        builders.write(context, sheet, values)
        if values["code"] == "b":
            bringing_in.stop(found)

    kinds.register_sheet_kind(kind(write=stopping))
    written(found)
    assert (found.state, sorted(Organisation.objects.values_list("code", flat=True))) == (
        ImportState.STOPPED,
        ["a", "b"],
    )

    kinds.register_sheet_kind(kind())
    assert bringing_in.go_on(found)
    assert (worked(found).state, Organisation.objects.count()) == (ImportState.DONE, 3)


def test_stop_in_the_middle_of_looking_and_go_on(monkeypatch):
    monkeypatch.setattr(bringing_in, "_LINES_AT_ONCE", 1)
    sheet_import = put_in(book([("a", "A", ""), ("b", "B", "")]))

    def stopping(context, sheet, values):
        if values["code"] == "b":
            bringing_in.stop(sheet_import)
        return builders.look(context, sheet, values)

    kinds.register_sheet_kind(kind(look=stopping))
    worked(sheet_import)
    assert (sheet_import.state, sheet_import.rows.count()) == (ImportState.STOPPED, 1)

    kinds.register_sheet_kind(kind())
    bringing_in.go_on(sheet_import)
    assert (worked(sheet_import).state, sheet_import.rows.count()) == (ImportState.LOOKED, 2)


def test_buttons_of_another_moment_do_nothing():
    sheet_import = put_in(book([("a", "A", "")]))
    assert not bringing_in.write(sheet_import)
    worked(sheet_import)
    assert not bringing_in.stop(sheet_import) and not bringing_in.go_on(sheet_import)
    assert bringing_in.write(sheet_import) and not bringing_in.write(sheet_import)


@pytest.mark.parametrize(
    "content",
    [b"%PDF-1.7", b"", book([("x",)], headers=("Rien",)), book([])],
    ids=["pdf", "empty", "headers", "no lines"],
)
def test_a_file_that_cannot_be_read_says_why_and_changes_nothing(content):
    found = worked(put_in(content))
    assert found.state == ImportState.FAILED
    assert found.problem and not found.rows.exists()


def test_a_mistake_of_our_own_stops_the_import_with_a_sentence_and_can_go_on():
    found = worked(put_in(book([("a", "A", ""), ("b", "B", "")])))
    kinds.register_sheet_kind(interrupted("b", ZeroDivisionError()))
    bringing_in.write(found)
    with pytest.raises(ZeroDivisionError):
        bringing_in.work_through.call(found.pk)
    found.refresh_from_db()
    assert found.state == ImportState.STOPPED and "Go on" in found.problem

    kinds.register_sheet_kind(kind())
    bringing_in.go_on(found)
    assert worked(found).state == ImportState.DONE


def test_what_earlier_lines_said_is_remembered_while_looking():
    def look(context, sheet, values):
        if (
            first := context.memory.setdefault(values["code"], context.line) != context.line
            and context.memory[values["code"]]
        ):
            raise kinds.NotUnderstood(f"Said in line {first}.")
        return builders.look(context, sheet, values)

    kinds.register_sheet_kind(kind(look=look))
    found = worked(put_in(book([("a", "A", ""), ("a", "B", "")])))
    assert found.rows.get(number=3).message == "Said in line 2."


class TestTheClock:
    @pytest.fixture
    def asked(self, monkeypatch):
        """Imports asked for, instead of tasks that run in place."""
        asked: list[int] = []
        monkeypatch.setattr(
            type(bringing_in.work_through), "enqueue", lambda task, *arguments: asked.append(arguments[0])
        )
        return asked

    @staticmethod
    def task(sheet_import, status, **values):
        return DBTaskResult.objects.create(
            task_path=bringing_in.work_through.module_path,
            args_kwargs={"args": [sheet_import.pk], "kwargs": {}},
            status=status,
            queue_name="long",
            backend_name="default",
            run_after=timezone.now(),
            **values,
        )

    def test_takes_up_what_nobody_works_through(self, asked):
        waiting, stopped = (
            put_in(book([])),
            bringing_in.put_in(ContentFile(b"x"), kind="trial", name="x.xlsx", user=None),
        )
        bringing_in.stop(stopped)
        assert bringing_in.take_up() == "1 imports of sheets asked for again"
        assert asked == [waiting.pk]

    @pytest.mark.parametrize("status", [TaskResultStatus.READY, TaskResultStatus.RUNNING])
    def test_leaves_what_a_task_has(self, asked, status):
        self.task(put_in(book([])), status)
        assert bringing_in.take_up() == "" and not asked

    def test_stops_what_ended_three_workers_instead_of_trying_for_ever(self, asked):
        sheet_import = put_in(book([]))
        self.task(sheet_import, TaskResultStatus.FAILED)
        bringing_in.take_up()
        sheet_import.refresh_from_db()
        assert (sheet_import.state, asked) == (ImportState.STOPPED, [])

    def test_thins_what_is_old(self, django_capture_on_commit_callbacks):
        old, young = (
            worked(put_in(book([("a", "A", "")]))),
            bringing_in.put_in(ContentFile(b"x"), kind="trial", name="x.xlsx", user=None),
        )
        SheetImport.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=31))
        storage, name = old.content.storage, old.content.name

        with django_capture_on_commit_callbacks(execute=True):
            assert bringing_in.thin_sheets() == "1 imported sheets thinned"

        old.refresh_from_db()
        young.refresh_from_db()
        assert (old.rows.get().values, old.rows.get().message, old.rows.get().verdict) == ({}, "", "new")
        assert (storage.exists(name), bool(old.content), bool(young.content)) == (False, False, True)
        assert not bringing_in.write(old) and not bringing_in.go_on(old)
        assert bringing_in.thin_sheets() == ""


def test_a_deleted_import_takes_its_file_along_and_leaves_what_it_wrote(django_capture_on_commit_callbacks):
    found = written(worked(put_in(book([("a", "A", "")]))))
    storage, name = found.content.storage, found.content.name
    with django_capture_on_commit_callbacks(execute=True):
        bringing_in.delete(found)
    assert not storage.exists(name) and not SheetImport.objects.exists()
    assert Organisation.objects.filter(code="a").exists()


def test_the_workbook_is_kept_where_nobody_can_ask_for_it(settings):
    assert Path(put_in(book([])).content.path).is_relative_to(settings.PRIVATE_ROOT)


# What changed between the look and the writing


def test_a_line_that_would_do_something_else_than_was_shown_is_not_written():
    for code in ("renamed", "gone", "same"):
        Organisation.objects.create(code=code, name="Before")
    lines = [
        ("renamed", "After", ""),
        ("gone", "After", ""),
        ("same", "After", ""),
        ("made", "New", ""),
        ("a", "A", ""),
    ]
    found = worked(put_in(book(lines)))
    Organisation.objects.filter(code="renamed").update(name="Closed since")
    Organisation.objects.filter(code="gone").delete()
    Organisation.objects.filter(code="same").update(name="After")
    Organisation.objects.create(code="made", name="By hand")

    found = written(found)

    assert verdicts(found) == {2: "unclear", 3: "unclear", 4: "same", 5: "unclear", 6: "new"}
    assert dict(Organisation.objects.values_list("code", "name")) == {
        "renamed": "Closed since",
        "same": "After",
        "made": "By hand",
        "a": "A",
    }
    said = found.rows.get(number=2)
    assert "it would do something else now (name: Closed since → After)" in said.message and said.written_at is None


def test_a_small_workbook_that_unpacks_to_endless_text_is_refused_with_a_sentence(monkeypatch):
    monkeypatch.setattr(kinds, "MOST_TEXT", 2_000)
    found = worked(put_in(book([(f"o{number}", "x" * 100, "") for number in range(30)])))
    assert found.state == ImportState.FAILED and "More than 2000 characters" in found.problem
    assert not found.rows.exists()
