"""Which reader reads which format.

Runs inside the child processes of `sandbox`; nothing here limits what a hostile file may do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from search.extraction import html, mail, office, plain, sniffing
from search.extraction.errors import BrokenFile, TooLarge, Unsupported
from search.extraction.limits import Facts, Limits
from search.extraction.office import old_office
from search.extraction.pages import ExtractedPage
from search.extraction.pdf import document as pdf

Reader = Callable[[Path, Limits], Iterator[Facts | ExtractedPage | str]]

READERS: dict[str, Reader] = {
    sniffing.PDF: pdf.read,
    sniffing.DOCX: office.read_docx,
    sniffing.PPTX: office.read_pptx,
    sniffing.XLSX: office.read_xlsx,
    sniffing.ODT: office.read_odt,
    sniffing.ODS: office.read_ods,
    sniffing.ODP: office.read_odp,
    sniffing.EPUB: office.read_epub,
    sniffing.WORD_XML: office.read_word_xml,
    sniffing.HTML: html.read,
    sniffing.XHTML: html.read,
    sniffing.PLAIN: plain.read,
    sniffing.CSV: plain.read,
    sniffing.RTF: plain.read_rtf,
    sniffing.MAIL: lambda path, limits: mail.read(path, limits, read_attached=read),
    sniffing.DOC: old_office.read,
    sniffing.XLS: old_office.read,
    sniffing.PPT: old_office.read,
}


def read(path: Path, media_type: str, limits: Limits) -> Iterator[Facts | ExtractedPage | str]:
    """What the reader of this type gives, as it comes. Raises any of `errors`."""
    reader = READERS.get(media_type)
    if reader is None:
        raise Unsupported(f"no reader for {media_type}")
    size = path.stat().st_size
    if size > limits.file_bytes:
        raise TooLarge(f"{size} bytes, more than {limits.file_bytes}")
    count = 0
    for item in reader(path, limits):
        count += isinstance(item, ExtractedPage)
        if count > limits.pages:
            raise TooLarge(f"more than {limits.pages} pages or sections")
        yield item
    if not count:
        raise BrokenFile("no pages")
