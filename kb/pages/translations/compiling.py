"""Compiled translations made with polib, so that no machine needs gettext: `.mo` files beside the `.po` files, made
again when those are newer.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

import polib


def compile_stale(folders: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """Compiles every `.po` under these locale folders whose `.mo` is missing or older; gives the files made.

    Entries marked fuzzy are left out, as msgfmt does. Raises OSError where a folder cannot be written.
    """
    made = []
    for folder in folders:
        for source in sorted(Path(folder).glob("*/LC_MESSAGES/*.po")):
            target = source.with_suffix(".mo")
            if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
                _compile(source, target)
                made.append(target)
    return made


def _compile(source: Path, target: Path) -> None:
    # Beside and then renamed: another process that starts now reads the old file or the new one, never half of it.
    handle, temporary = tempfile.mkstemp(dir=target.parent, suffix=".mo.new")
    os.close(handle)
    polib.pofile(str(source)).save_as_mofile(temporary)
    Path(temporary).chmod(0o644)
    Path(temporary).replace(target)
