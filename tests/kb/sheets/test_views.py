"""Editors bring a workbook in: put in, look, write; anyone else gets nowhere near it."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from kb.directory.models import Organisation
from kb.sheets import bringing_in, kinds
from kb.sheets.choices import ImportState, Verdict
from kb.sheets.models import SheetImport, SheetLine
from kb.sheets.workbooks import opened
from tests.kb.accounts import builders
from tests.kb.accounts.builders import fresh_limits
from tests.kb.sheets.builders import book, kind

__all__ = ["fresh_limits"]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def trial_kind():
    with kinds.KINDS.temporarily():
        kinds.register_sheet_kind(kind())
        yield


@pytest.fixture
def editor(client):
    user = builders.editor(language="en")
    builders.log_in(client, user)
    return user


def put_in(client, content: bytes, name: str = "organisations.xlsx", **values):
    return client.post(
        reverse("sheetimport:add"), {"kind": "trial", "content": SimpleUploadedFile(name, content), **values}
    )


def press(client, sheet_import, action: str):
    return client.post(reverse("sheetimport:edit", args=(sheet_import.pk,)), {"action": action})


def report(client, sheet_import, query: str = "") -> str:
    response = client.get(reverse("sheetimport:edit", args=(sheet_import.pk,)) + query)
    assert response.status_code == 200
    return response.content.decode()


def test_an_editor_puts_a_workbook_in_looks_and_writes(client, editor, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        response = put_in(client, book([("a", "Atelier", ""), ("odd", "mystery", "")]))
    sheet_import = SheetImport.objects.get()
    assert response["Location"] == reverse("sheetimport:edit", args=(sheet_import.pk,))
    page = report(client, sheet_import)
    assert "1 line would change something. Nothing is written yet." in page
    assert "A mystery is no name." in page and "Atelier" in page and "Write 1 line" in page
    assert not Organisation.objects.exists()

    with django_capture_on_commit_callbacks(execute=True):
        press(client, sheet_import, "write")

    assert Organisation.objects.get().name == "Atelier"
    page = report(client, sheet_import)
    assert "1 line was written." in page and "Not understood (1)" in page


def test_lines_are_filtered_by_what_they_do_and_come_in_pages(client, editor):
    sheet_import = SheetImport.objects.create(
        kind="trial", original_name="x.xlsx", state=ImportState.LOOKED, lines=120, content="sheets/x.xlsx"
    )
    for number in range(120):
        verdict = Verdict.UNCLEAR if number == 7 else Verdict.NEW
        SheetLine.objects.create(
            sheet_import=sheet_import,
            sheet="organisations",
            number=number + 2,
            verdict=verdict,
            values={"name": f"Numéro {number:03}"},
        )
    assert report(client, sheet_import).count("Numéro") == 50
    assert report(client, sheet_import, "?p=3").count("Numéro") == 20
    unclear = report(client, sheet_import, "?verdict=unclear")
    assert unclear.count("Numéro") == 1 and "Numéro 007" in unclear
    assert report(client, sheet_import, "?verdict=nonsense&p=x").count("Numéro") == 50


def test_the_report_takes_the_same_queries_for_two_lines_and_five(client, editor):
    counted = []
    for lines in (2, 5):
        sheet_import = SheetImport.objects.create(
            kind="trial", original_name="x.xlsx", state=ImportState.LOOKED, lines=lines, content="sheets/x.xlsx"
        )
        SheetLine.objects.bulk_create(
            SheetLine(
                sheet_import=sheet_import,
                sheet="organisations",
                number=number,
                verdict=Verdict.NEW,
                values={"name": "N"},
            )
            for number in range(lines)
        )
        report(client, sheet_import)
        with CaptureQueriesContext(connection) as queries:
            report(client, sheet_import)
        counted.append(len(queries))
    assert counted[0] == counted[1]


def test_the_list_of_imports_takes_the_same_queries_for_two_and_five(client, editor):
    counted = []
    for more in (2, 3):
        for number in range(more):
            user = builders.member(f"p{more}-{number}@cass.example")
            SheetImport.objects.create(
                kind="trial", original_name=f"{number}.xlsx", created_by=user, content="sheets/x.xlsx"
            )
        client.get(reverse("sheetimport:index"))
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse("sheetimport:index")).status_code == 200
        counted.append(len(queries))
    assert counted[0] == counted[1]


def test_stop_and_go_on_are_buttons_of_their_moment(client, editor):
    put_in(client, book([("a", "A", "")]))
    sheet_import = SheetImport.objects.get()
    page = report(client, sheet_import)
    assert 'value="stop"' in page and 'value="go_on"' not in page and "data-sheet-progress" in page
    press(client, sheet_import, "stop")
    page = report(client, sheet_import)
    assert 'value="go_on"' in page and 'value="stop"' not in page and "data-sheet-progress" not in page
    press(client, sheet_import, "go_on")
    bringing_in.work_through.call(sheet_import.pk)
    assert 'value="write"' in report(client, sheet_import)


def test_a_button_of_another_moment_says_so(client, editor):
    put_in(client, book([("a", "A", "")]))
    response = client.post(
        reverse("sheetimport:edit", args=(SheetImport.objects.get().pk,)), {"action": "write"}, follow=True
    )
    assert "no longer at that point" in response.content.decode()


def test_an_unknown_button_and_an_unknown_import_are_not_found(client, editor):
    put_in(client, book([]))
    assert (
        client.post(
            reverse("sheetimport:edit", args=(SheetImport.objects.get().pk,)), {"action": "explode"}, follow=True
        ).status_code
        == 404
    )
    assert client.get(reverse("sheetimport:edit", args=(99999,)), follow=True).status_code == 404
    assert client.get(reverse("sheetimport:empty", args=("nothing",)), follow=True).status_code == 404


@pytest.mark.parametrize(
    ("content", "said"), [(b"%PDF-1.7 a report", "is no workbook"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "older kind")]
)
def test_what_is_no_workbook_is_refused_at_once_and_nothing_is_kept(client, editor, content, said):
    response = put_in(client, content)
    assert response.status_code == 200 and said in response.content.decode()
    assert not SheetImport.objects.exists()


def test_an_import_is_deleted_with_its_lines(client, editor):
    put_in(client, book([("a", "A", "")]))
    sheet_import = SheetImport.objects.get()
    bringing_in.work_through.call(sheet_import.pk)
    assert press(client, sheet_import, "delete")["Location"] == reverse("sheetimport:index")
    assert not SheetImport.objects.exists() and not SheetLine.objects.exists()


def test_an_old_import_says_that_its_values_are_gone(client, editor):
    put_in(client, book([("a", "Atelier", "")]))
    sheet_import = SheetImport.objects.get()
    bringing_in.work_through.call(sheet_import.pk)
    SheetImport.objects.update(created_at=timezone.now() - timedelta(days=40))
    bringing_in.thin_sheets()
    page = report(client, sheet_import)
    assert (
        "no longer kept" in page
        and "Atelier" not in page
        and 'value="write"' not in page
        and 'value="go_on"' not in page
    )


def test_the_empty_workbook_is_downloaded(client, editor):
    response = client.get(reverse("sheetimport:empty", args=("trial",)))
    assert "attachment" in response["Content-Disposition"]
    with opened(io.BytesIO(response.content)) as read:
        assert read.names[:2] == ["Organisations", "Places"]


def test_what_was_typed_is_shown_as_text(client, editor):
    put_in(client, book([("a", "<script>alert(1)</script>", "")]))
    sheet_import = SheetImport.objects.get()
    bringing_in.work_through.call(sheet_import.pk)
    page = report(client, sheet_import)
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page


READERS = ("anyone", "member", "half")


@pytest.mark.parametrize("reader", READERS)
def test_only_editors_with_their_second_factor_come_here(client, reader):
    made = bringing_in.put_in(
        SimpleUploadedFile("x.xlsx", book([("a", "Secret atelier", "")])), kind="trial", name="x.xlsx", user=None
    )
    bringing_in.work_through.call(made.pk)
    if reader == "member":
        builders.log_in(client, builders.member())
    if reader == "half":
        builders.open_session_without_second_factor(client, builders.editor())
    for name, arguments in (("index", ()), ("add", ()), ("edit", (made.pk,)), ("empty", ("trial",))):
        for method in (client.get, client.post):
            response = method(reverse(f"sheetimport:{name}", args=arguments), {"action": "write"})
            assert response.status_code in (302, 403, 404), f"{name}: {response.status_code}"
            assert "Secret atelier" not in response.content.decode()
    assert SheetImport.objects.get().state == ImportState.LOOKED
