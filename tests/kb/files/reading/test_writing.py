"""Pages are written under the number of their reading and shown at once, or never; what is left goes by the clock."""

import pytest
from django.db import DatabaseError, transaction

from kb.files import tasks, tidying
from kb.files.models import FilePage, FileVersion
from kb.files.reading import drawing, writing
from kb.files.reading.reasons import TEXT_CUT
from search.analysis import detection
from search.extraction import ExtractedPage, Extraction
from tests.kb.files.builders import TEXTS, stored

pytestmark = pytest.mark.django_db

OLD = ("Ancien un.", "Ancien deux.", "Ancien trois.")
NEW = ("Nouveau un.", "Nouveau deux.", "Nouveau trois.", "Nouveau quatre.")


def gives(monkeypatch, texts, *, paged=True):
    pages = tuple(ExtractedPage(number=number, text=text) for number, text in enumerate(texts, start=1))
    monkeypatch.setattr(tasks, "extract", lambda *given, **more: Extraction("application/pdf", pages, paged=paged))


@pytest.fixture
def version(committed, monkeypatch):
    """Three pages, read; each batch has two."""
    monkeypatch.setattr(writing, "_ROWS_AT_ONCE", 2)
    monkeypatch.setattr(tasks, "enqueue_drawing", lambda version_id: None)
    monkeypatch.setattr(tasks, "enqueue_recognition", lambda version_id: None)
    gives(monkeypatch, OLD)
    with committed():
        version = stored()
    return version


def shown(version) -> tuple[str, ...]:
    return tuple(version.pages.order_by("number").values_list("text", flat=True))


def read_again(version) -> FileVersion:
    FileVersion.objects.filter(pk=version.pk).update(state="waiting", attempts=0)
    tasks.enqueue_reading()
    version.refresh_from_db()
    return version


def cut_off(monkeypatch, version) -> None:
    """A new reading that ends after all its pages are written, before they are the current ones."""

    def fail(*given):
        raise DatabaseError("cut off")

    with monkeypatch.context() as patch:
        patch.setattr(tasks, "make_current", fail)
        read_again(version)


def test_a_reading_is_shown_whole_when_it_ends_and_the_earlier_one_until_then(version, monkeypatch):
    seen = []
    create = type(FilePage.of_all_readings).bulk_create

    def counted(manager, rows):
        seen.append((shown(version), FilePage.objects.count(), len(rows)))
        return create(manager, rows)

    monkeypatch.setattr(type(FilePage.of_all_readings), "bulk_create", counted)
    gives(monkeypatch, NEW)
    read_again(version)
    assert seen == [(OLD, 3, 2), (OLD, 3, 2)]
    assert (shown(version), version.page_count, FilePage.objects.count()) == (NEW, 4, 4)


@pytest.mark.parametrize("of_page", ["objects", "pages"])
def test_no_way_to_the_pages_leads_to_those_of_another_reading(version, monkeypatch, of_page):
    gives(monkeypatch, NEW)
    cut_off(monkeypatch, version)
    assert FilePage.of_all_readings.count() == 7
    pages = FilePage.objects.filter(version=version) if of_page == "objects" else version.pages.all()
    assert sorted(page.text for page in pages) == sorted(OLD)
    assert pages.filter(number=4).first() is None
    pages.update(label="x")
    assert FilePage.of_all_readings.filter(label="x").count() == 3


def test_each_batch_is_a_transaction_of_its_own_and_a_reading_taken_over_stops_at_the_next(version, monkeypatch):
    create = type(FilePage.of_all_readings).bulk_create

    def taken(manager, rows):
        FileVersion.objects.filter(pk=version.pk).update(claimed_by="another")
        return create(manager, rows)

    monkeypatch.setattr(type(FilePage.of_all_readings), "bulk_create", taken)
    gives(monkeypatch, NEW)
    read_again(version)
    assert (shown(version), FilePage.of_all_readings.count()) == (OLD, 3 + 2)


def test_leftovers_go_by_the_clock_and_nothing_else(version, monkeypatch):
    other = stored()
    tasks.enqueue_reading()
    gives(monkeypatch, NEW)
    cut_off(monkeypatch, version)
    assert tidying.remove_leftovers() == "", "the claim of a reading that was cut off still stands"
    read_again(version)
    assert tidying.remove_leftovers(most=2) == "2 pages of former readings deleted"
    assert tidying.remove_leftovers() == "5 pages of former readings deleted"
    assert tidying.remove_leftovers() == ""
    assert (shown(version), shown(other), FilePage.of_all_readings.count()) == (NEW, OLD, 7)
    assert not FileVersion.objects.filter(has_leftovers=True).exists()


def test_a_reading_under_way_keeps_its_pages_from_the_clock(version, monkeypatch):
    create = type(FilePage.of_all_readings).bulk_create

    def tidied(manager, rows):
        tidying.remove_leftovers()
        return create(manager, rows)

    monkeypatch.setattr(type(FilePage.of_all_readings), "bulk_create", tidied)
    gives(monkeypatch, NEW)
    assert shown(read_again(version)) == NEW


def test_a_first_reading_leaves_nothing_for_the_clock(version):
    version.refresh_from_db()
    assert (version.has_leftovers, version.reading, version.last_reading) == (False, 2, 2)


def test_images_drawn_while_the_same_pages_are_read_again_are_drawn_again_and_none_is_missing(version, monkeypatch):
    monkeypatch.setattr(drawing, "_rendered", lambda path, numbers: {number: b"RIFF" for number in numbers})
    asked = []
    monkeypatch.setattr(tasks, "enqueue_drawing", asked.append)
    drawing.draw_next(version.pk, most=1)
    create = type(FilePage.of_all_readings).bulk_create

    def drawn(manager, rows):
        drawing.draw_next(version.pk, most=50)
        return create(manager, rows)

    monkeypatch.setattr(type(FilePage.of_all_readings), "bulk_create", drawn)
    FileVersion.objects.filter(pk=version.pk).update(wants_recognition=True)
    with transaction.atomic():
        tasks.recognise_pages.enqueue(version.pk)
    version.refresh_from_db()
    assert (version.images_made, version.pages.exclude(image="").count()) == (1, 1)
    drawing.draw_next(version.pk, most=50)
    assert version.pages.exclude(image="").count() == 3


def test_what_is_drawn_for_a_reading_that_is_no_longer_the_current_one_is_not_noted(version, monkeypatch):
    def read_meanwhile(path, numbers):
        gives(monkeypatch, NEW)
        read_again(version)
        return {number: b"RIFF" for number in numbers}

    monkeypatch.setattr(drawing, "_rendered", read_meanwhile)
    assert drawing.draw_next(version.pk, most=50) == 0
    version.refresh_from_db()
    assert (version.images_made, version.pages.exclude(image="").count()) == (0, 0)


def test_the_languages_are_those_of_the_new_reading(version, monkeypatch):
    gives(monkeypatch, (TEXTS["nl"],))
    assert read_again(version).languages == ["nl"]


@pytest.mark.parametrize(
    ("paged", "kept"),
    [(True, ("Nouveau un.", "Nouveau d", "", "")), (False, ("Nouveau un.", "Nouveau d"))],
    ids=["pages", "sections"],
)
def test_of_a_text_without_end_the_beginning_is_kept_and_the_version_says_so(version, monkeypatch, paged, kept):
    monkeypatch.setattr(writing, "MOST_KEPT", 20)
    gives(monkeypatch, NEW, paged=paged)
    read_again(version)
    assert (shown(version), version.page_count, version.text_length) == (kept, len(kept), 20)
    assert (version.state, version.reason.partition(";")[0]) == ("read", TEXT_CUT)
    monkeypatch.setattr(writing, "MOST_KEPT", sum(map(len, NEW)))
    read_again(version)
    assert (shown(version), TEXT_CUT in version.reason) == (NEW, False)


def test_lines_without_end_cost_a_bound_of_work_after_the_child(version, monkeypatch):
    looked_at = []
    monkeypatch.setattr(detection, "_worth_of_line", lambda line: looked_at.append(line) or (0.0, 0.0, 0.0))
    monkeypatch.setattr(detection.spans_of_document, "__kwdefaults__", {"most": 5_000, "most_lines": 1_000})
    gives(monkeypatch, ("a\n" * 4_000, "b\n" * 4_000), paged=False)
    read_again(version)
    assert (len(looked_at), version.text_length, version.state) == (1_000, 16_000, "read")
