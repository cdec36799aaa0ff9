"""How allauth behaves here: no sign-up, mail in the reader's language,
confirmation by the strongest factor there is.
"""

from __future__ import annotations

import secrets
import time
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

from kb.accounts import noting
from kb.accounts.addresses import find_person
from kb.accounts.login import admitting
from kb.accounts.sessions import recognising
from kb.accounts.sessions.second_factor import has_second_factor
from kb.accounts.writing import address_of
from kb.languages import LANGUAGES


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _(
            "This address and this password do not go together. Check both, or ask for a new password."
        ),
        "too_many_login_attempts": _(
            "Too many attempts. Wait five minutes, then try again. If that does not help, ask for "
            "a new password: with it you come in at once."
        ),
        "incorrect_password": _("This is not your password. Try again, or log out and ask for a new one."),
        "rate_limited": _("Too many attempts. Wait a few minutes, then try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return first_page(request.user)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account_index")

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        return _home()

    def login(self, request: HttpRequest, user: Any) -> None:
        super().login(request, user)
        noting.note_log_in(request, user)
        recognising.remember(request, user)
        # None: as long as any session, however short the one was in which the log-in began.
        request.session.set_expiry(settings.EDITOR_SESSION_SECONDS if user.is_staff else None)

    def post_login(self, request: HttpRequest, user: Any, **more: Any) -> HttpResponse:
        """Addresses that say no language ("/", "/admin/", "/r/…") open in the person's from now on."""
        response = super().post_login(request, user, **more)
        remember_language(response, user.language)
        return response

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """The person with this address and password: main addresses and proven further ones count; one that was only
        asked for opens nothing.

        Counted by `admitting`, not by allauth's "login_failed", before it is looked at; what was right counts no
        longer. What must not be looked at for the person takes the same way, with a password that is nobody's: its
        answer and its time are those of a wrong one.
        """
        email = credentials.get("email", "")
        attempt = admitting.try_password(request, email)
        if attempt is None:
            noting.note_address("password not looked at", find_person(email), email)
            raise self.validation_error("too_many_login_attempts")
        if not attempt.is_looked_at:
            credentials["password"] = secrets.token_urlsafe(20)
        user, person = super().authenticate(request, **credentials), find_person(email)
        if person is None or user is None or user.pk != person.pk:
            noting.note_address("password failed" if attempt.is_looked_at else "password not looked at", person, email)
            return None
        attempt.give_back()
        return user

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        admitting.forget_passwords(request, credentials.get("email", ""))

    def is_reauthentication_required(self, *, app: str, **kwargs) -> bool:
        """Not again within minutes of logging in; whoever has a second factor must have passed it,
        a password alone is not enough.
        """
        request = context.request
        records = get_authentication_records(request, request.user)
        if has_second_factor(request.user):
            records = [record for record in records if record.get("method") == "mfa"]
        return not any(time.time() - record["at"] < app_settings.REAUTHENTICATION_TIMEOUT for record in records)

    def get_reauthentication_methods(self, user: Any) -> list[dict]:
        methods = super().get_reauthentication_methods(user)
        stronger = [method for method in methods if method["id"] != "reauthenticate"]
        if not is_mfa_enabled(user, [Authenticator.Type.TOTP]):
            stronger.sort(key=lambda method: method["id"] == "mfa_reauthenticate")  # recovery codes alone come last
        return stronger or methods

    def send_password_reset_mail(self, user: Any, email: str, context: dict[str, Any]) -> None:
        """The link leads to the page in the language of the person, at the site's own address:
        the request may name another host.
        """
        link = address_of("account_reset_password_from_key", context["uid"], context["key"], language=user.language)
        super().send_password_reset_mail(user, email, {**context, "password_reset_url": link})

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """In the language of the person when known, else in that of the page."""
        user = context.get("user")
        language = getattr(user, "language", None) or get_language()
        with override(language if language in LANGUAGES else settings.LANGUAGE_CODE):
            message = self.render_mail(
                template_prefix, email, {"email": email, "site_name": settings.SITE_NAME, **context}
            )
        # type: ignore[attr-defined]
        message.kind, message.user = f"accounts.{template_prefix.rpartition('/')[2]}", user
        message.send()

    def send_notification_mail(
        self, template_prefix: str, user: Any, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        super().send_notification_mail(template_prefix, user, {**(context or {}), "user": user}, email)


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _(
            "This code does not fit. Codes change every 30 seconds: wait for the next one and type it."
        ),
    }

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": settings.SITE_NAME}

    def generate_authenticator_name(self, user: Any, type: Authenticator.Type) -> str:
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return _("Passkey %(number)d") % {"number": number}

    def get_totp_issuer(self) -> str:
        return settings.SITE_NAME


def first_page(user: Any) -> str:
    """Where somebody who has just come in begins, in the language of the moment: the admin, or the members' home."""
    if user.is_staff:
        return reverse("wagtailadmin_home")
    try:
        return reverse("home:members")
    except NoReverseMatch:
        return _home()


def remember_language(response: HttpResponse, language: str) -> None:
    """Django's own cookie of the language, for addresses that do not say one."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=365 * 24 * 3600,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
    )


def _home() -> str:
    return reverse("wagtail_serve", args=[""])
