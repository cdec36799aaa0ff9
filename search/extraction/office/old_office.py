"""Word, Excel and PowerPoint files of before 2007: LibreOffice makes new ones of them, where it is installed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from search.extraction import sniffing
from search.extraction.confining import programs
from search.extraction.errors import BrokenFile, EncryptedFile, TimedOut, Unsupported
from search.extraction.limits import Facts, Limits
from search.extraction.office.openxml import read_docx, read_pptx, read_xlsx
from search.extraction.pages import ExtractedPage

_TARGETS = {
    sniffing.DOC: ("docx", read_docx),
    sniffing.XLS: ("xlsx", read_xlsx),
    sniffing.PPT: ("pptx", read_pptx),
}


def read(path: Path, limits: Limits) -> Iterator[Facts | ExtractedPage | str]:
    """What the converted file says.

    Raises Unsupported without LibreOffice, TimedOut when it takes too long, BrokenFile when it gives nothing.
    """
    media_type = sniffing.sniff(path)
    if not programs.office():
        raise Unsupported("save as .docx or PDF")
    ending, reader = _TARGETS[media_type]
    with tempfile.TemporaryDirectory(prefix="office-") as folder:
        source = Path(folder) / f"source.{ {'docx': 'doc', 'xlsx': 'xls', 'pptx': 'ppt'}[ending] }"
        shutil.copyfile(path, source)
        outcome = programs.convert(Path(folder), ending=ending, timeout_s=limits.convert_seconds)
        if outcome.took_too_long:
            raise TimedOut(f"LibreOffice took more than {limits.convert_seconds:.0f} seconds")
        said = outcome.said.decode("utf-8", "replace").strip()
        if outcome.was_not_started:
            raise Unsupported(f"LibreOffice cannot be started: {outcome.complained.decode('utf-8', 'replace')}")
        target = source.with_suffix(f".{ending}")
        if not target.is_file():
            if "password" in said.lower():
                raise EncryptedFile("the Office file wants a password")
            raise BrokenFile(
                f"LibreOffice could not read it: {said[-200:]}" if said else "LibreOffice could not read it"
            )
        yield from reader(target, limits)
