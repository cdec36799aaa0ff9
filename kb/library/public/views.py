"""Pages of the library: the list, a reference, the document reader, files and page images, short addresses.

All read, for one reader.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language_from_request
from django.views.decorators.http import require_safe

from kb.accounts.audiences import PUBLIC, audiences_of
from kb.files.serving import serve_page_image, serve_version
from kb.languages import CODES, current_language
from kb.library.catalogue.access import (
    AgreementOver,
    TakenAway,
    Withdrawn,
    document_at,
    place_at,
    reference_at,
    successor_of,
)
from kb.library.catalogue.citing import cited
from kb.library.choices import FOLLOWED_STATES, ReferenceState
from kb.library.contributions.steps import may_contribute
from kb.library.contributions.waiting import contribution_url
from kb.library.models.marks import Mark
from kb.library.public.front_page import Listing, latest
from kb.library.public.reader_page import opened_page
from kb.library.public.reference_page import shown_reference
from search.engines import EngineUnavailable
from search.opening import Finder, site_finder

logger = logging.getLogger(__name__)
_LONGEST_QUESTION = 500


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    held = audiences_of(request)
    try:
        listing = latest(site_finder(), held=held, language=current_language())
    except EngineUnavailable as reason:
        logger.error("The library cannot be listed: %s", reason)
        listing = Listing((), (), 0, available=False)
    shown = {"listing": listing, "section": "library", "may_contribute": may_contribute(held)}
    return render(request, "library/index.html", shown, status=200 if listing.available else 503)


@require_safe
def reference(request: HttpRequest, mark: Mark) -> HttpResponse:
    held = audiences_of(request)
    try:
        whole = reference_at(mark, held)
    except Withdrawn as gone:
        return _withdrawn(request, gone)
    except AgreementOver as gone:
        return _agreement_over(request, gone)
    url = request.build_absolute_uri(f"/r/{mark.slug}")
    record = shown_reference(whole, held=held, language=current_language())
    shown = {
        "shown": record,
        "whole": whole,
        "citation": cited(whole.reference, whole.creators, url=url),
        "permanent_url": url,
        "pdf_url": request.build_absolute_uri(record.public_pdf_url) if record.public_pdf_url else "",
        "successor": successor_of(whole.reference, held),
        "is_accepted": whole.reference.state == ReferenceState.ACCEPTED,
        "contribution_url": contribution_url(whole.reference)
        if whole.reference.state in (*FOLLOWED_STATES, ReferenceState.DRAFT)
        else "",
        "noindex": PUBLIC not in whole.reference.effective_audiences,
        "section": "library",
    }
    return render(request, "library/reference.html", shown)


@require_safe
def read(request: HttpRequest, mark: Mark, file: int, version: int, page: int) -> HttpResponse:
    held = audiences_of(request)
    try:
        place = place_at(mark, file, version, held)
    except Withdrawn as gone:
        return _withdrawn(request, gone)
    except AgreementOver as gone:
        return _agreement_over(request, gone)
    except TakenAway as gone:
        return _taken_away(request, gone)
    words = request.GET.get("q", "")[:_LONGEST_QUESTION].strip()
    opened = opened_page(
        place,
        page,
        words=words,
        hit=request.GET.get("hit", ""),
        finder=_finder(),
        held=held,
        language=current_language(),
    )
    if opened.elsewhere:
        return HttpResponseRedirect(opened.elsewhere)
    url = request.build_absolute_uri(f"/r/{mark.slug}/{file}.{version}/{page}")
    reference = place.whole.reference
    shown = {
        "opened": opened,
        "place": place,
        "citation": cited(reference, place.whole.creators, url=url, page_label=opened.label),
        "noindex": True,
        "section": "library",
    }
    return render(request, "library/reader.html", shown)


@require_safe
def file(request: HttpRequest, mark: Mark, file: int, version: int) -> HttpResponseBase:
    try:
        place = document_at(mark, file, version, audiences_of(request))
    except AgreementOver as gone:
        return _agreement_over(request, gone)
    except TakenAway as gone:
        return _taken_away(request, gone)
    return serve_version(request, place.version, audiences=place.audiences, download="download" in request.GET)


@require_safe
def page_image(request: HttpRequest, mark: Mark, file: int, version: int, page: int) -> HttpResponseBase:
    try:
        place = document_at(mark, file, version, audiences_of(request))
    except (AgreementOver, TakenAway):
        raise Http404("no such picture") from None
    return serve_page_image(request, place.version, page, audiences=place.audiences)


@require_safe
def short(request: HttpRequest, mark: Mark) -> HttpResponse:
    """/r/PA-2012-147: to the reference in the reader's language."""
    with suppress(Withdrawn, AgreementOver):
        reference_at(mark, audiences_of(request))
    return _to_reference(request, mark)


@require_safe
def short_page(request: HttpRequest, mark: Mark, file: int, version: int, page: int) -> HttpResponse:
    """/r/PA-2012-147/1.2/12?q=logement: to that page in the reader, the words kept;
    to the reference when it was withdrawn.
    """
    try:
        place = place_at(mark, file, version, audiences_of(request))
    except (Withdrawn, AgreementOver):
        return _to_reference(request, mark)
    except TakenAway:
        return _to_reader(request, mark, file, version, page)
    if page > max(1, place.version.page_count):
        raise Http404("no such page")
    return _to_reader(request, mark, file, version, page)


def _to_reader(request: HttpRequest, mark: Mark, file: int, version: int, page: int) -> HttpResponse:
    words = {name: request.GET[name][:_LONGEST_QUESTION] for name in ("q", "hit") if request.GET.get(name)}
    with translation.override(_language_of(request)):
        address = reverse("library:read", args=[mark, file, version, page])
    return _redirect(f"{address}?{urlencode(words)}" if words else address)


def _language_of(request: HttpRequest) -> str:
    """The language of a short address: that of ?lang=nl, else the one chosen by a person who is logged in, else the
    one that the browser asks for."""
    asked = request.GET.get("lang", "")
    if asked in CODES:
        return asked
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated and user.language in CODES:
        return user.language
    return get_language_from_request(request)


def _to_reference(request: HttpRequest, mark: Mark) -> HttpResponse:
    with translation.override(_language_of(request)):
        return _redirect(reverse("library:reference", args=[mark]))


def _redirect(address: str) -> HttpResponse:
    response = HttpResponseRedirect(address)
    patch_vary_headers(response, ["Cookie", "Accept-Language"])
    response["Cache-Control"] = "private, no-cache"
    return response


def _finder() -> Finder | None:
    """The engine, or None: a reader without one still reads, and counts the first pages."""
    try:
        return site_finder()
    except EngineUnavailable:
        return None


def _withdrawn(request: HttpRequest, gone: Withdrawn) -> HttpResponse:
    return render(request, "library/withdrawn.html", {"gone": gone, "section": "library", "noindex": True})


def _agreement_over(request: HttpRequest, gone: AgreementOver) -> HttpResponse:
    shown = {"gone": gone, "section": "library", "noindex": True}
    return render(request, "library/agreement_over.html", shown, status=410)


def _taken_away(request: HttpRequest, gone: TakenAway) -> HttpResponse:
    shown = {"gone": gone, "reference": gone.whole.reference, "section": "library", "noindex": True}
    return render(request, "library/taken_away.html", shown, status=410)
