"""Log-ins for the demonstration, with a second factor whose secret everybody can read: never where DEBUG is off."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from kb.accounts import addresses, editors
from kb.accounts.models import User

SECRET = "CASSDEMONSTRATIONCASSDEMONSTRATI"


class NotADemonstration(Exception):
    """Raised where DEBUG is off; its text says so to the person."""


def refuse_in_production() -> None:
    if not settings.DEBUG:
        raise NotADemonstration(
            _("Demonstration accounts exist only where DEBUG is on: their passwords and codes are public.")
        )


@transaction.atomic
def make_demonstration_accounts(accounts: Iterable[Mapping[str, Any]], password: str) -> list[User]:
    """The log-ins described by {email, name, language, phone, shares_contact, is_staff, employment: {organisation,
    function},
    mandates: [{body, organisation, role, is_referent, standing}], invited_days_ago}, made or set back to what is
    described.

    body and organisation are codes (organisation may be None), role a value of `MandateRole`. Editors get a TOTP factor
    with the public SECRET.
    Who was invited so many days ago never came: no password, and nothing is sent.
    Raises NotADemonstration where DEBUG is off; Body.DoesNotExist or Organisation.DoesNotExist for an unknown code.
    """
    refuse_in_production()
    return [_make(account, password) for account in accounts]


def _make(account: Mapping[str, Any], password: str) -> User:
    user = User.objects.filter(email=account["email"].lower()).first() or User(email=account["email"])
    user.name, user.language, user.is_active = account.get("name", ""), account.get("language", "fr"), True
    user.phone, user.shares_contact = account.get("phone", ""), account.get("shares_contact", False)
    is_expected = "invited_days_ago" in account
    user.set_password(None if is_expected else password)
    user.save()
    if is_expected:
        _note_invitation(user, timezone.now() - timedelta(days=account["invited_days_ago"]))
    else:
        addresses.prove(user, user.email)
    if account.get("is_staff"):
        editors.join(user)
        give_second_factor(user, SECRET)
    _give_mandates(user, account.get("mandates", ()))
    _give_employment(user, account.get("employment"))
    return user


def _note_invitation(user: User, made_at: datetime) -> None:
    user.invitations.all().delete()
    word = hashlib.sha256(secrets.token_bytes(32)).hexdigest()
    user.invitations.create(
        token_hash=word, made_at=made_at, expires_at=made_at + timedelta(days=settings.INVITATION_DAYS)
    )


def _give_employment(user: User, employment: Mapping[str, str] | None) -> None:
    """Where a person works, in place of what was there."""
    employments, organisations = (
        apps.get_model("directory", "Employment").objects,
        apps.get_model("directory", "Organisation").objects,
    )
    employments.filter(user=user).delete()
    if employment:
        employments.create(
            user=user, organisation=organisations.get(code=employment["organisation"]), function=employment["function"]
        )


def _give_mandates(user: User, mandates: Iterable[Mapping[str, Any]]) -> None:
    body, organisation = apps.get_model("groups", "Body").objects, apps.get_model("directory", "Organisation").objects
    mandate = apps.get_model("groups", "Mandate")
    mandate.objects.filter(user=user).delete()
    for given in mandates:
        employer = organisation.get(code=given["organisation"]) if given.get("organisation") else None
        made = mandate(user=user, body=body.get(code=given["body"]), organisation=employer, role=given["role"])
        made.is_referent = given.get("is_referent", False)
        made.standing = given.get("standing", made.standing)
        made.full_clean()
        made.save()


def give_second_factor(user: User, secret: str) -> None:
    """A TOTP factor with this base32 secret, in place of any other, and recovery codes."""
    Authenticator.objects.filter(user=user).delete()
    TOTP.activate(user, secret)
    RecoveryCodes.activate(user)


def present_code(secret: str, *, now: float | None = None) -> tuple[str, int]:
    """The code of this moment and for how many seconds more it is the newest."""
    moment = int(time.time() if now is None else now)
    period = app_settings.TOTP_PERIOD
    return format_hotp_value(hotp_value(secret, moment // period)), period - moment % period
