"""Views of the site itself: the 404 that offers what exists, the site map, robots.txt.

Pages of the tree serve themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_safe
from wagtail.models import Page

from home.public import offering
from home.public.mapping import branches
from kb.accounts.audiences import audiences_of
from kb.files.intake.uploading import FileNotKept, NoUploadHere, most_text
from kb.languages import CODES, current_language
from kb.pages import frame
from kb.pages.addressing.addresses import elsewhere
from kb.pages.translations.echoes import Echo

_BLOCK = 1 << 16  # bytes
NOT_FOUND = {
    "fr": "Nous ne trouvons pas cette page",
    "nl": "We vinden deze pagina niet",
    "en": "We cannot find this page",
}


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Status 404; the page in its other languages if it exists there, else a search for the address's words. Status 410
    where something was public until its agreement ended.
    """
    if word := offering.taken_off(request.path):
        return render(request, "home/taken_off.html", {"word": word, "page": None}, status=410)
    here = current_language()
    context = {
        "title": NOT_FOUND[here],
        "echoes": [Echo(code, NOT_FOUND[code], elsewhere(request.path, code)) for code in CODES if code != here],
        "offers": offering.offers(request.path, audiences=audiences_of(request)),
        "words": offering.search_words(request.path),
        "contact": next(iter(frame.footer_links("help")), None),
        "page": None,
    }
    return render(request, "404.html", context, status=404)


class OwnNotFoundMiddleware:
    """The site's own 404 where DEBUG is on too (settings/dev.py);
    Django then shows a technical page instead of calling handler404.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return page_not_found(request, exception) if isinstance(exception, Http404) else None


class NotAllowedMiddleware:
    """A page with words where Django answers 405 with nothing, for who reads pages; programs get what they got."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 405 or response.streaming or response.content or not request.accepts("text/html"):
            return response
        shown = render(request, "405.html", status=405)
        shown.headers["Allow"] = response.headers.get("Allow", "")
        return shown


@require_safe
def site_map(request: HttpRequest) -> HttpResponse:
    """Every page this reader may see in this language, as a tree, and the sections of the site."""
    home = Page.objects.filter(depth=2, locale__language_code=current_language(), live=True).first()
    tree = branches(home, audiences=audiences_of(request)) if home else []
    return render(request, "home/site_map.html", {"tree": tree, "sections": frame.sections()})


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """What machines may read: everything public but searches, whose pages have no end, and the admin."""
    searches = []
    for code in CODES:
        with override(code):
            searches.append(f"Disallow: {reverse('search:results')}")
    lines = [
        "User-agent: *",
        "Disallow: /admin/",
        *searches,
        "",
        f"Sitemap: {request.build_absolute_uri(reverse('sitemap'))}",
        "",
    ]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request that cannot be read. Django's own view looks into the form once more, which fails once more and ends
    without an answer.

    A refused file gets a page of the site; of other requests nothing is sure that a page would ask for, as the name of
    the site.
    """
    _hear_out(request)
    status = 400
    if isinstance(exception, NoUploadHere):
        sentence = _(
            "This page takes no file: nothing was kept. Go back with your browser; what you typed is still there."
        )
    elif isinstance(exception, FileNotKept):
        sentence = " ".join(exception.messages)
    elif isinstance(exception, RequestDataTooBig):
        status = 413
        sentence = _(
            "What was sent is too long: the site takes %(most)s of text at once, and nothing of it "
            "was kept. Go back with your browser, where your "
            "texts still are; copy them to be safe. Then send less at once, or give what is long as a document."
        ) % {"most": filesizeformat(most_text(request))}
    else:
        sentence = _("Reload the page, put your texts back if they are gone, and send it again.")
    if isinstance(exception, (NoUploadHere, FileNotKept)) and request.accepts("text/html"):
        answer = render(request, "home/not_kept.html", {"sentence": sentence}, status=status)
        answer.headers["Cache-Control"] = "no-store"
        return answer
    return HttpResponse(
        sentence, status=status, content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"}
    )


def _hear_out(request: HttpRequest) -> None:
    """Reads away what is still coming, up to a bound: a connection that is closed on unread bytes is reset, and its
    sender sees no sentence.
    """
    left = 4 * settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    with suppress(OSError):
        while left > 0 and (block := request.read(_BLOCK)):
            left -= len(block)
