import pytest

from kb.files import tasks
from kb.files.models import FileVersion
from kb.files.reading import drawing
from search.extraction import BrokenFile
from tests.kb.files.builders import pdf, stored

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(monkeypatch):
    """The version of every drawing asked for; nothing is drawn by itself."""
    found = []
    monkeypatch.setattr(tasks, "enqueue_drawing", found.append)
    return found


@pytest.fixture
def version(committed, asked):
    with committed():
        version = stored(pdf([f"Page {number} du guide" for number in range(1, 13)]))
    version.refresh_from_db()
    return version


def fake_renderer(monkeypatch, *, broken=()):
    """Draws at once and records which pages were asked for; pages in `broken` fail the whole batch."""
    calls = []

    def rendered(path, numbers):
        calls.append(list(numbers))
        if set(numbers) & set(broken):
            raise BrokenFile("cannot be drawn")
        return {number: b"RIFF" + bytes([number]) for number in numbers}

    monkeypatch.setattr(drawing, "_rendered", rendered)
    return calls


def test_pages_are_drawn_in_batches_and_what_is_left_is_told(version, monkeypatch):
    calls = fake_renderer(monkeypatch)
    assert drawing.draw_next(version.pk, most=11) == 1
    assert calls == [list(range(1, 11)), [11]]


def test_drawing_goes_on_where_it_was_left(version, monkeypatch):
    calls = fake_renderer(monkeypatch)
    drawing.draw_next(version.pk, most=10)
    assert drawing.draw_next(version.pk, most=10) == 0
    assert calls[1:] == [[11, 12]]
    assert version.pages.exclude(image="").count() == 12


def test_a_hostile_page_costs_its_own_image_only(version, monkeypatch):
    fake_renderer(monkeypatch, broken={3})
    assert drawing.draw_next(version.pk, most=50) == 0
    assert list(version.pages.filter(image="").values_list("number", flat=True)) == [3]
    version.refresh_from_db()
    assert version.images_made == 12


def test_a_drawing_that_ends_workers_is_given_up(version, monkeypatch):
    calls = fake_renderer(monkeypatch)
    FileVersion.objects.filter(pk=version.pk).update(image_attempts=3)
    assert drawing.draw_next(version.pk, most=50) == 0
    version.refresh_from_db()
    assert (calls, version.images_made) == ([], 12)


def test_what_a_killed_worker_left_half_written_is_drawn_again_under_the_same_name(
    version, monkeypatch, private_folder
):
    fake_renderer(monkeypatch)
    left = private_folder / version.content.name.replace("files/", "pages/") / "1" / "1.webp"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    drawing.draw_next(version.pk, most=50)
    assert left.read_bytes() == b"RIFF\x01"
    assert version.pages.get(number=1).image == str(left.relative_to(private_folder))


def test_a_book_is_drawn_fifty_pages_a_task_the_next_behind_what_waits_meanwhile(version, monkeypatch, asked):
    fake_renderer(monkeypatch)
    monkeypatch.setattr(tasks, "IMAGES_A_TASK", 5)
    asked.clear()
    tasks.draw_pages.enqueue(version.pk)
    assert asked == [version.pk]
