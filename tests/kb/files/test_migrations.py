"""Files that were read before readings had numbers: an upgrade keeps every page as it is, and can be taken back."""

import time
from importlib import import_module

import pytest
from django.apps import apps

from kb.files.models import FilePage, FileVersion
from tests.kb.files.builders import stored

PAGES = 20_000
FILL = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
INSERT INTO files_filepage (version_id, number, label, text, spans, boxes, width, height, is_ocr, image)
SELECT 1, i, '', 'Page ' || i, '[]', randomblob(6000), 595, 842, 0, CASE WHEN i = 1 THEN 'pages/ab/x/1/1.webp' ELSE '' END FROM n
"""  # noqa: E501


@pytest.mark.drill
def test_an_upgrade_keeps_every_page_of_before_as_the_current_one_and_can_be_taken_back(site):
    site.manage("migrate", "files", "0004")
    site.change(
        "INSERT INTO files_storedfile (id, owner_kind, last_number, created_at) VALUES (1, "
        "'tests.owner', 1, '2026-01-01')"
    )
    site.change(
        "INSERT INTO files_fileversion (id, stored_file_id, number, content, original_name, "
        "media_type, size_bytes, sha256, state, reason, attempts,"
        " claimed_by, page_count, languages, is_paged, images_made, image_attempts, "
        "wants_recognition, properties, created_at)"
        " VALUES (1, 1, 1, 'files/ab/x', 'x.pdf', '', 1, '', 'read', '', 1, '', ?, '[]', 1, 1, "
        "0, 0, '{}', '2026-01-01')",
        PAGES,
    )
    site.change(FILL, PAGES)
    begun = time.monotonic()
    site.manage("migrate", "files")
    print(f"{PAGES} pages of 6 kB: {time.monotonic() - begun:.1f} s, start of the command included")
    assert len(site.pages()) == PAGES
    assert site.rows("SELECT text_length FROM files_fileversion") == [
        (sum(len(f"Page {number}") for number in range(1, PAGES + 1)),)
    ]
    assert site.rows("SELECT reading, number, image FROM files_filepage WHERE image != ''") == [
        (1, 1, "pages/ab/x/1/1.webp")
    ]
    site.change("UPDATE files_fileversion SET reading = 2, last_reading = 2")
    site.change("UPDATE files_filepage SET reading = 2 WHERE number <= 10")
    site.manage("migrate", "files", "0004")
    assert site.rows("SELECT number FROM files_filepage ORDER BY number") == [(number,) for number in range(1, 11)]
    site.manage("migrate", "files")
    assert len(site.pages()) == 0 or site.rows("SELECT DISTINCT reading FROM files_filepage") == [(1,)]


@pytest.mark.django_db
def test_what_was_read_before_gets_the_length_of_its_current_text():
    version, unread = stored(), stored()
    FileVersion.objects.filter(pk=version.pk).update(page_count=2, reading=2, text_length=0)
    of_two_readings = [(1, 1, "ancien"), (2, 1, "été"), (2, 2, "texte")]
    FilePage.of_all_readings.bulk_create(
        FilePage(version=version, reading=reading, number=number, text=text)
        for reading, number, text in of_two_readings
    )
    import_module("kb.files.migrations.0007_fill_text_length").fill(apps, None)
    lengths = dict(FileVersion.objects.values_list("pk", "text_length"))
    assert lengths == {version.pk: 8, unread.pk: 0}
