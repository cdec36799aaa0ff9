"""PDFs: the text of each page with a box for every word, and page images. The only module that knows PDFium and
pdfminer.

PDFium is not thread-safe and a hostile file may end the process: only the child processes of `sandbox` come here.
Lines, columns and paragraphs are made in `layout`, scans are recognised in `ocr`.
"""

from __future__ import annotations

import ctypes
import importlib
import io
import logging
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pypdfium2
from pypdfium2 import raw

from search.extraction.dates import iso_date
from search.extraction.errors import BrokenFile, EncryptedFile, TooLarge
from search.extraction.layout import Piece, clean_word, compose
from search.extraction.limits import Facts, Limits
from search.extraction.pages import ExtractedPage, WordBox, pack_boxes
from search.extraction.pdf import ocr, xmp

logging.getLogger("pdfminer").setLevel(logging.CRITICAL)

MEDIA_TYPE = "application/pdf"
# A page with fewer letters than this shows a picture of its text, if it shows any: it is recognised where tesseract is
# there.
SCAN_LETTERS = 16
_PART = re.compile(r"[^\s\ufffe\x00-\x1f]+|\ufffe")
_GARBAGE = re.compile("[\ufffd\ue000-\uefff\uf100-\uf8ff\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\\(cid:\\d+\\)")
_LETTER = re.compile(r"[^\W_]")
_MAX_PIXELS = 30_000_000
_TEXT_FIELDS = {raw.FPDF_FORMFIELD_TEXTFIELD, raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX}
_SPOKEN_ANNOTATIONS = {
    raw.FPDF_ANNOT_TEXT,
    raw.FPDF_ANNOT_FREETEXT,
    raw.FPDF_ANNOT_HIGHLIGHT,
    raw.FPDF_ANNOT_UNDERLINE,
    raw.FPDF_ANNOT_STRIKEOUT,
}


def import_all() -> None:
    """What drawing and recognising need, for a process that starts a reader for each file.

    Not pdfminer: a third of a second, seldom needed.
    """
    for name in ("PIL.PngImagePlugin", "PIL.WebPImagePlugin"):
        importlib.import_module(name)


def read(path: Path, limits: Limits) -> Iterator[Facts | ExtractedPage | str]:
    """Facts, then one page after the other, and warnings (strings) between them. A scanned page that is not recognised
    gives ''.

    Raises EncryptedFile if it wants a password, BrokenFile if neither PDFium nor pdfminer can open it or it has no
    page.
    """
    fallback = _Fallback(path, limits.fallback_seconds)
    try:
        document = _open(path)
    except BrokenFile:
        pages = list(fallback.all_pages())
        if not any(page.text for page in pages):
            raise
        yield Facts(paged=False)
        yield "read with pdfminer: PDFium cannot open the file"
        yield from pages
        return
    try:
        count = len(document)
        if not count:
            raise BrokenFile("no pages")
        if count > limits.pages:
            raise TooLarge(f"{count} pages, more than {limits.pages}")
        described = xmp.read(path)
        yield Facts(
            title=_meta(document, "Title") or described.title,
            author=_meta(document, "Author") or described.author,
            language=_utf16(lambda buffer, size: raw.FPDFCatalog_GetLanguage(document, _shorts(buffer), size))
            or described.language,
            paged=True,
            date=described.date or iso_date(_meta(document, "CreationDate")),
            publisher=described.publisher or _meta(document, "Publisher"),
        )
        yield from _read_pages(document, count, fallback, limits)
    finally:
        document.close()


def render(path: Path, numbers: list[int] | None, *, width_px: int, quality: int) -> Iterator[tuple[int, bytes]]:
    """Page number (from 1) and its picture as WebP, `width_px` wide; all pages when numbers is None. Annotations and
    form values are drawn.

    Raises EncryptedFile and BrokenFile; a page that cannot be drawn is left out.
    """
    document = _open(path)
    try:
        for number in numbers or range(1, len(document) + 1):
            if not 1 <= number <= len(document):
                raise BrokenFile(f"no page {number}")
            try:
                page = document[number - 1]
            except pypdfium2.PdfiumError:
                continue
            width, height = page.get_size()
            scale = width_px / (width or 1.0)
            picture = _picture(
                page,
                scale=scale
                if width * height * scale * scale < _MAX_PIXELS
                else (_MAX_PIXELS / (width * height)) ** 0.5,
            )
            page.close()
            packed = io.BytesIO()
            picture.save(packed, "WEBP", quality=quality, method=4)
            yield number, packed.getvalue()
    finally:
        document.close()


def _open(path: Path) -> pypdfium2.PdfDocument:
    # PDFium keeps the error of an earlier file where it sets none: this sets "no PDF", lest a file without pages is
    # said to want a password.
    raw.FPDF_LoadMemDocument(b"-", 1, None)
    try:
        document = pypdfium2.PdfDocument(path)
        document.init_forms()
    except pypdfium2.PdfiumError as error:
        code = getattr(error, "err_code", None)
        if code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
            raise EncryptedFile("the PDF wants a password") from error
        raise BrokenFile(f"PDFium cannot open it: {error}") from error
    return document


def _read_pages(
    document: pypdfium2.PdfDocument, count: int, fallback: _Fallback, limits: Limits
) -> Iterator[ExtractedPage | str]:
    unread: list[int] = []
    recogniser = _Recogniser(document, limits)
    for index in range(count):
        page = raw.FPDF_LoadPage(document, index)
        if page:
            try:
                found = _read_page(document, page, index, fallback, recogniser)
            finally:
                raw.FPDF_ClosePage(page)
        else:
            substitute = fallback.page(index)
            if substitute is None:
                unread.append(index + 1)
                if len(unread) == count:
                    raise BrokenFile("none of its pages can be read")
            found = substitute or ExtractedPage(number=index + 1, text="")
        yield replace(found, label=_label(document, index))
    yield from recogniser.problems
    if unread:
        yield f"pages that could not be read: {', '.join(map(str, unread[:20]))}"


def _read_page(
    document: pypdfium2.PdfDocument, page: ctypes.c_void_p, index: int, fallback: _Fallback, recogniser: _Recogniser
) -> ExtractedPage:
    """PDFium's words; pdfminer's where those are garbage; tesseract's where there are none or both are garbage."""
    frame = _Frame(page)
    pieces, signs = _pieces(page, frame)
    garbage = _is_garbage(signs)
    text, boxes = compose(pieces, width=frame.width, height=frame.height)
    packed = None
    if garbage:
        substitute = fallback.page(index)
        if substitute is not None and _letters(substitute.text) > 0.4 * len(signs) and not _is_garbage(substitute.text):
            text, packed, garbage = substitute.text, substitute.boxes, False
        else:
            fallback.failures += 1
    recognised = False
    if garbage or (_letters(text[:1000]) < SCAN_LETTERS and _shows_pictures(page)):
        seen, seen_boxes = recogniser.read(index, frame)
        if _letters(seen) > (0 if garbage else _letters(text)):
            text, boxes, packed, recognised = seen, seen_boxes, None, True
    if packed is None:
        text, boxes = _with_annotations(document, page, frame, text, boxes)
        packed = pack_boxes(boxes)
    return ExtractedPage(index + 1, text, "", packed, frame.width, frame.height, recognised)


class _Recogniser:
    """Reads the pictures of pages with tesseract, within the limits; `problems` says, once per kind,
    what was not read and why.
    """

    def __init__(self, document: pypdfium2.PdfDocument, limits: Limits) -> None:
        self._document, self._limits = document, limits
        self._count = 0
        self._started = time.monotonic()
        self.problems: list[str] = []

    def read(self, index: int, frame: _Frame) -> tuple[str, list[WordBox]]:
        if not self._limits.ocr:
            return "", []
        if not ocr.available():
            return self._refuse("pages without text: tesseract is not installed, so their pictures were not read")
        if self._count >= self._limits.ocr_pages or time.monotonic() - self._started > self._limits.ocr_seconds:
            return self._refuse(f"only the first {self._count} pages without text were read from their pictures")
        self._count += 1
        scale = min(200 / 72, (_MAX_PIXELS / max(frame.width * frame.height, 1.0)) ** 0.5)
        page = self._document[index]
        try:
            pieces = ocr.read_picture(_picture(page, scale=scale), scale=scale, timeout_s=self._limits.ocr_page_seconds)
        except ocr.Unreadable as error:
            return self._refuse(f"page {index + 1} was not read from its picture: {error}")
        finally:
            page.close()
        return compose(pieces, width=frame.width, height=frame.height)

    def _refuse(self, problem: str) -> tuple[str, list[WordBox]]:
        if problem not in self.problems and len(self.problems) < 20:
            self.problems.append(problem)
        return "", []


class _Frame:
    """From the coordinates of a page's content to those of the page as displayed (cropped, rotated),
    in points from its top left.
    """

    def __init__(self, page: ctypes.c_void_p) -> None:
        box = raw.FS_RECTF()
        if not raw.FPDF_GetPageBoundingBox(page, box):
            box.left, box.bottom, box.right, box.top = 0, 0, raw.FPDF_GetPageWidthF(page), raw.FPDF_GetPageHeightF(page)
        self.left, self.bottom, self.right, self.top = box.left, box.bottom, box.right, box.top
        self.turn = raw.FPDFPage_GetRotation(page) % 4
        across, up = box.right - box.left, box.top - box.bottom
        self.width, self.height = (up, across) if self.turn % 2 else (across, up)

    def place(self, left: float, top: float, right: float, bottom: float) -> tuple[float, float, float, float]:
        """left, top, right, bottom as displayed."""
        if self.turn == 0:
            return left - self.left, self.top - top, right - self.left, self.top - bottom
        if self.turn == 1:
            return bottom - self.bottom, left - self.left, top - self.bottom, right - self.left
        if self.turn == 2:
            return self.right - right, bottom - self.bottom, self.right - left, top - self.bottom
        return self.top - top, self.right - right, self.top - bottom, self.right - left


def _pieces(page: ctypes.c_void_p, frame: _Frame) -> tuple[list[Piece], str]:
    """The words of a page in the order of the file, and the signs as PDFium gives them.

    PDFium is asked for the text at once and for the boxes of two signs of each word: its calls are the cost.
    """
    text_page = raw.FPDFText_LoadPage(page)
    if not text_page:
        return [], ""
    try:
        count = raw.FPDFText_CountChars(text_page)
        if count <= 0:
            return [], ""
        signs = _signs(text_page, count)
        pieces: list[Piece] = []
        box = raw.FS_RECTF()
        pointer = ctypes.byref(box)
        ask = raw.FPDFText_GetLooseCharBox
        place = frame.place
        for match in _PART.finditer(signs):
            if match[0] == "\ufffe":
                if pieces:
                    pieces[-1].hyphen = True
                continue
            word = clean_word(match[0])
            if not word or not ask(text_page, match.start(), pointer):
                continue
            left, top, right, bottom = first = place(box.left, box.top, box.right, box.bottom)
            rise = 0.0
            if match.end() - match.start() > 1 and ask(text_page, match.end() - 1, pointer):
                last = place(box.left, box.top, box.right, box.bottom)
                left, top = min(first[0], last[0]), min(first[1], last[1])
                right, bottom = max(first[2], last[2]), max(first[3], last[3])
                rise = (last[1] + last[3] - first[1] - first[3]) / 2
            pieces.append(Piece(word, left, top, right, bottom, False, rise))
        return pieces, signs
    finally:
        raw.FPDFText_ClosePage(text_page)


def _signs(text_page: ctypes.c_void_p, count: int) -> str:
    """One character for each of PDFium's; U+FFFE is a line-end hyphen."""
    buffer = (ctypes.c_ushort * (count + 1))()
    written = raw.FPDFText_GetText(text_page, 0, count, buffer)
    if written == count + 1:
        text = bytes(buffer)[: 2 * count].decode("utf-16-le", "replace")
        if len(text) == count:
            return text
    ask = raw.FPDFText_GetUnicode
    return "".join(chr(code) if 0 < (code := ask(text_page, index)) < 0x110000 else "\ufffd" for index in range(count))


def _letters(text: str) -> int:
    return len(_LETTER.findall(text))


def _is_garbage(text: str) -> bool:
    """Most signs have no meaning outside the file's own fonts."""
    signs = len(text) - text.count(" ") - text.count("\n") - text.count("\r")
    return signs >= 10 and sum(len(found) for found in _GARBAGE.findall(text)) > 0.25 * signs


def _shows_pictures(page: ctypes.c_void_p) -> bool:
    kinds = [
        raw.FPDFPageObj_GetType(raw.FPDFPage_GetObject(page, index))
        for index in range(min(raw.FPDFPage_CountObjects(page), 2000))
    ]
    return raw.FPDF_PAGEOBJ_IMAGE in kinds or raw.FPDF_PAGEOBJ_FORM in kinds or kinds.count(raw.FPDF_PAGEOBJ_PATH) > 40


def _picture(page: pypdfium2.PdfPage, *, scale: float):
    return page.render(scale=scale, may_draw_forms=True).to_pil().convert("RGB")


def _with_annotations(
    document: pypdfium2.PdfDocument, page: ctypes.c_void_p, frame: _Frame, text: str, boxes: list[WordBox]
) -> tuple[str, list[WordBox]]:
    """The values of form fields and the words of notes after the text of the page, each a paragraph."""
    for index in range(min(raw.FPDFPage_GetAnnotCount(page), 5000)):
        annotation = raw.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        try:
            words = " ".join(map(clean_word, _annotation_text(document, annotation).split()))
            if not words:
                continue
            corner = raw.FS_RECTF()
            raw.FPDFAnnot_GetRect(annotation, corner)
            left, top, right, bottom = frame.place(corner.left, corner.top, corner.right, corner.bottom)
            text += "\n\n" * bool(text)
            for match in re.finditer(r"\S+", words):
                start, end = len(text) + match.start(), len(text) + match.end()
                boxes.append(
                    WordBox(
                        start, end, left / frame.width, top / frame.height, right / frame.width, bottom / frame.height
                    )
                )
            text += words
        finally:
            raw.FPDFPage_CloseAnnot(annotation)
    return text, boxes


def _annotation_text(document: pypdfium2.PdfDocument, annotation: ctypes.c_void_p) -> str:
    kind = raw.FPDFAnnot_GetSubtype(annotation)
    if kind in _SPOKEN_ANNOTATIONS:
        return _utf16(lambda buffer, size: raw.FPDFAnnot_GetStringValue(annotation, b"Contents", _shorts(buffer), size))
    if (
        kind == raw.FPDF_ANNOT_WIDGET
        and document.formenv
        and raw.FPDFAnnot_GetFormFieldType(document.formenv, annotation) in _TEXT_FIELDS
    ):
        return _utf16(
            lambda buffer, size: raw.FPDFAnnot_GetFormFieldValue(document.formenv, annotation, _shorts(buffer), size)
        )
    return ""


def _label(document: pypdfium2.PdfDocument, index: int) -> str:
    label = _utf16(lambda buffer, size: raw.FPDF_GetPageLabel(document, index, buffer, size))
    return clean_word(label)[:40]


def _meta(document: pypdfium2.PdfDocument, key: str) -> str:
    return " ".join(_utf16(lambda buffer, size: raw.FPDF_GetMetaText(document, key.encode(), buffer, size)).split())[
        :1000
    ]


def _shorts(buffer):
    return ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)) if buffer is not None else None


def _utf16(ask) -> str:
    """What a PDFium call of the "give me a buffer, I tell the size in bytes" kind has to say."""
    size = ask(None, 0)
    if size <= 2 or size > 2_000_000:
        return ""
    buffer = ctypes.create_string_buffer(size)
    ask(buffer, size)
    return buffer.raw[: size - 2].decode("utf-16-le", "replace").replace("\x00", "")


class _Fallback:
    """pdfminer, for the pages PDFium cannot read: twenty times slower, so within a time of its own,
    and not again after two failures.
    """

    def __init__(self, path: Path, seconds: float) -> None:
        self._path = path
        self._seconds = seconds
        self.failures = 0

    def page(self, index: int) -> ExtractedPage | None:
        """Page `index` (from 0), or None if pdfminer cannot read it either, or has used up its time or its chances."""
        return next(self._read([index]), None) if self.failures < 2 else None

    def all_pages(self) -> Iterator[ExtractedPage]:
        return self._read(None)

    def _read(self, indices: list[int] | None) -> Iterator[ExtractedPage]:
        from pdfminer.high_level import extract_pages

        started = time.monotonic()
        if self._seconds <= 0:
            return
        try:
            for page in extract_pages(self._path, page_numbers=indices):
                width, height = page.width or 1.0, page.height or 1.0
                text, boxes = compose(list(_miner_pieces(page, page.x0, page.y1)), width=width, height=height)
                yield ExtractedPage(
                    page.pageid if indices is None else indices[0] + 1, text, "", pack_boxes(boxes), width, height
                )
                if time.monotonic() - started > self._seconds:
                    return
        # pdfminer raises whatever a broken file makes it stumble over: KeyError, TypeError, struct.error,
        # AssertionError…
        except Exception as error:
            logging.getLogger(__name__).info("pdfminer: %s", error)
        finally:
            self._seconds -= time.monotonic() - started


def _miner_pieces(item, left: float, top: float) -> Iterator[Piece]:
    from pdfminer.layout import LTAnno, LTChar, LTTextLine

    if not isinstance(item, LTTextLine):
        for child in item if hasattr(item, "__iter__") else ():
            yield from _miner_pieces(child, left, top)
        return
    word: list[LTChar] = []
    for sign in [*item, LTAnno(" ")]:
        if isinstance(sign, LTChar) and not sign.get_text().isspace():
            word.append(sign)
        elif word:
            text = clean_word("".join(part.get_text() for part in word))
            if text:
                yield Piece(
                    text,
                    min(p.x0 for p in word) - left,
                    top - max(p.y1 for p in word),
                    max(p.x1 for p in word) - left,
                    top - min(p.y0 for p in word),
                )
            word = []
