"""Erasing a person: everything that says who it was goes, in one transaction; a row with a number stays, so that what
is counted stays true.

Each kind of personal data says itself what it takes away (`personal`). Names on references are bibliography and stay;
so do texts that editors
published and that name the person: those are listed in the outcome, for a person to decide.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from wagtail.log_actions import log

from kb.accounts.addresses import own_addresses
from kb.accounts.models import User
from kb.accounts.noting import note
from kb.accounts.personal_data import registry
from kb.accounts.personal_data.scrubbing import Identity

ERASED = "accounts.erase"
EXPORTED = "accounts.export"


class NotErased(Exception):
    """Why this account cannot be erased now, as a sentence for people."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was done: rows changed by kind, and titles of published texts that still name the person."""

    rows: dict[str, int]
    still_named: tuple[str, ...]


def refusal(user: Any) -> str:
    """Why this account cannot be erased, in the language of the request; "" when it can."""
    if not user.is_superuser:
        return ""
    if User.objects.filter(is_superuser=True, is_active=True, erased_at=None).exclude(pk=user.pk).exists():
        return ""
    return _("This is the only account that manages log-ins. Make another person editor-in-chief first, then erase it.")


def identity_of(user: Any) -> Identity:
    """By which words the person is known anywhere: addresses of the account and those mail went to, the name,
    the phone.
    """
    found = {user.email.lower()}
    for kind in registry.kinds():
        if kind.traces is not None:
            found.update(word.lower() for word in kind.traces(user))
    proven = {user.email.lower(), *(row.email.lower() for row in own_addresses(user) if row.verified)}
    return Identity(user.pk, tuple(sorted(found)), user.name, user.phone, tuple(sorted(proven)))


def erase(user: Any, *, by: Any) -> Erasure:
    """Erases the person. `by` is who asked (the person, an editor, None for the clock); it is written down with the
    number of the account.

    Safe to be killed in, and to do twice. Raises NotErased for the last editor-in-chief.
    """
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user.pk)
        if user.erased_at:
            return Erasure({}, ())
        if reason := refusal(user):
            raise NotErased(reason)
        identity = identity_of(user)
        _become_a_number(user, identity)
        # Last those that look through texts: what the others changed or wrote must not bring a name back.
        kinds = sorted(registry.kinds(), key=lambda kind: (kind.looks_through_texts, kind.order))
        still_named: dict[str, None] = {}
        rows = {}
        for kind in kinds:
            if kind.erase is not None:
                rows[kind.name] = kind.erase(user, identity)
        for kind in kinds:
            if kind.still_named is not None:
                still_named.update(dict.fromkeys(kind.still_named(identity)))
        user.refresh_from_db()
        note("account erased", user)
        log(user, ERASED, user=by if by is not None and by.pk != user.pk else None)
        transaction.on_commit(lambda: _note(user), robust=True)
    return Erasure(rows, tuple(still_named))


def _become_a_number(user: User, identity: Identity) -> None:
    """Past `User.save`, which would keep an address beside the row."""
    user.groups.clear()
    user.user_permissions.clear()
    User.objects.filter(pk=user.pk).update(
        email=identity.address,
        name="",
        phone="",
        password="!" + get_random_string(40),  # no password fits, and no link to choose one that was sent before
        is_active=False,
        is_staff=False,
        is_superuser=False,
        shares_contact=False,
        language="fr",
        digest_frequency="never",
        digest_sent_at=None,
        session_salt=get_random_string(32),
        last_login=None,
        retention_warned_at=None,
        erased_at=timezone.now(),
    )


# After a backup was put back: who was erased since is in the database again


def erase_again() -> int:
    """Erases anew whoever was erased here and is there again; gives how many.

    The list holds numbers and days, nothing that says who it was.
    """
    again = 0
    for pk, joined in _noted():
        user = User.objects.filter(pk=pk, date_joined=joined, erased_at=None).first()
        if user is not None:
            with suppress(NotErased):
                erase(user, by=None)
                again += 1
    return again


def list_of_erased() -> Path:
    """Beside the database, in no backup: so a restore leaves it as it is."""
    return Path(settings.VAR_DIR) / "erased.txt"


def _note(user: User) -> None:
    """One line in one write, so that two processes do not mix theirs."""
    with list_of_erased().open("ab") as file:
        file.write(f"{user.pk} {user.date_joined.isoformat()}\n".encode())
        file.flush()
        os.fsync(file.fileno())


def _noted() -> Iterator[tuple[int, datetime]]:
    with suppress(FileNotFoundError), list_of_erased().open() as file:
        noted = {line.strip() for line in file if line.strip()}
        for pk, joined in (line.split(" ", 1) for line in sorted(noted)):
            yield int(pk), datetime.fromisoformat(joined)
