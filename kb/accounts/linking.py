"""Links that act: opening one only shows a page; the token of the link goes from the address into the session, and
acting is a POST from the page.

    GET /…/<token>/ ──► token kept in a fresh session, no-referrer, no-store, noindex ──► GET /…/ (the page, nothing secret in its address) ──► POST /…/

The session key changes when a token is kept: whoever had planted a session in this browser does not read it there. (A
page with the token in its address and `Referrer-Policy: no-referrer` could not POST: browsers then send `Origin: null`,
which Django rightly refuses.)
"""  # noqa: E501

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps

from allauth.account import views
from allauth.account.forms import UserTokenForm
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.views.decorators.cache import never_cache

from kb.site.limiting import Budget, network_of, spend, too_many

OPENED_S = 12 * 3600  # of a session that only holds the token of a link


def secret_address(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """For views of a link with a token: nothing of it is kept by caches,
    told to other sites or found by search engines.
    """

    @never_cache
    @wraps(view)
    def wrapped(request: HttpRequest, *args, **kwargs) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response.headers["Cache-Control"] = "no-store, private"
        response.headers.setdefault("Referrer-Policy", "no-referrer" if kwargs.get("token") else "same-origin")
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return wrapped


def fresh_session(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponseBase]:
    """For allauth's view of a link to a new password, which keeps the token in the session itself:
    in one that nobody planted.
    """

    @secret_address
    @wraps(view)
    def wrapped(request: HttpRequest, uidb36: str, key: str) -> HttpResponse:
        makes_session = key != views.PasswordResetFromKeyView.reset_url_key and _is_good(uidb36, key)
        if makes_session and not _may_open(request, key):
            return too_many(request)
        response = view(request, uidb36=uidb36, key=key)
        if response.status_code == 302 and request.method == "GET":
            _begin_anew(request)
            response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return wrapped


def keep_token(request: HttpRequest, purpose: str, token: str, page: str) -> HttpResponse:
    """Puts the token of a link into the session and leads to its page."""
    if not _may_open(request, token):
        return too_many(request)
    request.session[_key(purpose)] = token
    _begin_anew(request)
    return HttpResponseRedirect(page)


def _begin_anew(request: HttpRequest) -> None:
    """A new key for the session; one of nobody lasts for a day's work with the link, not for two weeks."""
    request.session.cycle_key()
    if not request.user.is_authenticated:
        request.session.set_expiry(OPENED_S)


def _is_good(uidb36: str, key: str) -> bool:
    """Whether a link to a new password makes a session; an invented one makes none and counts for nobody. One query."""
    return UserTokenForm(data={"uidb36": uidb36, "key": key}).is_valid()


def _may_open(request: HttpRequest, token: str) -> bool:
    """Counts the opening of a link that exists, for the link and, past its first times, for the place it comes from: a
    browser that keeps no cookie makes a session each time.

    So what others at the same place open keeps nobody from a link of their own.
    """
    link = Budget("link", mark_of(token))
    if spend(Budget("link_first", link.key)) is not None:
        return spend(link) is not None
    return spend(link, Budget("link_place", network_of(request))) is not None


def kept_token(request: HttpRequest, purpose: str) -> str:
    """The token of the link that was opened in this browser; "" when none was."""
    return request.session.get(_key(purpose), "")


def forget_token(request: HttpRequest, purpose: str) -> None:
    request.session.pop(_key(purpose), None)


def mark_of(key: str) -> str:
    """What a page carries ("of") to say of which link it is, and from which its token or key cannot be read:
    16 hexadecimal digits.
    """
    return hashlib.sha256(f"accounts.link:{key}".encode()).hexdigest()[:16]


def is_of(request: HttpRequest, key: str) -> bool:
    """Whether the page that posts is the one of this key, not of another link that was opened, or planted,
    in the same browser before.
    """
    return request.POST.get("of", mark_of(key)) == mark_of(key)


def _key(purpose: str) -> str:
    return f"accounts.link.{purpose}"
