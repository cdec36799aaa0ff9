"""What a file is, told from its content: its name may lie, and uploads have names of all kinds. Readers are chosen by
this in `reading`.

Containers are opened for it, so it is done in the child of `sandbox`; a request asks `families` alone.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from search.extraction.containers import check_directory
from search.extraction.errors import BrokenFile, EncryptedFile, ExtractionError, Unsupported
from search.extraction.families import Family, family_of
from search.extraction.limits import Limits

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODT = "application/vnd.oasis.opendocument.text"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
ODP = "application/vnd.oasis.opendocument.presentation"
EPUB = "application/epub+zip"
RTF = "application/rtf"
HTML = "text/html"
XHTML = "application/xhtml+xml"
PLAIN = "text/plain"
CSV = "text/csv"
MAIL = "message/rfc822"
DOC = "application/msword"
XLS = "application/vnd.ms-excel"
PPT = "application/vnd.ms-powerpoint"
WORD_XML = "application/vnd.ms-word.xml"

MEDIA_TYPES = frozenset(
    {PDF, DOCX, PPTX, XLSX, ODT, ODS, ODP, EPUB, RTF, HTML, XHTML, PLAIN, CSV, MAIL, DOC, XLS, PPT, WORD_XML}
)

_MAIN_PARTS = {"word/": DOCX, "ppt/": PPTX, "xl/": XLSX}
_OLE_SECTORS = (9, 12)  # of 512 or 4,096 bytes, in version 3 or 4 of the format
_OLE_STREAMS = (("PowerPoint Document", PPT), ("WordDocument", DOC), ("Workbook", XLS), ("Book", XLS))
# The first four bytes of the class of a root storage.
_OLE_CLASSES = {
    b"\x06\x09\x02\x00": DOC,
    b"\x00\x09\x02\x00": DOC,
    b"\x20\x08\x02\x00": XLS,
    b"\x10\x08\x02\x00": XLS,
    b"\x10\x8d\x81\x64": PPT,
}
_MARKUP = re.compile(rb"<(?:!doctype\s+html|html|head|body|title|meta|div|p|table|h[1-6])[\s>]", re.IGNORECASE)
_HEADER_LINE = re.compile(rb"^(?:[!-9;-~]+:[^\n]*|[ \t][^\n]*|>?From [^\n]*)$")
_MAIL_HEADER = re.compile(
    rb"^(?:from|to|cc|subject|date|received|message-id|mime-version|return-path|delivered-to|reply-to|content-type|sender|x-[a-z-]+)\s*:",
    re.IGNORECASE | re.MULTILINE,
)
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*", b"BM")


def sniff(path: Path | str) -> str:
    """The media type of a file, from its content alone.

    Raises BrokenFile for an empty or damaged file and for what is no file, EncryptedFile for an Office file behind a
    password, TooLarge for a container of too many files, Unsupported for the rest.
    """
    path = Path(path)
    if not path.exists():
        raise BrokenFile("no such file")
    if not path.is_file():
        raise BrokenFile("not a file")
    try:
        with path.open("rb") as file:
            head = file.read(65536)
    except OSError as error:
        raise BrokenFile(f"cannot be opened: {error.strerror}") from error
    if not head.strip(b"\x00 \r\n\t"):
        raise BrokenFile("empty file")
    return _of_start(path, head)


def _of_start(path: Path, head: bytes) -> str:
    family = family_of(head)
    if family == Family.PDF:
        return PDF
    if family == Family.ZIP:
        return _of_zip(path)
    if family == Family.OLD_OFFICE:
        return _of_ole(path)
    if head.lstrip()[:5] == b"{\\rtf":
        return RTF
    if head.startswith(_PICTURES):
        raise Unsupported("a picture: put it into a PDF")
    return _of_text(head)


def _of_zip(path: Path) -> str:
    try:
        check_directory(path, members=Limits().members)
        with zipfile.ZipFile(path) as package:
            names = set(package.namelist())
            if "mimetype" in names:
                with package.open("mimetype") as member:
                    declared = member.read(200).decode("ascii", "replace").strip().removesuffix("-template")
                if declared in (ODT, ODS, ODP, EPUB):
                    return declared
            for prefix, media_type in _MAIN_PARTS.items():
                if any(name.startswith(prefix) for name in names) and "[Content_Types].xml" in names:
                    return media_type
            if "META-INF/container.xml" in names:
                return EPUB
    except ExtractionError:
        raise
    # zipfile raises BadZipFile, NotImplementedError, struct.error, EOFError, RuntimeError… for broken archives
    except Exception as error:
        raise BrokenFile(f"a damaged zip container: {error}") from error
    raise Unsupported("a zip file of something else: unpack it")


def _of_ole(path: Path) -> str:
    """The media type of an OLE file, by the class of its root storage, else by the first stream its directory names:
    embedded objects have streams of their own, later.
    """
    with path.open("rb") as file:
        head = file.read(512)
        shift = int.from_bytes(head[30:32], "little")
        start = (int.from_bytes(head[48:52], "little") + 1) << shift if shift in _OLE_SECTORS else 0
        is_damaged = not 0 < start < path.stat().st_size
        media_type = ""
        if not is_damaged:
            file.seek(start)
            media_type = _OLE_CLASSES.get(file.read(128)[80:84], "")
        first: dict[int, str] = {}
        offset, tail = 0, b""
        file.seek(0)
        while block := file.read(1 << 20):
            block = tail + block
            if "EncryptedPackage".encode("utf-16-le") in block:
                raise EncryptedFile("the Office file wants a password")
            if "__substg1.0_".encode("utf-16-le") in block:
                raise Unsupported("an Outlook message: save it as .eml")
            for name, kind in _OLE_STREAMS:
                if (place := block.find(name.encode("utf-16-le") + b"\0\0")) >= 0:
                    first.setdefault(offset - len(tail) + place, kind)
            offset += len(block) - len(tail)
            tail = block[-128:]
    after = {place: kind for place, kind in first.items() if place >= start} or first
    if not media_type and not after and is_damaged:
        raise BrokenFile("a damaged Office container: its directory is not where it says")
    if not media_type and not after:
        raise Unsupported("an old Office container that holds no document, sheet or slides")
    return media_type or after[min(after)]


def _of_text(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head[: len(head) // 2 * 2].decode("utf-16", "replace").encode()
    elif head[:200].count(b"\0") * 3 > len(head[:200]):
        for order, zero in (("le", 1), ("be", 0)):
            if all(byte == 0 for byte in head[zero:60:2]):
                head = head[: len(head) // 2 * 2].decode(f"utf-16-{order}", "replace").encode()
    if b"\0" in head[:2000] or sum(byte < 9 or 13 < byte < 27 for byte in head[:2000]) > len(head[:2000]) * 0.05:
        raise Unsupported("not a format that is read here")
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    lower = start[:4096].lower()
    if start.startswith(b"<") and (b"w:worddocument" in lower or b"pkg:package" in lower):
        return WORD_XML
    if start.startswith(b"<?xml") and b'xmlns="http://www.w3.org/1999/xhtml"' in lower and b"<html" in lower:
        return XHTML
    if _looks_like_mail(start):
        return MAIL
    if start.startswith(b"<") and (_MARKUP.search(lower) or b"<html" in lower):
        return HTML
    if start.startswith(b"<?xml"):
        raise Unsupported("XML of an unknown kind")
    if b"<html" in lower[:1024]:
        return HTML
    return CSV if _looks_like_table(start) else PLAIN


def _looks_like_mail(start: bytes) -> bool:
    header = re.split(rb"\r?\n\r?\n", start, maxsplit=1)[0].replace(b"\r\n", b"\n")
    lines = header.split(b"\n")
    known = {name[0].lower() for name in (found.split(b":") for found in _MAIL_HEADER.findall(header))}
    proper = sum(bool(_HEADER_LINE.match(line)) for line in lines)
    return len(known) >= 2 and proper >= 0.8 * len(lines)


def _looks_like_table(start: bytes) -> bool:
    lines = [line for line in start.split(b"\n")[:20] if line.strip()]
    if len(start) >= 65536:
        lines = lines[:-1]
    return len(lines) > 1 and any(
        min(counts := [line.count(sign) for line in lines]) >= 1 and max(counts) == min(counts)
        for sign in (b";", b",", b"\t", b"|")
    )
