"""Old addresses and words of another language lead to the right address:
/nl/bibliotheque/PA-2012-147/ to /nl/bibliotheek/PA-2012-147/.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.urls import Resolver404, URLPattern, re_path, resolve, translate_url
from django.utils.translation import override
from wagtail.views import serve

from kb.languages import CODES, FORMER_WORDS, PATH_WORDS, current_language
from kb.pages.addressing.addresses import reserved_words


def forward(request: HttpRequest, rest: str = "") -> HttpResponse:
    """The address in this language, for a path that is right in another language, or was right once.

    Raises Http404 for any other.
    """
    here = current_language()
    first, _slash, after = request.path.removeprefix(f"/{here}/").partition("/")
    for code in (here, *(code for code in CODES if code != here)):
        for word in (first, *_words_of_today(first, code)):
            address = f"/{code}/{word}/{after}"
            if address != request.path and _is_route(address, code):
                with override(code):  # the address is read with this language's words, and written with the reader's
                    found = translate_url(address, here)
                query = request.META.get("QUERY_STRING", "")
                return HttpResponsePermanentRedirect(f"{found}?{query}" if query else found)
    raise Http404


def _words_of_today(former: str, language: str) -> list[str]:
    return [PATH_WORDS[name][language] for name, words in FORMER_WORDS.items() if former in words[language]]


def _is_route(address: str, language: str) -> bool:
    """Whether a view of ours (not the tree of pages, nor this one) answers at the address."""
    with override(language):
        try:
            view = resolve(address).func
        except Resolver404:
            return False
    return view not in (serve, forward)


def patterns() -> list[URLPattern]:
    """Stand between the routes and the tree of pages: no page can have these words as its address."""
    return [re_path(rf"^(?:{'|'.join(sorted(reserved_words()))})/(?P<rest>.*)$", forward)]
