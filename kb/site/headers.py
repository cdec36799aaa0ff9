"""Headers that tell browsers what a page may do.

The policies themselves are in the settings; Django's own middleware sends the others.
"""

from __future__ import annotations

from collections.abc import Callable

from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import has_vary_header

ADMIN = "/admin/"
NOT_KEPT = "private, no-store"


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """The strict policy everywhere, the admin's looser one under /admin/.

    A view that sets its own (files: a sandbox) keeps it.
    """

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if not report_only and parts.config is None and request.path_info.startswith(ADMIN):
            parts.config = settings.ADMIN_CONTENT_SECURITY_POLICY
        return parts


class PrivateMiddleware:
    """What depends on who asks (`Vary: Cookie`) is for that reader alone, and asked for anew each time, unless its view
    says otherwise.

    What somebody who is logged in sees is kept nowhere, not by their browser either, which others may use next; but for
    what says it is public.
    What says nothing is asked for anew each time too: kept, it would go on telling of what was closed since (a site
    map, a redirection, a 404).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if has_vary_header(response, "Cookie"):
            response.headers.setdefault("Cache-Control", "private, no-cache")
            if not response.headers["Cache-Control"].startswith("public") and _is_logged_in(request):
                response.headers["Cache-Control"] = NOT_KEPT
        response.headers.setdefault("Cache-Control", "no-cache")
        return response


def _is_logged_in(request: HttpRequest) -> bool:
    """Whether the session that this answer looked at is somebody's.

    No query: one that nobody looked at is not read now.
    """
    session = getattr(request, "session", None)
    return session is not None and session.accessed and SESSION_KEY in session


class PermissionsPolicyMiddleware:
    """Switches off what no page here uses: camera, place, payment."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.header = ", ".join(
            f"{name}=({' '.join(allowed)})" for name, allowed in settings.PERMISSIONS_POLICY.items()
        )

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", self.header)
        return response
