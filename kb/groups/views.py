"""Pages of the groups for their members: the list of people."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kb.accounts.audiences import audiences_of
from kb.groups.people.listing import ListForm, listed
from kb.languages import CODES, current_language
from kb.pages.translations.echoes import Echo

TITLES = {"fr": "Personnes", "nl": "Personen", "en": "People"}


@login_required
@never_cache
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Whoever is not logged in is sent to do so, and back here."""
    listing, here = listed(ListForm.read(request.GET), held=audiences_of(request)), current_language()
    echoes = [Echo(code, TITLES[code], _address_in(code)) for code in CODES if code != here]
    return render(
        request,
        "groups/people.html",
        {"title": TITLES[here], "echoes": echoes, "listing": listing, "form": listing.form},
    )


def _address_in(language: str) -> str:
    with override(language):
        return reverse("groups:people")
