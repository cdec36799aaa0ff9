"""Ending the sessions of a person, wherever they are open: for a lost telephone, a stolen cookie, an editor who leaves,
an account that closes.

A session carries a hash of the password and of `User.session_salt`; it is over as soon as either changes (Django
compares them at each request).
"""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest

from kb.accounts.noting import note
from kb.accounts.recognising import remember


def end_sessions(user: Any) -> None:
    """Ends every session of this person. One query."""
    user.session_salt = secrets.token_hex(16)
    user.save(update_fields=["session_salt"])
    note("sessions ended", user)


def end_other_sessions(request: HttpRequest) -> None:
    """Ends every session of whoever asks but the one they ask with, which gets a new key.

    Every other device is a strange one from now on.
    """
    end_sessions(request.user)
    update_session_auth_hash(request, request.user)  # type: ignore[arg-type]
    remember(request, request.user)
