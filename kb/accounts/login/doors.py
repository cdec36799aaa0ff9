"""Doors of Wagtail that would let someone in past allauth: each leads to the one log-in. Stands before Wagtail's
addresses.

/admin/login/  /admin/password_reset/…  /django-admin/…      (without a language)
/fr/_util/login/  /fr/_util/authenticate_with_password/…     (Wagtail's page privacy, not used here)
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseRedirect
from django.urls import path, re_path, reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from wagtail.admin.auth import require_admin_access

from kb.accounts.login.editing import AccountPanelsView


def to_log_in(request: HttpRequest, **ignored: str) -> HttpResponseRedirect:
    """The one log-in; `next` goes along when it stays on this site."""
    url, back = reverse("account_login"), request.GET.get("next", "")
    if back and url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        url = f"{url}?{urlencode({'next': back})}"
    return HttpResponseRedirect(url)


def to_password_reset(request: HttpRequest, **ignored: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("account_reset_password"))


urlpatterns = [
    path("admin/login/", to_log_in),
    re_path(r"^admin/password_reset/", to_password_reset),
    re_path(r"^django-admin/", to_log_in),
    path("admin/account/", require_admin_access(AccountPanelsView.as_view())),
]

page_urlpatterns = [re_path(r"^_util/(?:login|authenticate_with_password)/", to_log_in)]
