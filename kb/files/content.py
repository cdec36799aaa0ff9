"""The bytes of a version, wherever the private storage keeps them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db.models.fields.files import FieldFile


@contextmanager
def local_path(content: FieldFile) -> Iterator[Path]:
    """The content as a file of this machine: itself in a folder, a copy for as long as the block lasts when the storage
    is elsewhere.

    Raises FileNotFoundError when the storage has lost it.
    """
    try:
        path = Path(content.path)
    except NotImplementedError:
        with tempfile.NamedTemporaryFile(prefix="cass-reading-") as copy:
            assert content.name is not None  # a version is made with its content
            with content.storage.open(content.name) as stored:
                for block in stored.chunks():
                    copy.write(block)
            copy.flush()
            yield Path(copy.name)
        return
    if not path.exists():
        raise FileNotFoundError(path)
    yield path


def image_folder(content_name: str) -> str:
    """pages/ab/<uuid>: where the page images of the version stored as files/ab/<uuid> are."""
    return content_name.replace("files/", "pages/", 1)


def image_name(content_name: str, version_number: int, page_number: int) -> str:
    """pages/ab/<uuid>/<version>/<n>.webp"""
    return f"{image_folder(content_name)}/{version_number}/{page_number}.webp"
