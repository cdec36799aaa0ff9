"""What the reading of one file may cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, times in seconds. What is over a size is `TooLarge`, over a time `TimedOut`, over the memory
    `BrokenFile`.

    file_bytes      of the file itself, looked at before it is opened.
    seconds         for the whole file; recognising a page lengthens it by the time that page may take, up to
                    ocr_seconds in all.
    cpu_seconds     of the child process, for this file.
    memory_bytes    address space of the child process.
    output_bytes    of text and boxes, all pages together.
    unpacked_bytes  of everything read out of a zip file; members: how many files it may hold; ratio: unpacked to
                    packed, per member over 1 MB.
    pages           pages, sheets, slides, chapters.
    ocr             recognise pages without text, when tesseract is there; at most ocr_pages of them.
    fallback_seconds  for the pages that PDFium cannot read and the slower pdfminer tries, all together.
    """

    file_bytes: int = 500_000_000
    seconds: float = 180.0
    cpu_seconds: int = 150
    memory_bytes: int = 1_500_000_000
    output_bytes: int = 200_000_000
    unpacked_bytes: int = 400_000_000
    members: int = 20_000
    ratio: int = 200
    pages: int = 20_000
    ocr: bool = True
    ocr_pages: int = 500
    ocr_page_seconds: float = 40.0
    ocr_seconds: float = 1800.0
    fallback_seconds: float = 40.0
    convert_seconds: float = 90.0


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file says of itself, and whether it has real pages with images; a reader gives it once, before or between
    its pages.

    date: "2012", "2012-03" or "2012-03-15", made by `dates.iso_date`.
    """

    title: str = ""
    author: str = ""
    language: str = ""
    paged: bool = False
    date: str = ""
    publisher: str = ""
