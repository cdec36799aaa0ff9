"""Words that only the site itself can read again: what a message says while it waits in the database, where backups and
administrators pass.

The key comes out of SECRET_KEY; what an older key sealed opens as long as that key is among SECRET_KEY_FALLBACKS.
"""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac

_SALT = "kb.clock.sealing"


class CannotOpen(Exception):
    """Sealed with a key that is gone, or damaged."""


def seal(content: bytes) -> bytes:
    """A third longer than the content."""
    return _keys().encrypt(content)


def unseal(sealed: bytes) -> bytes:
    """Raises CannotOpen."""
    try:
        return _keys().decrypt(bytes(sealed))
    except InvalidToken as error:
        raise CannotOpen from error


def _keys() -> MultiFernet:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet(
        [
            Fernet(base64.urlsafe_b64encode(salted_hmac(_SALT, "", secret=one, algorithm="sha256").digest()))
            for one in secrets
        ]
    )
