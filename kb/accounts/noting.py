"""Who came in and who did not, what became of second factors and of rights: a line each in the log of the site, people
by their number.

    password failed account=17 place=4f2a91c07d
    log-in account=17 way=password,mfa place=4f2a91c07d
    library.referencefile changed id=12 audiences=members→public by=3 place=88b01e6a42

An address that is nobody's and the network are keyed hashes: lines of the same are seen to be of the same, and say no
more. A line is written when the thing is done, also where what surrounds it is undone afterwards.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.core import context
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.db.models.signals import post_delete, post_init, post_save
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from kb.site.limiting import network_of

logger = logging.getLogger("kb.security")


def note(event: str, account: Any = None, /, **more: Any) -> None:
    """Writes a line. account: a person, or the number of one; more: words and numbers that name nobody.

    Who did it and from where is added.
    """
    request = context.request
    parts = [event]
    number = getattr(account, "pk", account)
    if number is not None:
        parts.append(f"account={number}")
    parts += [f"{name}={value}" for name, value in more.items() if value not in ("", None)]
    if request is not None:
        actor = getattr(getattr(request, "_cached_user", None), "pk", None)
        parts += [f"by={actor}"] if actor not in (None, number) else []
        parts.append(f"place={_place(request)}")
    logger.info(" ".join(parts))


def note_address(event: str, person: Any, email: str, /, **more: Any) -> None:
    """Notes an event about an address that was typed, which may be nobody's."""
    if person is not None:
        note(event, person, **more)
    else:
        note(event, None, address=hidden(email.strip().lower()), **more)


def note_log_in(request: HttpRequest, person: Any) -> None:
    ways = dict.fromkeys(record.get("method", "") for record in get_authentication_records(request, person))
    note("log-in", person, way=",".join(ways))


def hidden(value: str) -> str:
    """A keyed hash of ten signs."""
    return salted_hmac("kb.accounts.noting", value, algorithm="sha256").hexdigest()[:10]


def _place(request: HttpRequest) -> str:
    try:
        return hidden(network_of(request))
    except PermissionDenied:  # where it comes from is not known
        return "unknown"


# What changes in rows


def watch(model: type[Model], names: Sequence[str], *, account: str = "", since_made: bool = True) -> None:
    """Notes when one of these fields of a row changes by a save, and when a row comes or goes; `account` is the field
    that holds whose it is.

    since_made: False where only changes count. Updates of many rows at once (`QuerySet.update`) note for themselves.
    """
    attribute = f"_noted_{'_'.join(names)}"
    label = model._meta.label_lower

    def read(row: Any) -> tuple:
        return tuple(_value(row.__dict__.get(name, _UNREAD)) for name in names)

    def keep(sender: Any, instance: Any, **more: Any) -> None:
        setattr(instance, attribute, read(instance))

    def told(event: str, row: Any, changes: dict[str, str]) -> None:
        note(f"{label} {event}", getattr(row, account) if account else None, id=row.pk, **changes)

    def compare(sender: Any, instance: Any, created: bool = False, raw: bool = False, **more: Any) -> None:
        before, now = getattr(instance, attribute, ()), read(instance)
        setattr(instance, attribute, now)
        if created:
            if since_made:
                told("made", instance, dict(zip(names, now, strict=True)))
            return
        both = zip(names, before, now, strict=True) if before else ()
        changes = {name: f"{was}→{has}" for name, was, has in both if was != has and _UNREAD not in (was, has)}
        if changes:
            told("changed", instance, changes)

    def gone(sender: Any, instance: Any, **more: Any) -> None:
        told("gone", instance, dict(zip(names, read(instance), strict=True)))

    post_init.connect(keep, sender=model, weak=False, dispatch_uid=f"{attribute}.{label}.keep")
    post_save.connect(compare, sender=model, weak=False, dispatch_uid=f"{attribute}.{label}.compare")
    if since_made:
        post_delete.connect(gone, sender=model, weak=False, dispatch_uid=f"{attribute}.{label}.gone")


_UNREAD = "?"


def _value(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, (list, tuple, set, frozenset)) else str(value)


# What allauth and Django tell


def factor_added(sender: Any, request: HttpRequest, user: Any, authenticator: Any, **more: Any) -> None:
    note(
        "recovery codes made" if authenticator.type == "recovery_codes" else "second factor added",
        user,
        kind=authenticator.type,
    )


def factor_removed(sender: Any, request: HttpRequest, user: Any, authenticator: Any, **more: Any) -> None:
    note("second factor removed", user, kind=authenticator.type)


def factor_used(sender: Any, request: HttpRequest, user: Any, authenticator: Any, **more: Any) -> None:
    note("second factor used", user, kind=authenticator.type)


def factor_failed(sender: Any, request: HttpRequest, user: Any, authenticator: Any, **more: Any) -> None:
    note("second factor failed", user, kind=authenticator.type)


def password_chosen(sender: Any, request: HttpRequest, user: Any, **more: Any) -> None:
    note("password chosen", user)


def logged_out(sender: Any, request: HttpRequest, user: Any, **more: Any) -> None:
    if user is not None:
        note("log-out", user)


def groups_changed(sender: Any, instance: Any, action: str, pk_set: Any, reverse: bool, **more: Any) -> None:
    """Groups and permissions of a person, from either side of the table."""
    if not action.startswith("post_"):
        return
    kind = sender._meta.label_lower.rpartition("_")[2]
    people = sorted(pk_set or ()) if reverse else [instance.pk]
    others = [instance.pk] if reverse else sorted(pk_set or ())
    for number in people:
        note(f"{kind} {action.removeprefix('post_')}", number, ids=",".join(map(str, others)))


def connect() -> None:
    """Called once, from `apps.py`."""
    from allauth.account import signals as account
    from allauth.mfa import signals as mfa
    from django.contrib.auth.signals import user_logged_out
    from django.db.models.signals import m2m_changed

    mfa.authenticator_added.connect(factor_added)
    mfa.authenticator_reset.connect(factor_added)
    mfa.authenticator_removed.connect(factor_removed)
    mfa.authenticator_used.connect(factor_used)
    mfa.authentication_failed.connect(factor_failed)
    for signal in (account.password_changed, account.password_set, account.password_reset):
        signal.connect(password_chosen)
    user_logged_out.connect(logged_out)
    user = get_user_model()
    for through in (user.groups.through, user.user_permissions.through):
        m2m_changed.connect(groups_changed, sender=through)
    watch(user, ("is_active", "is_staff", "is_superuser"), account="pk")
