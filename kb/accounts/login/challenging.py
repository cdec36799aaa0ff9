"""The challenge of a log-in by passkey, kept by the browser that asked for it until it answers: a signed cookie, for
five minutes. So nothing is written for whoever only asks.

allauth keeps it in the session, where it stands for the time of one request here. A challenge is answered once: that
one was is kept beside the counts of attempts until it would have ended anyway.
"""

from __future__ import annotations

from typing import Any

from allauth.mfa.webauthn.internal.auth import STATE_SESSION_KEY
from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

SALT = "kb.accounts.login.challenge"
KEPT_S = 300
_LONGEST = 1_000  # characters of such a cookie: ours have some two hundred


def give(request: HttpRequest, response: HttpResponse) -> None:
    """Puts the challenge that the session holds into the cookie of this answer instead."""
    state = request.session.pop(STATE_SESSION_KEY, None)
    if state is not None:
        response.set_cookie(
            settings.CHALLENGE_COOKIE_NAME,
            signing.dumps(state, salt=SALT),
            max_age=KEPT_S,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )


def take_back(request: HttpRequest) -> None:
    """Puts the challenge of the cookie into the session, for this request: none where there is none of ours, it is too
    old, or was answered before.
    """
    state = _kept(request.COOKIES.get(settings.CHALLENGE_COOKIE_NAME, ""))
    if state is not None:
        request.session[STATE_SESSION_KEY] = state


def forget(request: HttpRequest, response: HttpResponse) -> None:
    """After an answer: it is in no session and in no browser any more."""
    request.session.pop(STATE_SESSION_KEY, None)
    if settings.CHALLENGE_COOKIE_NAME in request.COOKIES:
        response.delete_cookie(settings.CHALLENGE_COOKIE_NAME, samesite="Lax")


def _kept(cookie: str) -> dict[str, Any] | None:
    try:
        state = signing.loads(cookie[:_LONGEST], salt=SALT, max_age=KEPT_S)
    except signing.BadSignature:
        return None
    answered = salted_hmac(SALT, cookie, algorithm="sha256").hexdigest()[:40]
    return state if cache.add(f"accounts.challenge:{answered}", True, timeout=KEPT_S) else None
