"""Page images: drawn by the worker in batches, kept in the private storage, taken up again where a killed worker left
off.

`images_made` counts the pages whose turn has come. A page that cannot be drawn gets no image: its reader has the text
and a sentence.
"""

from __future__ import annotations

import logging
from pathlib import Path

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import F

from kb.files.content import image_name, local_path
from kb.files.models import FilePage, FileVersion, private_storage
from search.extraction import ExtractionError, shared_sandbox

logger = logging.getLogger(__name__)

PAGES_AT_ONCE = 10
MOST_ATTEMPTS = 3


def draw_next(version_id: int, *, most: int) -> int:
    """Draws up to `most` more pages of a version; gives how many pages are left (0 when it is gone, has no pages,
    or is given up).
    """
    FileVersion.objects.filter(pk=version_id).update(image_attempts=F("image_attempts") + 1)
    version = FileVersion.objects.filter(pk=version_id, is_paged=True).first()
    if version is None:
        return 0
    if version.image_attempts > MOST_ATTEMPTS:
        logger.warning("The pages of version %s from %s on could not be drawn", version_id, version.images_made + 1)
        FileVersion.objects.filter(pk=version_id).update(images_made=version.page_count)
        return 0
    last = min(version.page_count, version.images_made + most)
    try:
        with local_path(version.content) as path:
            for first in range(version.images_made + 1, last + 1, PAGES_AT_ONCE):
                if not _draw_batch(version, path, range(first, min(first + PAGES_AT_ONCE, last + 1))):
                    return 0
    except FileNotFoundError:
        logger.warning("The stored bytes of version %s are missing: no page images", version_id)
        return 0
    return version.page_count - last


def _draw_batch(version: FileVersion, path: Path, numbers: range) -> bool:
    """Draws these pages and notes them; False when the version was deleted or read again meanwhile."""
    images = _render(path, list(numbers))
    storage = private_storage()
    content_name = version.content.name
    assert content_name is not None  # a version is made with its content
    names = {number: image_name(content_name, version.number, number) for number in images}
    for number, image in images.items():
        storage.delete(names[number])  # what a killed worker may have left half written
        storage.save(names[number], ContentFile(image))
    with transaction.atomic():
        kept = FileVersion.objects.filter(pk=version.pk, reading=version.reading).update(
            images_made=numbers[-1], image_attempts=0
        )
        for pk, number in (
            FilePage.objects.filter(version=version, number__in=list(names)).values_list("pk", "number") if kept else ()
        ):
            FilePage.of_all_readings.filter(pk=pk).update(image=names[number])
    if not kept and not FileVersion.objects.filter(pk=version.pk).exists():
        for name in names.values():
            storage.delete(name)
    return bool(kept)


def _render(path: Path, numbers: list[int]) -> dict[int, bytes]:
    """Page number -> WebP. When the batch fails each page is tried alone,
    so that one hostile page costs its own image.
    """
    try:
        return _rendered(path, numbers)
    except ExtractionError as error:
        if len(numbers) == 1:
            logger.warning("Page %s of %s could not be drawn: %s", numbers[0], path.name, error.reason)
            return {}
    return {number: image for one in numbers for number, image in _render(path, [one]).items()}


def _rendered(path: Path, numbers: list[int]) -> dict[int, bytes]:
    sandbox = shared_sandbox()
    return dict(
        sandbox.render_pages(
            path, width_px=settings.FILES_PAGE_IMAGE_WIDTH, quality=settings.FILES_PAGE_IMAGE_QUALITY, numbers=numbers
        )
    )
