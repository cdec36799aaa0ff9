"""Files that were read before readings had numbers: an upgrade keeps every page as it is, and can be taken back."""

import time

import pytest

PAGES = 20_000
FILL = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
INSERT INTO files_filepage (version_id, number, label, text, spans, boxes, width, height, is_ocr, image)
SELECT 1, i, '', 'Page ' || i, '[]', randomblob(6000), 595, 842, 0, CASE WHEN i = 1 THEN 'pages/ab/x/1/1.webp' ELSE '' END FROM n
"""


@pytest.mark.drill
def test_an_upgrade_keeps_every_page_of_before_as_the_current_one_and_can_be_taken_back(site):
    site.manage("migrate", "files", "0004")
    site.change("INSERT INTO files_storedfile (id, owner_kind, last_number, created_at) VALUES (1, 'tests.owner', 1, '2026-01-01')")
    site.change(
        "INSERT INTO files_fileversion (id, stored_file_id, number, content, original_name, media_type, size_bytes, sha256, state, reason, attempts,"
        " claimed_by, page_count, languages, is_paged, images_made, image_attempts, wants_recognition, properties, created_at)"
        " VALUES (1, 1, 1, 'files/ab/x', 'x.pdf', '', 1, '', 'read', '', 1, '', ?, '[]', 1, 1, 0, 0, '{}', '2026-01-01')",
        PAGES,
    )
    site.change(FILL, PAGES)
    begun = time.monotonic()
    site.manage("migrate", "files")
    print(f"{PAGES} pages of 6 kB: {time.monotonic() - begun:.1f} s, start of the command included")
    assert len(site.pages()) == PAGES
    assert site.rows("SELECT reading, number, image FROM files_filepage WHERE image != ''") == [(1, 1, "pages/ab/x/1/1.webp")]
    site.change("UPDATE files_fileversion SET reading = 2, last_reading = 2")
    site.change("UPDATE files_filepage SET reading = 2 WHERE number <= 10")
    site.manage("migrate", "files", "0004")
    assert site.rows("SELECT number FROM files_filepage ORDER BY number") == [(number,) for number in range(1, 11)]
    site.manage("migrate", "files")
    assert len(site.pages()) == 0 or site.rows("SELECT DISTINCT reading FROM files_filepage") == [(1,)]
