"""Addresses whose erasure was asked for: nothing of them is kept but a keyed hash, by which a list brought in later is
recognised.

Beside the database, in no backup, stand the hashes of who was erased and of who left: putting a backup back brings
neither back (`restoring`).

The key is NEWSLETTER_ADDRESS_KEY; where it is empty SECRET_KEY, and then the keys of SECRET_KEY_FALLBACKS are still
recognised.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from kb.accounts.personal_data.kept_lines import keep_line, kept_lines
from kb.newsletter.choices import SubscriberState
from kb.newsletter.message.addresses import folded
from kb.newsletter.models import ErasedAddress, Subscriber


def hash_of(address: str) -> str:
    """64 hexadecimal digits, the same however the address is capitalised."""
    return _hashed(_keys()[0], address)


def remember(address: str) -> None:
    """Notes that this address asked to be erased: in the database, and beside it,
    where putting a backup back does not undo it.
    """
    row, _made = ErasedAddress.objects.get_or_create(hash=hash_of(address))
    transaction.on_commit(lambda: _note(list_of_erased(), row.hash), robust=True)


def note_left(address: str) -> None:
    """Notes beside the database that this address unsubscribed, once the transaction is committed."""
    transaction.on_commit(lambda: _note(list_of_left(), hash_of(address)), robust=True)


def was_erased(address: str) -> bool:
    """One query."""
    return _rows([address]).exists()


def forget(address: str) -> int:
    """The person came back of their own accord; gives how many hashes went."""
    return _rows([address]).delete()[0]


def list_of_erased() -> Path:
    """Beside the database, in no backup: so a restore leaves it as it is. It holds hashes and moments."""
    return Path(settings.VAR_DIR) / "erased-addresses.txt"


def list_of_left() -> Path:
    """Beside the database too: who unsubscribed, as hashes and moments."""
    return Path(settings.VAR_DIR) / "left-addresses.txt"


def left_since() -> Iterator[Subscriber]:
    """Subscribers whom a backup brought back: they are subscribed although they had left since."""
    noted = _noted(list_of_left())
    for row in Subscriber.objects.filter(state=SubscriberState.ACTIVE).order_by("pk").iterator() if noted else ():
        if any(row.state_at < noted[one] for one in noted.keys() & {_hashed(key, row.email_key) for key in _keys()}):
            yield row


def erase_again(erase: Callable[[Subscriber], None]) -> int:
    """Erases anew whoever a backup brought back, and knows again the hashes it did not have; gives how many rows it
    erased.

    Someone who subscribed after being erased stays.
    """
    noted, back, again = _noted(list_of_erased()), set(), 0
    for row in Subscriber.objects.order_by("pk").iterator() if noted else ():
        hashes = noted.keys() & {_hashed(key, row.email_key) for key in _keys()}
        if any(row.created_at < noted[one] for one in hashes):
            erase(row)
            again += 1
        else:
            back |= hashes
    ErasedAddress.objects.bulk_create([ErasedAddress(hash=one) for one in noted.keys() - back], ignore_conflicts=True)
    return again


def _note(beside: Path, digest: str) -> None:
    keep_line(beside, digest, timezone.now())


def _noted(beside: Path) -> dict[str, datetime]:
    """{hash: its last moment}."""
    return dict(kept_lines(beside, r"[0-9a-f]{64}"))


def _rows(addresses: Iterable[str]):
    return ErasedAddress.objects.filter(hash__in=[_hashed(key, address) for key in _keys() for address in addresses])


def _keys() -> list[str]:
    return (
        [settings.NEWSLETTER_ADDRESS_KEY]
        if settings.NEWSLETTER_ADDRESS_KEY
        else [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    )


def _hashed(key: str, address: str) -> str:
    return hmac.new(b"kb.newsletter.erased\0" + key.encode(), folded(address).encode(), hashlib.sha256).hexdigest()
