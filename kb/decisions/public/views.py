"""The list of decisions and the page of one, for one reader."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import override
from django.views.decorators.http import require_safe

from kb.accounts import audiences
from kb.accounts.audiences import audiences_of
from kb.decisions.choices import State
from kb.decisions.models import Decision
from kb.decisions.public.page import shown_decision
from kb.languages import CODES, current_language
from kb.pages.translations.echoes import Echo

TITLES = {"fr": "Décisions", "nl": "Beslissingen", "en": "Decisions"}
ON_A_PAGE = 25


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Those that wait for votes first, then what was decided, the newest first; of each what the reader may see."""
    held, here = audiences_of(request), current_language()
    seen = Decision.objects.seen_by(held).select_related("body", "asked_by")
    page = Paginator(seen.filter(state=State.CLOSED).order_by("-closed_at", "-pk"), ON_A_PAGE).get_page(
        request.GET.get("p")
    )
    running = seen.exclude(state__in=[State.CLOSED, State.WITHDRAWN]).order_by("opened_at") if page.number == 1 else ()
    echoes = [Echo(code, TITLES[code], _list_in(code)) for code in CODES if code != here]
    shown = {"title": TITLES[here], "page": page, "running": running, "echoes": echoes}
    return render(request, "decisions/index.html", shown)


@require_safe
def decision(request: HttpRequest, code: tuple[str, int, int]) -> HttpResponse:
    """What a reader may not see answers as what does not exist."""
    held = audiences_of(request)
    found = (
        Decision.objects.with_number(*code)
        .filter(state=State.CLOSED)
        .select_related("body", "asked_by", "manifest", "withdraws__body")
        .first()
    )
    if found is None or not audiences.may_see(held, found.effective_audiences):
        raise Http404
    return render(request, "decisions/decision.html", {"shown": shown_decision(found, held), "decision": found})


def _list_in(language: str) -> str:
    with override(language):
        return reverse("decisions:list")
