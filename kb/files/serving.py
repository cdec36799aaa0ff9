"""Giving files and page images out: the one way, which asks for the reader's right, and sends headers under which a
hostile file does nothing.

A view of the owner finds the version and says who may open it; everything else (rights, ranges, ETags, names) is here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.core.files.base import File
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import parse_etags

from kb.accounts.audiences import PUBLIC, audiences_of, may_see
from kb.files.models import FilePage, FileVersion, private_storage
from kb.files.names import clean_name, disposition
from search.extraction import is_program_name

INLINE_TYPES = frozenset({"application/pdf", "image/webp"})
# What a browser would run is sent as plain text, and its name ends accordingly, so that opening the saved copy runs
# nothing either.
ACTIVE_TYPES = frozenset(
    {"text/html", "application/xhtml+xml", "image/svg+xml", "application/xml", "text/xml", "text/javascript"}
)
_ACTIVE_ENDINGS = (".htm", ".html", ".xht", ".xhtml", ".mht", ".mhtml", ".svg", ".svgz", ".xml", ".xsl")
_OF_ACTIVE = "text/plain; charset=utf-8"
_UNKNOWN = "application/octet-stream"
# A sandbox keeps the viewers of browsers from opening a PDF, so PDFs have a policy without: nothing loads, nothing is
# sent.
_POLICY = "sandbox; default-src 'none'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
_PDF_POLICY = (
    "default-src 'none'; object-src 'self'; plugin-types application/pdf; style-src "
    "'unsafe-inline'; img-src 'self' data: blob:; "
    "frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)
_BLOCK = 1 << 16
_RANGE = re.compile(r"^bytes=(\d{0,19})-(\d{0,19})$")


@dataclass(frozen=True, slots=True)
class _Sent:
    """What goes out: name in the private storage, size in bytes, media type, strong ETag, Content-Disposition."""

    stored_name: str
    size_bytes: int
    media_type: str
    etag: str
    disposition: str
    is_public: bool


def serve_version(
    request: HttpRequest, version: FileVersion, *, audiences: Iterable[str], download: bool = False
) -> HttpResponseBase:
    """The file as it was put in, to a reader of one of `audiences`: in the browser if it is a PDF and no download is
    asked, else as a download.

    What nobody has read yet, or could not tell, is a download of unknown type. A name by which a browser would run it
    ends as a text, one by which a system would, taken before such names were refused, as bytes of no kind; a PDF's ends
    in .pdf.
    Raises Http404 when this reader may not open it, as when there is none.
    """
    audiences = frozenset(audiences)
    _refuse_stranger(request, audiences)
    active = version.media_type in ACTIVE_TYPES
    name = clean_name(version.original_name)
    may_run = active or (not version.media_type and name.lower().endswith(_ACTIVE_ENDINGS))
    if may_run and not name.lower().endswith(".txt"):
        name += ".txt"
    if version.media_type == "application/pdf" and not name.lower().endswith(".pdf"):
        name += ".pdf"
    elif is_program_name(name):
        name += ".bin"
    assert version.content.name is not None  # a version is made with its content
    sent = _Sent(
        stored_name=version.content.name,
        size_bytes=version.size_bytes,
        media_type=_OF_ACTIVE if active else version.media_type or _UNKNOWN,
        # Another stamp once the type is known: what a browser kept without it is asked for anew, with the headers it
        # now has.
        etag=f'"{version.sha256}"' if version.media_type else f'"{version.sha256}.{version.state}"',
        disposition=disposition(name, inline=not download and version.media_type in INLINE_TYPES),
        is_public=PUBLIC in audiences,
    )
    return _respond(request, sent)


def serve_page_image(
    request: HttpRequest, version: FileVersion, page_number: int, *, audiences: Iterable[str]
) -> HttpResponseBase:
    """The picture of a page (from 1), to a reader of one of `audiences`.

    Raises Http404 when there is none, or not for this reader.
    """
    audiences = frozenset(audiences)
    _refuse_stranger(request, audiences)
    stored_name = FilePage.objects.filter(version=version, number=page_number).values_list("image", flat=True).first()
    if not stored_name:
        raise Http404("no such page image")
    try:
        size_bytes = private_storage().size(stored_name)
    except FileNotFoundError as error:
        raise Http404("no such page image") from error
    stamp = hashlib.sha256(f"{version.sha256} {page_number} {size_bytes} {version.read_at}".encode()).hexdigest()
    sent = _Sent(
        stored_name=stored_name,
        size_bytes=size_bytes,
        media_type="image/webp",
        etag=f'"{stamp}"',
        disposition=disposition(f"{page_number}.webp", inline=True),
        is_public=PUBLIC in audiences,
    )
    return _respond(request, sent)


def _refuse_stranger(request: HttpRequest, audiences: frozenset[str]) -> None:
    if not may_see(audiences_of(request), audiences):
        raise Http404("no such file")


def _respond(request: HttpRequest, sent: _Sent) -> HttpResponseBase:
    if request.method not in ("GET", "HEAD"):
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
    if _is_known(request, sent.etag):
        return _with_headers(HttpResponse(status=304), sent)
    wanted = _range(request, sent)
    if wanted is not None and not wanted:
        response = HttpResponse(status=416, headers={"Content-Range": f"bytes */{sent.size_bytes}"})
        return _with_headers(response, sent)
    part = wanted or range(sent.size_bytes)
    headers = {"Content-Length": str(len(part)), "Accept-Ranges": "bytes", "Content-Type": sent.media_type}
    if wanted:
        headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{sent.size_bytes}"
    status = 206 if wanted else 200
    if request.method == "HEAD":
        return _with_headers(HttpResponse(status=status, headers=headers), sent)
    try:
        file = private_storage().open(sent.stored_name)
    except FileNotFoundError as error:
        raise Http404("the stored bytes are missing") from error
    return _with_headers(StreamingHttpResponse(_Part(file, part), status=status, headers=headers), sent)


def _with_headers(response: HttpResponseBase, sent: _Sent) -> HttpResponseBase:
    response.headers["ETag"] = sent.etag
    response.headers["Content-Disposition"] = sent.disposition
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    response.headers["Content-Security-Policy"] = _PDF_POLICY if sent.media_type == "application/pdf" else _POLICY
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Referrer-Policy"] = "no-referrer"
    # Rights change, so every use asks again; what did not change costs a 304. What is closed stays on no computer that
    # others use too.
    response.headers["Cache-Control"] = "public, no-cache" if sent.is_public else "private, no-store"
    return response


def _is_known(request: HttpRequest, etag: str) -> bool:
    known = parse_etags(request.headers.get("If-None-Match", ""))
    return "*" in known or etag in (tag.removeprefix("W/") for tag in known)


def _range(request: HttpRequest, sent: _Sent) -> range | None:
    """The bytes asked for; empty when they cannot be given; None for the whole file.

    The whole is also the answer to several ranges, to what is malformed, and to a range of another state of the file
    (If-Range).
    """
    asked = _RANGE.match(request.headers.get("Range", "").strip())
    if_range = request.headers.get("If-Range")
    if not asked or asked.groups() == ("", "") or (if_range is not None and if_range.strip() != sent.etag):
        return None
    first, last = asked.groups()
    if not first:
        return range(max(0, sent.size_bytes - int(last)), sent.size_bytes)
    if last and int(last) < int(first):
        return None
    return range(min(int(first), sent.size_bytes), min(int(last) + 1, sent.size_bytes) if last else sent.size_bytes)


class _Part:
    """Bytes of an open file, in blocks; closed with the response."""

    def __init__(self, file: File, part: range) -> None:
        self._file = file
        self._part = part

    def __iter__(self) -> Iterator[bytes]:
        self._file.seek(self._part.start)
        left = len(self._part)
        while left and (block := self._file.read(min(_BLOCK, left))):
            left -= len(block)
            yield block

    def close(self) -> None:
        self._file.close()
