"""Inviting a person: a link by mail with which they choose a password, which proves their address; and who was invited,
who came.

    invite() ──► open ──accept()──► used
                  │ └── a newer one ──► revoked
                  └──── 14 days ──────► expired          unknown: no such token      closed: the account is

Only a hash of the link's token is kept. Its page is in `login.arriving`.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kb.accounts.addresses import prove
from kb.accounts.choices import InvitationState
from kb.accounts.noting import note
from kb.accounts.writing import address_of, write
from kb.site.limiting import may_write

if TYPE_CHECKING:
    from kb.accounts.models import Invitation, User


class CannotInvite(Exception):
    """Raised for a person whose account is closed or erased; its text says so."""


@transaction.atomic
def invite(user: User, *, by: Any = None, language: str | None = None) -> Invitation:
    """Sends this person a link with which they choose a password; links sent before stop working. In their language
    unless `language` is given.

    The message leaves with the transaction in progress. Raises CannotInvite for a closed account. Four queries and the
    mail.
    """
    if not user.is_active or user.erased_at:
        raise CannotInvite(_("The account of %(person)s is closed: open it again first.") % {"person": user})
    revoke(user)
    token = secrets.token_urlsafe(24)  # 192 bits
    expires_at = timezone.now() + timedelta(days=settings.INVITATION_DAYS)
    note("invited", user)
    made = _invitations().create(user=user, token_hash=_hashed(token), made_by=by, expires_at=expires_at)
    language = language or user.language
    link = address_of("account_invitation", token, language=language)
    write(
        user.email,
        "invitation",
        {"link": link, "expires_at": expires_at, "days": settings.INVITATION_DAYS},
        user=user,
        language=language,
    )
    return made


def revoke(user: User) -> int:
    """Makes every open link of this person stop working; gives how many there were."""
    return _invitations().filter(user=user, used_at=None, revoked_at=None).update(revoked_at=timezone.now())


def find(token: str) -> Invitation | None:
    """The invitation whose link holds this token, whatever its state, with its person."""
    return _invitations().filter(token_hash=_hashed(token)).select_related("user").first()


def state_of(invitation: Invitation | None) -> InvitationState:
    """What the link of this invitation can still do."""
    if invitation is None:
        return InvitationState.UNKNOWN
    if not invitation.user.is_active or invitation.user.erased_at:
        return InvitationState.CLOSED
    if invitation.used_at:
        return InvitationState.USED
    if invitation.revoked_at:
        return InvitationState.REVOKED
    return InvitationState.OPEN if invitation.is_open else InvitationState.EXPIRED


@transaction.atomic
def accept(invitation: Invitation, *, password: str, name: str, language: str) -> bool:
    """Gives the person this password, name and language and proves the address; False when the link stopped working
    meanwhile.

    Of two that come at once, one is accepted. Every session the person had ends.
    """
    now = timezone.now()
    here = _invitations().filter(pk=invitation.pk, used_at=None, revoked_at=None, expires_at__gt=now)
    if not here.filter(user__is_active=True, user__erased_at=None).exists() or not here.update(used_at=now):
        return False
    invitation.used_at = now
    user = invitation.user
    user.name, user.language = name, language
    user.set_password(password)
    user.save(update_fields=["name", "language", "password"])
    prove(user, user.email)
    revoke(user)
    note("password chosen", user, way="invitation")
    return True


def ask_again(invitation: Invitation | None) -> None:
    """Sends a new invitation to a person whose link does not work any more; nothing for whoever came already, or has no
    account.

    Nor past a few an hour: whoever holds an old link must not fill the mailbox it went to.
    """
    if invitation is None or not never_came(type(invitation.user).objects.filter(pk=invitation.user_id)).exists():
        return
    if may_write(invitation.user.email, "invitation"):
        invite(invitation.user)


def with_invitation(users: QuerySet) -> QuerySet:
    """Each person with `.invited_at` (the newest, or None), `.invitation_open`, and `.came_at` (first use or last
    log-in, or None). No query more.
    """
    own = _invitations().filter(user=OuterRef("pk"))
    used = own.filter(used_at__isnull=False).order_by("used_at").values("used_at")[:1]
    return users.annotate(
        invited_at=Subquery(own.order_by("-made_at").values("made_at")[:1]),
        invitation_open=Exists(own.filter(used_at=None, revoked_at=None, expires_at__gt=timezone.now())),
        came_at=Coalesce(Subquery(used), F("last_login")),
    )


def invitation_state(user: Any) -> InvitationState:
    """Where the invitation of a person (out of `with_invitation`) stands: NONE, OPEN, EXPIRED or USED ("came", with or
    without one)."""
    if user.came_at:
        return InvitationState.USED
    if user.invitation_open:
        return InvitationState.OPEN
    return InvitationState.EXPIRED if user.invited_at else InvitationState.NONE


def never_came(users: QuerySet) -> QuerySet:
    """The people who may still be invited: active, never logged in, no invitation used."""
    used = Exists(_invitations().filter(user=OuterRef("pk"), used_at__isnull=False))
    return users.filter(Q(last_login=None), ~used, is_active=True, erased_at=None)


def _invitations() -> Any:
    return apps.get_model("accounts", "Invitation").objects


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
