"""Old addresses that editors or Wagtail wrote down: they lead on for those who may see the page they lead to, and for
others are not there.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from wagtail.contrib.redirects.middleware import RedirectMiddleware as WagtailRedirectMiddleware
from wagtail.contrib.redirects.middleware import get_redirect
from wagtail.contrib.redirects.models import Redirect

from kb.accounts.audiences import audiences_of
from kb.pages.models import BasePage


class RedirectMiddleware(WagtailRedirectMiddleware):
    """Wagtail's, less the redirects whose new address would name a closed or unpublished page."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        answer = super().process_response(request, response)
        return response if answer is not response and _leads_to_closed(request) else answer


def _leads_to_closed(request: HttpRequest) -> bool:
    whole = Redirect.normalise_path(request.get_full_path(), decode_unicode=False)
    redirect = get_redirect(request, whole) or get_redirect(request, whole.partition("?")[0])
    page = redirect.redirect_page.specific if redirect and redirect.redirect_page else None
    return page is not None and not (
        page.live and (not isinstance(page, BasePage) or page.is_for(audiences_of(request)))
    )
