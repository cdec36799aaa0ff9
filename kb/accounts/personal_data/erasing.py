"""Erasing a person: everything that says who it was goes, in one transaction; a row with a number stays, so that what
is counted stays true.

Each kind of personal data says itself what it takes away (`personal`). Names on references are bibliography and stay;
so does what others wrote or published and what may name the person: that is listed for an editor to decide (`places`).
"""

from __future__ import annotations

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

from kb.accounts.addresses import own_addresses, people_by_address
from kb.accounts.models import NamedPlace, User
from kb.accounts.noting import note
from kb.accounts.personal_data import places, registry
from kb.accounts.personal_data.kept_lines import keep_line, kept_lines
from kb.accounts.personal_data.scrubbing import Identity

ERASED = "accounts.erase"
EXPORTED = "accounts.export"


class NotErased(Exception):
    """Why this account cannot be erased now, as a sentence for people."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was done: rows changed by kind, titles of published texts that still name the person, and how many places
    in all wait for an editor.
    """

    rows: dict[str, int]
    still_named: tuple[str, ...] = ()
    to_look_at: int = 0


def refusal(user: Any) -> str:
    """Why this account cannot be erased, in the language of the request; "" when it can."""
    if not user.is_superuser:
        return ""
    if User.objects.filter(is_superuser=True, is_active=True, erased_at=None).exclude(pk=user.pk).exists():
        return ""
    return _("This is the only account that manages log-ins. Make another person editor-in-chief first, then erase it.")


def identity_of(user: Any) -> Identity:
    """The words by which the person is known: the main address (given by an editor or proven), proven further
    ones, former main ones, the name, the phone.

    An address that the person only asked for, or that is somebody else's by now, is none of theirs.
    """
    proven = {user.email.lower(), *(row.email.lower() for row in own_addresses(user) if row.verified)}
    former = {word.lower() for kind in registry.KINDS if kind.traces is not None for word in kind.traces(user)}
    owners = people_by_address(proven | former)
    theirs = {address for address in proven | former if owners.get(address, user).pk == user.pk}
    return Identity(
        user.pk,
        tuple(sorted(theirs)),
        user.name,
        user.phone,
        tuple(sorted(proven & theirs)),
        is_a_thing=any(kind.stands_in(user.name) for kind in registry.KINDS if kind.stands_in is not None),
    )


def erase(user: Any, *, by: Any) -> Erasure:
    """Erases the person. `by` is who asked (the person, an editor, None for the clock); it is written down with the
    number of the account.

    Safe to be killed in, and to do twice. Raises NotErased for the last editor-in-chief.
    """
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user.pk)
        if user.erased_at:
            return Erasure({})
        if reason := refusal(user):
            raise NotErased(reason)
        identity = identity_of(user)
        _become_a_number(user, identity)
        # Last those that look through texts: what the others changed or wrote must not bring a name back.
        kinds = sorted(registry.KINDS, key=lambda kind: (kind.looks_through_texts, kind.order))
        still_named: dict[str, None] = {}
        rows = {}
        for kind in kinds:
            if kind.erase is not None:
                rows[kind.name] = kind.erase(user, identity)
        for kind in kinds:
            if kind.still_named is not None:
                for thing in kind.still_named(identity):
                    places.note_published(thing, identity)
                    still_named[str(thing)] = None
        user.refresh_from_db()
        note("account erased", user)
        log(user, ERASED, user=by if by is not None and by.pk != user.pk else None)
        transaction.on_commit(lambda: _note(user), robust=True)
    return Erasure(rows, tuple(still_named), NamedPlace.objects.filter(user=user).count())


def _become_a_number(user: User, identity: Identity) -> None:
    """Empties the row of the account, by an update: `User.save` would write an address for allauth beside it."""
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
    keep_line(list_of_erased(), str(user.pk), user.date_joined)


def _noted() -> list[tuple[int, datetime]]:
    return sorted({(int(pk), joined) for pk, joined in kept_lines(list_of_erased(), r"\d{1,18}")})
