"""Uploads beyond the limits: read to the end, not kept, and still there for their form to say a sentence."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory
from django.utils.translation import override

from kb.files.forms import UploadsField
from kb.files.uploading import TOGETHER, TOO_MANY, RefusedUpload


@pytest.fixture
def limits(settings):
    settings.FILES_MAX_BYTES = 1_000
    settings.FILES_MAX_AT_ONCE = 3
    settings.FILES_REQUEST_MAX_BYTES = 2_500
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 10_000


def arrived(*sizes: int) -> list:
    files = [SimpleUploadedFile(f"n{number}.pdf", b"x" * size) for number, size in enumerate(sizes)]
    return RequestFactory().post("/", {"uploads": files, "title": "Un titre"}).FILES.getlist("uploads")


def told(uploads: list) -> list[str | None]:
    return [one.refusal if isinstance(one, RefusedUpload) else None for one in uploads]


CASES = {
    "within the limits": ((900, 900), [None, None]),
    "one too large, the next is kept": ((1_001, 900), ["", None]),
    "too many": ((1, 1, 1, 1), [None, None, None, TOO_MANY]),
    "too much together": ((900, 900, 900), [None, None, TOGETHER]),
    "a large one that was not kept counts for nothing": ((2_000, 900, 900), ["", None, None]),
    "hopeless from the start": ((9_000, 10, 2_000), ["", TOGETHER, ""]),
}


@pytest.mark.parametrize(("sizes", "refusals"), CASES.values(), ids=CASES)
def test_each_file_is_kept_or_refused_by_itself(limits, sizes, refusals):
    uploads = arrived(*sizes)
    assert told(uploads) == refusals
    assert [one.size for one in uploads] == list(sizes)
    assert all(one.read() == b"" for one in uploads if isinstance(one, RefusedUpload))


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
def test_the_field_takes_the_good_ones_and_has_a_sentence_for_each_of_the_others(limits, language):
    with override(language):
        found = UploadsField(required=False).clean(arrived(900, 1_001, 0, 900, 5))
    assert [one.name for one in found.taken] == ["n0.pdf"]
    assert [one.name for one in found.refused] == ["n1.pdf", "n2.pdf", "n3.pdf", "n4.pdf"]
    assert all(one.sentence for one in found.refused)
