"""Sessions as rows that say whose they are, so that those of one person are found without opening all others.

Django's own way of keeping sessions in the database, with one column more; what ends them is in `sessions.ending`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils.http import base36_to_int

_BEGUN = "account_login"  # where allauth keeps a log-in between password and code


class UserSession(AbstractBaseSession):
    """An open session. account: the number of whoever is logged in, or has given the right password and not yet the
    code; None for one in which nobody is. A number only: a row that led to a person could refuse to be saved.
    """

    account = models.BigIntegerField(null=True, db_index=True)

    class Meta(AbstractBaseSession.Meta):
        pass

    @classmethod
    def get_session_store_class(cls) -> type[SessionStore]:
        return SessionStore


class SessionStore(db.SessionStore):
    """The name is Django's, and part of the key that signs what a session holds."""

    @classmethod
    def get_model_class(cls) -> type[UserSession]:
        return UserSession

    def create_model_instance(self, data: dict[str, Any]) -> UserSession:
        row = super().create_model_instance(data)
        assert isinstance(row, UserSession)  # as `get_model_class` says
        row.account = account_of(data)
        return row


def account_of(data: Mapping[str, Any]) -> int | None:
    """The number of the account a session is, or is becoming, that of."""
    logged_in, begun = data.get(SESSION_KEY), (data.get(_BEGUN) or {}).get("user_pk")
    try:
        return int(logged_in) if logged_in else base36_to_int(begun) if begun else None
    except (TypeError, ValueError):
        return None
