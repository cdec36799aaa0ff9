"""The second factor: who has one, which session passed it, and the door that asks for it.

Enrolling, asking and recovery codes are allauth's; what a passed session may see is in `audiences`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY, get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import override

from kb.accounts.audiences import passed_second_factor
from kb.accounts.sessions.ending import PersonRequest, end_sessions_of, keep_session

ADMIN = "/admin/"
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
FREE_VIEWS = frozenset({"mfa_authenticate", "mfa_reauthenticate", "mfa_login_webauthn", "mfa_reauthenticate_webauthn"})


def has_second_factor(user: Any) -> bool:
    """Whether a second factor is set up for this person; recovery codes alone are none. One query."""
    return is_mfa_enabled(user, FACTORS)


class SecondFactorMiddleware:
    """Keeps /admin/ for editors whose session passed the second factor, and the settings of a second factor for whoever
    holds it.

    A session opened before the factor was set up has not passed it: it is asked too.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(ADMIN) and request.user.is_authenticated:
            with override(request.user.language):  # addresses of the admin do not say one
                refused = _refuse_admin(request)
            if refused is not None:
                return refused
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view, args, kwargs) -> HttpResponse | None:
        name = request.resolver_match.url_name or "" if request.resolver_match else ""
        guarded = name == "account_reauthenticate" or (name.startswith("mfa_") and name not in FREE_VIEWS)
        if (
            guarded
            and request.user.is_authenticated
            and has_second_factor(request.user)
            and not passed_second_factor(request)
        ):
            return _ask_for_factor(request)
        return None


def _refuse_admin(request: HttpRequest) -> HttpResponse | None:
    user = request.user
    if not user.is_staff or not user.has_perm("wagtailadmin.access_admin"):
        raise PermissionDenied(_("This part is for the editors of the site."))
    enrolled = has_second_factor(user)
    if enrolled and passed_second_factor(request):
        return None
    if request.method not in ("GET", "HEAD") or request.headers.get("x-requested-with") == "XMLHttpRequest":
        raise PermissionDenied(_("Confirm your second factor first, then try again."))
    if enrolled:
        return _ask_for_factor(request)
    messages.info(request, _("Editing asks for a second factor. Set it up here once; it takes two minutes."))
    return HttpResponseRedirect(reverse("mfa_activate_totp"))


def _ask_for_factor(request: HttpRequest) -> HttpResponseRedirect:
    """Leads to the page that asks for the code of the app if the person has one, else for the passkey; each leads to
    the other."""
    has_app = is_mfa_enabled(request.user, [Authenticator.Type.TOTP])
    page = reverse("mfa_reauthenticate" if has_app else "mfa_reauthenticate_webauthn")
    back = request.get_full_path() if request.method in ("GET", "HEAD") else reverse("mfa_index")
    return HttpResponseRedirect(f"{page}?{urlencode({'next': back})}")


def count_enrolling_as_passing(sender, request: HttpRequest, user: Any, authenticator: Authenticator, **more) -> None:
    """Whoever sets up a factor has just shown a valid code: this session passed it. Receives allauth's
    `authenticator_added`.

    The session, opened by the password alone, lasts from now on as long as an editor's.
    """
    if authenticator.type in FACTORS:
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type, reauthenticated=True)
        if user.is_staff:
            request.session.set_expiry(settings.EDITOR_SESSION_SECONDS)


def end_sessions_after_removal(sender, instance: Authenticator, **more) -> None:
    """A factor that is gone, whoever took it away, ends every session of its person: one of them may have been stolen
    with the telephone. Receives Django's `post_delete`.
    """
    if instance.type in FACTORS:
        end_sessions_of(instance.user_id)


def forget_in_session(sender, request: PersonRequest, user: Any, authenticator: Authenticator, **more) -> None:
    """The session in which the factor was taken away goes on; after the last one it has passed nothing any more.
    Receives allauth's `authenticator_removed`.
    """
    if authenticator.type in FACTORS:
        keep_session(request)
    if not has_second_factor(user):
        kept = [record for record in get_authentication_records(request, user) if record.get("method") != "mfa"]
        request.session[AUTHENTICATION_METHODS_SESSION_KEY] = kept
