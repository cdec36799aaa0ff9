"""Public pages of the directory: the list and an organisation.

All that is shown is public; the frame is the reader's own.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kb.directory.public.listing import ListForm, listed
from kb.directory.public.organisation_page import shown_organisation
from kb.languages import current_language


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    listing = listed(ListForm.read(request.GET), language=current_language())
    shown = {"listing": listing, "form": listing.form, "noindex": listing.form.narrows, "section": "organisations"}
    return render(request, "directory/index.html", shown)


@require_safe
def organisation(request: HttpRequest, code: str) -> HttpResponse:
    found = shown_organisation(code, language=current_language())
    if found is None:
        raise Http404("no such organisation")
    shown = {"shown": found, "noindex": not found.organisation.is_active, "section": "organisations"}
    return render(request, "directory/organisation.html", shown)
