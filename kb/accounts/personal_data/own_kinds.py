"""The personal data of the accounts themselves: the account, its second factor, invitations, sessions, attempts to log
in and from where.

What Wagtail keeps of those who edit is in `edited_kinds`; what other domains keep is in theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kb.accounts.models import Invitation, KnownPlace, UserSession
from kb.accounts.personal_data import places, retaining
from kb.accounts.personal_data.registry import (
    ACCOUNTABILITY,
    COORDINATION,
    PEOPLE,
    SECURITY,
    SELF_AND_EDITORS,
    WITH_ACCOUNT,
    Basis,
    PersonalData,
    Row,
    register_personal,
    rows_of,
)
from kb.accounts.personal_data.scrubbing import Identity, in_batches
from kb.accounts.sessions import recognising


def account_row(user: Any) -> Iterator[Row]:
    yield {
        "name": user.name,
        "main_address": user.email,
        "addresses": list(EmailAddress.objects.filter(user=user).order_by("pk").values("email", "verified", "primary")),
        "phone": user.phone,
        "shares_address_and_phone_with_own_groups": user.shares_contact,
        "language": user.language,
        "messages": user.digest_frequency,
        "edits_the_site": user.is_staff,
        "active": user.is_active,
        "since": user.date_joined,
        "last_log_in": user.last_login,
        "last_message": user.digest_sent_at,
        "warned_that_the_account_is_idle": user.retention_warned_at,
    }


def account_in_words(user: Any) -> Iterator[str]:
    yield user.name
    yield from EmailAddress.objects.filter(user=user).order_by("-primary", "pk").values_list("email", flat=True)
    yield user.phone
    yield user.get_language_display()


def erase_addresses(user: Any, identity: Identity) -> int:
    return EmailAddress.objects.filter(user=user).delete()[0]


def authenticator_rows(user: Any) -> Iterator[Row]:
    for one in Authenticator.objects.filter(user=user).order_by("pk"):
        yield {
            "type": one.type,
            "name": one.data.get("name", ""),
            "since": one.created_at,
            "last_used": one.last_used_at,
        }


def erase_authenticators(user: Any, identity: Identity) -> int:
    return Authenticator.objects.filter(user=user).delete()[0]


def erase_invitations(user: Any, identity: Identity) -> int:
    return Invitation.objects.filter(user=user).delete()[0]


def erase_places(user: Any, identity: Identity) -> int:
    return KnownPlace.objects.filter(user=user).delete()[0]


def sessions_of(user: Any) -> Iterator[UserSession]:
    """The open sessions of a person, without a log-in that waits for its code."""
    for session in in_batches(UserSession.objects.filter(account=user.pk, expire_date__gt=timezone.now())):
        if session.get_decoded().get(SESSION_KEY) == str(user.pk):
            yield session


def session_rows(user: Any) -> Iterator[Row]:
    for session in sessions_of(user):
        yield {"ends_at_the_latest": session.expire_date}


def erase_sessions(user: Any, identity: Identity) -> int:
    """Sessions of the person, and those of nobody in which somebody typed the address: only these are looked into."""
    gone = UserSession.objects.filter(account=user.pk).delete()[0]
    for session in in_batches(UserSession.objects.filter(account=None)):
        if identity.everywhere.named_in(str(session.get_decoded())):
            gone += UserSession.objects.filter(pk=session.pk).delete()[0]
    return gone


def register_all() -> None:
    register_personal(
        PersonalData(
            name="accounts.account",
            label=_("Account"),
            what=_(
                "Name, e-mail addresses, phone, language, password (only a fingerprint of it), choices "
                "about messages and about sharing, "
                "dates of the account and of the last log-in"
            ),
            people=PEOPLE,
            purpose=_("Letting people log in, write to them, and know who is in which group"),
            basis=Basis.PUBLIC_TASK,
            basis_words=COORDINATION,
            kept_words=_(
                "Erased after three years without a log-in and without a running mandate, with a "
                "message 30 days before; "
                "after twelve months if the invitation was never used and there was never a mandate"
            ),
            kept=retaining.IDLE_AFTER,
            thin=retaining.retain_accounts,
            seen_by=_(
                "The name: the members. Address and phone: the editors, and the person’s own groups if "
                "the person chose so. Never the public"
            ),
            after_erasure=_("A row with a number and no name, so that the statistics stay true"),
            order=10,
            export=account_row,
            count=lambda user: 1,
            shown=account_in_words,
            erase=erase_addresses,
        )
    )
    register_personal(
        PersonalData(
            name="accounts.second_factor",
            label=_("Second factor"),
            what=_(
                "The secret shared with the authenticator app, passkeys and their names, recovery "
                "codes, date of last use"
            ),
            people=PEOPLE,
            purpose=_("Making sure that a stolen password opens nothing"),
            basis=Basis.LEGAL_OBLIGATION,
            basis_words=SECURITY,
            kept_words=_("Until the person takes it away, at most as long as the account"),
            seen_by=_("Nobody; the person sees that it is there"),
            order=20,
            export=authenticator_rows,
            count=lambda user: Authenticator.objects.filter(user=user).count(),
            shown=lambda user: (
                one.get_type_display() for one in Authenticator.objects.filter(user=user).order_by("pk")
            ),
            erase=erase_authenticators,
        )
    )
    register_personal(
        PersonalData(
            name="accounts.invitations",
            label=_("Invitations"),
            what=_(
                "When an invitation was sent, by whom, until when it was good, when it was used; only "
                "a fingerprint of the link"
            ),
            people=PEOPLE,
            purpose=_("Letting people in without anyone choosing a password for them, and knowing who never came"),
            basis=Basis.PUBLIC_TASK,
            basis_words=COORDINATION,
            kept_words=WITH_ACCOUNT,
            seen_by=SELF_AND_EDITORS,
            order=30,
            erase=erase_invitations,
            **rows_of(
                lambda user: Invitation.objects.filter(user=user).order_by("pk"),
                "made_at",
                "expires_at",
                "used_at",
                "revoked_at",
            ),
        )
    )
    register_personal(
        PersonalData(
            name="accounts.sessions",
            label=_("Open sessions"),
            what=_("That a browser is logged in, and until when; neither its network address nor its kind"),
            people=PEOPLE,
            purpose=_("Staying logged in from one page to the next"),
            basis=Basis.LEGAL_OBLIGATION,
            basis_words=SECURITY,
            kept_words=_("Two weeks at most, twelve hours for editors; ended ones are removed each day"),
            kept=timedelta(seconds=settings.SESSION_COOKIE_AGE),
            thin=retaining.clear_sessions,
            seen_by=SELF_AND_EDITORS,
            order=40,
            export=session_rows,
            erase=erase_sessions,
        )
    )
    register_personal(
        PersonalData(
            name="accounts.attempts",
            label=_("Attempts to log in"),
            what=_("A counter under a fingerprint of the network address, or of the e-mail address that was typed"),
            people=_("Whoever tries to log in"),
            purpose=_("Stopping those who guess passwords"),
            basis=Basis.LEGAL_OBLIGATION,
            basis_words=SECURITY,
            kept_words=_("One day"),
            kept=timedelta(days=1),
            thin=retaining.clear_cache,
            seen_by=_("Nobody"),
            order=50,
        )
    )
    register_personal(
        PersonalData(
            name="accounts.places",
            label=_("Devices and places of log-ins"),
            what=_(
                "That somebody logged in from a browser before (a cookie with a number, for one year) "
                "and from which networks, "
                "each as a fingerprint from which nobody reads it"
            ),
            people=PEOPLE,
            purpose=_("Letting people in who are known there, while strangers try their address elsewhere"),
            basis=Basis.LEGAL_OBLIGATION,
            basis_words=SECURITY,
            kept_words=_("180 days after the last log-in from there; the cookie counts no longer after a new password"),
            kept=recognising.PLACE_KEPT,
            thin=recognising.forget_places,
            seen_by=_("Nobody"),
            order=52,
            erase=erase_places,
            **rows_of(lambda user: KnownPlace.objects.filter(user=user).order_by("pk"), "last_day"),
        )
    )
    register_personal(
        PersonalData(
            name="accounts.requests",
            label=_("Requests about personal data"),
            what=_("That an account was exported or erased, on which day, by which editor; the account by its number"),
            people=PEOPLE,
            purpose=_("Showing that a request was answered"),
            basis=Basis.LEGAL_OBLIGATION,
            basis_words=ACCOUNTABILITY,
            kept_words=_("Two years"),
            kept=retaining.LOG_KEPT,
            due="accounts.retain",
            seen_by=_("The editor-in-chief"),
            after_erasure=_("The number and the day"),
            order=55,
        )
    )
    register_personal(
        PersonalData(
            name="accounts.places_named",
            label=_("Texts that may name an erased person"),
            what=_(
                "After an erasure: in which text of others the name or the telephone number may stand, and a "
                "fingerprint of it, from which nobody reads it; neither name nor number"
            ),
            people=PEOPLE,
            purpose=_("Letting an editor decide whether a text of others names the person, or something else"),
            basis=Basis.LEGAL_OBLIGATION,
            basis_words=_("Right to be erased (GDPR, article 17)"),
            kept_words=_("Until an editor has decided"),
            thin=places.drop_gone,
            seen_by=_("Editors"),
            after_erasure=_("The place, until an editor has decided"),
            order=56,
        )
    )
