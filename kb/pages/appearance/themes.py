"""Light, dark or automatic: a choice the reader makes in the footer, kept in a cookie that says nothing else."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

COOKIE = "theme"
YEAR_S = 365 * 24 * 3600
THEMES = ("light", "dark")


def chosen(request: HttpRequest | None) -> str:
    """ "light", "dark", or "" for automatic."""
    value = request.COOKIES.get(COOKIE, "") if request is not None else ""
    return value if value in THEMES else ""


def choices() -> list[tuple[str, str]]:
    return [("light", _("light")), ("dark", _("dark")), ("", _("automatic"))]


# Exempt: a token would put a cookie on every page, to guard a choice of colours.
@csrf_exempt
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Keeps the choice and leads back to the page it was made on."""
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = HttpResponseRedirect(back)
    value = request.POST.get("theme", "")
    if value in THEMES:
        response.set_cookie(COOKIE, value, max_age=YEAR_S, samesite="Lax", secure=request.is_secure(), httponly=True)
    else:
        response.delete_cookie(COOKIE)
    return response
