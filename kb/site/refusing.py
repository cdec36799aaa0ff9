"""The page shown when a form came with a token that is out of date (Django's protection against forged forms): nothing
was done, nothing is lost.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Says that what was typed is still in the browser, and how to send it again. The setting CSRF_FAILURE_VIEW."""
    return render(request, "403_csrf.html", {"no_cookie": "cookie" in reason.lower()}, status=403)
