"""Ending the sessions of a person, wherever they are open: for a lost telephone, a stolen cookie, an editor who leaves,
an account that closes.

A session carries a hash of the password and of `User.session_salt`; it is over as soon as either changes (Django
compares them at each request).
"""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib.auth import get_user_model, update_session_auth_hash
from django.http import HttpRequest

from kb.accounts.models import User
from kb.accounts.noting import note
from kb.accounts.sessions.recognising import remember


class PersonRequest(HttpRequest):
    """The request of somebody who is logged in: what a view behind `login_required` is given. For annotations."""

    user: User


def end_sessions(user: Any) -> None:
    """Ends every session of this person. One query."""
    user.session_salt = end_sessions_of(user.pk)


def end_sessions_of(user_id: int) -> str:
    """Ends every session of the person with this number; gives their new salt. One query.

    A row of theirs that was read before has the former salt: saved whole, it would open the sessions again.
    """
    salt = secrets.token_hex(16)
    get_user_model().objects.filter(pk=user_id).update(session_salt=salt)
    note("sessions ended", user_id)
    return salt


def end_other_sessions(request: PersonRequest) -> None:
    """Ends every session of whoever asks but the one they ask with."""
    end_sessions(request.user)
    keep_session(request)


def keep_session(request: PersonRequest) -> None:
    """Lets the session of this request, and no other, outlive the end of all sessions of its person; it gets a new key.

    Every other device is a strange one from now on.
    """
    request.user.refresh_from_db(fields=["session_salt"])
    update_session_auth_hash(request, request.user)
    remember(request, request.user)
