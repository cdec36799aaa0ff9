"""The results page, and suggestions while typing.

Both answer for one reader: neither is ever kept by a shared cache or a search engine.
"""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from search.engines.base import EngineUnavailable
from search.opening import audiences_of, site_finder
from search.public.answering import ask, suggest
from search.public.forms import MOST_LETTERS, SearchForm, plain
from search.public.remembering import log_question
from search.registry import contact_url

logger = logging.getLogger(__name__)


@require_safe
def results(request: HttpRequest) -> HttpResponse:
    form = SearchForm.read(request.GET)
    language = get_language() or "fr"
    answer, status = None, 200
    if form.asks:
        try:
            answer = ask(site_finder(), form, audiences=audiences_of(request), language=language)
        except EngineUnavailable as reason:
            logger.error("The search cannot answer: %s", reason)
            status = 503
        else:
            if form.words and form.page == 1:
                log_question(form.words, language=language, results=answer.results.total)
    shown = {"form": form, "answer": answer, "contact_url": SimpleLazyObject(contact_url), "section": "search"}
    return _for_one_reader(render(request, "search/results.html", shown, status=status))


@require_safe
def suggestions(request: HttpRequest) -> HttpResponse:
    typed = plain(request.GET.get("q", ""))[:MOST_LETTERS].strip()
    try:
        found = (
            suggest(site_finder(), typed, audiences=audiences_of(request), language=get_language() or "fr")
            if typed
            else []
        )
    except EngineUnavailable:
        found = []
    shown = [{"text": each.text, "language": each.language, "url": each.url, "kind": each.kind} for each in found]
    return _for_one_reader(JsonResponse({"suggestions": shown}))


def _for_one_reader(response: HttpResponse) -> HttpResponse:
    patch_vary_headers(response, ["Cookie"])
    response["Cache-Control"] = "private, no-cache"
    response["X-Robots-Tag"] = "noindex"
    if response.status_code == 503:
        response["Retry-After"] = "60"
    return response
