import pytest
from django.db import DatabaseError

from kb.files import owners, tasks
from kb.files.models import FilePage, FileVersion
from search.extraction import (
    BrokenFile,
    EncryptedFile,
    ExtractedPage,
    Extraction,
    TimedOut,
    TooLarge,
    Unconfined,
    Unsupported,
)
from tests.kb.files.builders import KIND, TEXTS, pdf, stored

pytestmark = pytest.mark.django_db

PAGES = tuple(ExtractedPage(number=number, text=text) for number, text in enumerate(TEXTS.values(), start=1))


def extracted(pages=PAGES, **facts):
    return lambda *arguments, **options: Extraction("application/pdf", tuple(pages), **facts)


def raising(error):
    def extract(*arguments, **options):
        raise error

    return extract


def read(committed, *arguments, **options) -> FileVersion:
    with committed():
        version = stored(*arguments, **options)
    version.refresh_from_db()
    return version


def test_a_real_pdf_is_read_page_by_page_with_its_language_boxes_and_images(committed, private_folder, told):
    version = read(committed, pdf([TEXTS["fr"], TEXTS["nl"]]))
    pages = list(version.pages.all())
    assert (version.state, version.page_count, version.is_paged, version.attempts) == ("read", 2, True, 1)
    assert "garantie locative" in pages[0].text
    assert "huurwaarborg" in pages[1].text
    assert [page.spans[0][2] for page in pages] == ["fr", "nl"]
    assert all(page.boxes and page.width == 595 for page in pages)
    assert version.languages == ["nl", "fr"] if len(pages[1].text) > len(pages[0].text) else ["fr", "nl"]
    assert version.text_length == sum(len(page.text) for page in pages)
    assert version.images_made == 2
    assert (private_folder / pages[1].image).read_bytes()[8:12] == b"WEBP"
    assert told == [version.stored_file]
    assert version.read_at is not None


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
def test_the_language_of_a_document_is_found(committed, language):
    assert read(committed, (TEXTS[language] + "\n").encode(), "note.txt").languages == [language]


def test_a_sentence_in_another_language_does_not_make_a_document_bilingual(committed, monkeypatch):
    text = "\n\n".join([TEXTS["fr"]] * 20 + ["Het OCMW van de gemeente."])
    monkeypatch.setattr(tasks, "extract", extracted([ExtractedPage(number=1, text=text)]))
    assert read(committed).languages == ["fr"]


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (EncryptedFile("wants a password"), "encrypted"),
        (BrokenFile("damaged"), "broken"),
        (TooLarge("unpacks to more"), "too_large"),
        (Unsupported("a picture"), "unsupported"),
    ],
)
def test_what_cannot_be_read_is_said_by_its_state(committed, monkeypatch, told, error, state):
    monkeypatch.setattr(tasks, "extract", raising(error))
    version = read(committed)
    assert (version.state, version.reason, version.page_count) == (state, error.reason, 0)
    assert told == [version.stored_file]


def test_pages_without_text_are_a_scan(committed, monkeypatch):
    monkeypatch.setattr(tasks, "extract", extracted([ExtractedPage(number=1, text="")], paged=True))
    monkeypatch.setattr(tasks, "can_recognise", lambda: False)
    assert read(committed).state == "scan"


def test_a_time_out_goes_back_to_waiting_three_times_and_is_then_broken(committed, monkeypatch):
    calls = []

    def extract(*arguments, **options):
        calls.append(FileVersion.objects.get().attempts)
        raise TimedOut("took too long")

    monkeypatch.setattr(tasks, "extract", extract)
    version = read(committed)
    assert calls == [1, 2, 3]
    assert (version.state, version.reason) == ("broken", "took too long")


def test_a_file_that_ended_the_worker_three_times_is_not_opened_again(committed, monkeypatch):
    monkeypatch.setattr(tasks, "extract", raising(AssertionError("opened")))
    version = stored()
    FileVersion.objects.filter(pk=version.pk).update(attempts=3)
    with committed():
        tasks.enqueue_reading()
    version.refresh_from_db()
    assert version.state == "broken"


def test_a_worker_told_to_end_at_once_does_not_count_as_an_attempt(monkeypatch):
    version = stored()
    monkeypatch.setattr(tasks, "extract", raising(SystemExit(1)))
    assert tasks.read_next.enqueue().errors[0].exception_class is SystemExit
    version.refresh_from_db()
    assert (version.state, version.attempts, version.claimed_by) == ("waiting", 0, "")


def test_reading_twice_doubles_no_page_and_keeps_the_images(committed):
    version = read(committed, pdf([TEXTS["fr"], TEXTS["nl"]]))
    images = list(version.pages.values_list("image", flat=True))
    FileVersion.objects.filter(pk=version.pk).update(state="waiting")
    tasks.enqueue_reading()
    tasks.enqueue_reading()
    assert list(FilePage.objects.values_list("number", "image")) == [(1, images[0]), (2, images[1])]


def test_a_reading_that_fails_leaves_the_text_of_an_earlier_one(committed, monkeypatch):
    version = read(committed, pdf([TEXTS["fr"]]))
    FileVersion.objects.filter(pk=version.pk).update(state="waiting")
    monkeypatch.setattr(tasks, "extract", raising(BrokenFile("the disk is full")))
    tasks.enqueue_reading()
    assert "garantie" in FilePage.objects.get().text


def test_nothing_is_written_when_telling_the_owner_fails(committed, monkeypatch, told):
    def fail(stored_file):
        raise DatabaseError("outbox")

    owners.register_owner(KIND, fail)
    version = read(committed)
    assert (version.state, FilePage.objects.count()) == ("waiting", 0)


def test_a_version_taken_over_by_another_task_is_not_written_twice(monkeypatch, told):
    version = stored()

    def extract(*arguments, **options):
        FileVersion.objects.filter(pk=version.pk).update(claimed_by="another")
        return extracted()()

    monkeypatch.setattr(tasks, "extract", extract)
    tasks.enqueue_reading()
    assert (FilePage.objects.count(), told) == (0, [])


def test_a_version_deleted_while_it_is_read_is_no_error(monkeypatch, told):
    version = stored()

    def extract(*arguments, **options):
        FileVersion.objects.filter(pk=version.pk).delete()
        return extracted()()

    monkeypatch.setattr(tasks, "extract", extract)
    assert tasks.read_version.enqueue(version.pk).return_value == ""
    assert told == []


def test_lost_bytes_are_said(committed, private_folder):
    version = stored()
    (private_folder / version.content.name).unlink()
    tasks.enqueue_reading()
    version.refresh_from_db()
    assert (version.state, version.reason) == ("broken", "the stored bytes are missing")


def test_the_language_that_the_owner_gave_decides_what_does_not_say(committed, monkeypatch, told):
    owners.register_owner(KIND, told.append, language_of=lambda stored_file: "nl")
    monkeypatch.setattr(tasks, "extract", extracted([ExtractedPage(number=1, text="1234 – 56/78")]))
    read(committed)
    assert FilePage.objects.get().spans == [[0, 12, "nl"]]


@pytest.fixture
def recogniser(monkeypatch):
    """Recognition gives the French text for pages without text; the list says of each reading whether it recognised."""
    readings = []

    def extract(path, media_type, *, limits):
        readings.append(limits.ocr)
        text = TEXTS["fr"] if limits.ocr else ""
        return Extraction("application/pdf", (ExtractedPage(number=1, text=text, ocr=limits.ocr),), paged=True)

    monkeypatch.setattr(tasks, "extract", extract)
    monkeypatch.setattr(tasks, "can_recognise", lambda: True)
    return readings


def test_a_scan_is_a_scan_first_and_recognised_in_a_lane_of_its_own(committed, recogniser, told, monkeypatch):
    asked = []
    monkeypatch.setattr(tasks, "enqueue_recognition", asked.append)
    version = read(committed)
    assert (version.state, version.wants_recognition, asked, recogniser) == ("scan", True, [version.pk], [False])
    assert tasks.recognise_pages.queue_name == "recognition"
    tasks.recognise_pages.enqueue(version.pk)
    version.refresh_from_db()
    assert (version.state, version.wants_recognition, version.languages, recogniser) == (
        "read",
        False,
        ["fr"],
        [False, True],
    )
    page = FilePage.objects.get()
    assert page.is_ocr
    assert page.image
    assert version.text_length == len(page.text) > 0
    assert told == [version.stored_file] * 2


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("", True), ("- 12 -", True), ("\ufffd" * 80, True), (TEXTS["nl"], False)],
    ids=["no text", "a stamped number", "signs that stand for nothing", "text"],
)
def test_a_page_with_hardly_a_letter_is_tried_by_recognition(committed, monkeypatch, text, wanted):
    monkeypatch.setattr(tasks, "enqueue_recognition", lambda version_id: None)
    monkeypatch.setattr(tasks, "can_recognise", lambda: True)
    pages = (ExtractedPage(number=1, text=TEXTS["fr"]), ExtractedPage(number=2, text=text))
    monkeypatch.setattr(tasks, "extract", lambda *given, **more: Extraction("application/pdf", pages, paged=True))
    assert read(committed).wants_recognition is wanted


def test_recognition_that_fails_leaves_the_scan_as_it_was(committed, recogniser, monkeypatch):
    monkeypatch.setattr(tasks, "enqueue_recognition", lambda version_id: None)
    version = read(committed)
    monkeypatch.setattr(tasks, "extract", raising(TimedOut("took too long")))
    tasks.recognise_pages.enqueue(version.pk)
    version.refresh_from_db()
    assert (version.state, version.wants_recognition, version.page_count) == ("scan", False, 1)


def test_recognition_that_ends_workers_is_given_up(committed, recogniser, monkeypatch):
    monkeypatch.setattr(tasks, "enqueue_recognition", lambda version_id: None)
    version = read(committed)
    FileVersion.objects.filter(pk=version.pk).update(attempts=6)
    tasks.recognise_pages.enqueue(version.pk)
    version.refresh_from_db()
    assert (version.state, version.wants_recognition, recogniser) == ("scan", False, [False])


@pytest.mark.parametrize("error", [Unconfined("files are not read here"), SystemExit(1)])
def test_recognition_that_could_not_be_tried_gives_its_attempt_back(committed, recogniser, monkeypatch, error):
    monkeypatch.setattr(tasks, "enqueue_recognition", lambda version_id: None)
    version = read(committed)
    before = version.attempts
    monkeypatch.setattr(tasks, "extract", raising(error))
    assert tasks.recognise_pages.enqueue(version.pk).errors[0].exception_class is type(error)
    version.refresh_from_db()
    assert (version.state, version.wants_recognition, version.attempts, version.claimed_by) == (
        "scan",
        True,
        before,
        "",
    )


def test_without_a_program_that_recognises_a_scan_stays_one(committed, recogniser, monkeypatch):
    monkeypatch.setattr(tasks, "can_recognise", lambda: False)
    version = read(committed)
    assert (version.state, version.wants_recognition, recogniser) == ("scan", False, [False])


@pytest.mark.parametrize(
    ("pages", "said"),
    [
        (("",), "there is no program here that recognises scanned pages"),
        (
            (TEXTS["fr"], ""),
            "some pages have hardly any text, and there is no program here that recognises scanned pages",
        ),
        ((TEXTS["fr"], TEXTS["nl"]), ""),
    ],
    ids=["scan", "one page without text", "text"],
)
def test_where_no_program_recognises_the_reason_says_so(committed, monkeypatch, pages, said):
    found = [ExtractedPage(number=number, text=text) for number, text in enumerate(pages, start=1)]
    monkeypatch.setattr(tasks, "extract", extracted(found, paged=True))
    monkeypatch.setattr(tasks, "can_recognise", lambda: False)
    assert read(committed).reason == said


def test_where_a_program_recognises_the_reason_does_not_say_that_there_is_none(committed, recogniser, monkeypatch):
    monkeypatch.setattr(tasks, "enqueue_recognition", lambda version_id: None)
    assert read(committed).reason == ""


def test_what_has_no_pages_says_nothing_of_recognition(committed, monkeypatch):
    monkeypatch.setattr(tasks, "extract", extracted([ExtractedPage(number=1, text="")], paged=False))
    monkeypatch.setattr(tasks, "can_recognise", lambda: False)
    assert read(committed).reason == ""


def test_where_nothing_may_be_read_a_file_waits_without_losing_an_attempt(committed, monkeypatch):
    monkeypatch.setattr(tasks, "extract", raising(Unconfined("files are not read here")))
    version = read(committed)
    assert (version.state, version.attempts, version.claimed_by) == ("waiting", 0, "")
