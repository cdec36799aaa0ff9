"""Too many attempts: the page that says so. The limits are in the settings (ACCOUNT_RATE_LIMITS), counting them is allauth's, in the shared cache."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def too_many(request: HttpRequest) -> HttpResponse:
    """The sentence, with status 429; the template is the one allauth shows too."""
    return render(request, "429.html", status=429)
