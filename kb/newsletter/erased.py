"""Addresses whose erasure was asked for: nothing of them is kept but a keyed hash, by which a list brought in later is recognised.

The key is NEWSLETTER_ADDRESS_KEY; where it is empty SECRET_KEY, and then the keys of SECRET_KEY_FALLBACKS are still recognised.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

from django.conf import settings

from kb.newsletter.addresses import folded
from kb.newsletter.models import ErasedAddress


def hash_of(address: str) -> str:
    """64 hexadecimal digits, the same however the address is capitalised."""
    return _hashed(_keys()[0], address)


def remember(address: str) -> None:
    """Notes that this address asked to be erased."""
    ErasedAddress.objects.get_or_create(hash=hash_of(address))


def was_erased(address: str) -> bool:
    """One query."""
    return _rows([address]).exists()


def forget(address: str) -> int:
    """The person came back of their own accord; gives how many hashes went."""
    return _rows([address]).delete()[0]


def _rows(addresses: Iterable[str]):
    return ErasedAddress.objects.filter(hash__in=[_hashed(key, address) for key in _keys() for address in addresses])


def _keys() -> list[str]:
    return [settings.NEWSLETTER_ADDRESS_KEY] if settings.NEWSLETTER_ADDRESS_KEY else [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]


def _hashed(key: str, address: str) -> str:
    return hmac.new(b"kb.newsletter.erased\0" + key.encode(), folded(address).encode(), hashlib.sha256).hexdigest()
