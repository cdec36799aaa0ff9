"""The members' home: on one page what waits for a person, what they put in, their groups and their account.

Only ever one's own.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from home.registering import contact_url
from kb.accounts.audiences import STAFF, audiences_of
from kb.clock.notices.digesting import recent_news
from kb.clock.notices.waiting import waiting_for
from kb.groups.models import Mandate
from kb.languages import CODES, current_language
from kb.library.contributions.waiting import own
from kb.pages.translations.echoes import Echo

TITLES = {"fr": "Espace membres", "nl": "Ledenruimte", "en": "Members’ area"}
CONTRIBUTIONS = 5  # the rest is behind their link
NEWS = 5


@login_required
@never_cache
@require_safe
def members(request: HttpRequest) -> HttpResponse:
    """Whoever is not logged in is sent to do so, and back here."""
    return render(request, "home/members.html", shown_to(request.user, audiences_of(request)))


def shown_to(user: Any, held: frozenset[str]) -> dict[str, Any]:
    """What the page says to this person in this session. The same number of queries, whatever there is."""
    here = current_language()
    mandates = list(
        Mandate.objects.running().filter(user=user).select_related("body", "organisation").order_by("body__code", "pk")
    )
    return {
        "title": TITLES[here],
        "echoes": [Echo(code, TITLES[code], _address_in(code)) for code in CODES if code != here],
        "headings": waiting_for(user, held),
        "news": recent_news(user, held, limit=NEWS),
        "contributions": own(user, held, CONTRIBUTIONS),
        "mandates": mandates,
        "may_add": bool(mandates) or STAFF in held,
        "contact": contact_url(),
    }


def _address_in(language: str) -> str:
    with override(language):
        return reverse("home:members")
