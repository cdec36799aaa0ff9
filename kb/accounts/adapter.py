"""How allauth behaves here: no sign-up, mail in the reader's language, confirmation by the strongest factor there is."""

from __future__ import annotations

import time
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

from kb.accounts.second_factor import has_second_factor
from kb.languages import LANGUAGES


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("This address and this password do not go together. Check both, or ask for a new password."),
        "too_many_login_attempts": _("Too many attempts. Wait five minutes, then try again, or ask for a new password."),
        "incorrect_password": _("This is not your password. Try again, or log out and ask for a new one."),
        "rate_limited": _("Too many attempts. Wait a few minutes, then try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return reverse("wagtailadmin_home") if request.user.is_staff else _home()

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        return _home()

    def login(self, request: HttpRequest, user: Any) -> None:
        super().login(request, user)
        if user.is_staff:
            request.session.set_expiry(settings.EDITOR_SESSION_SECONDS)

    def is_reauthentication_required(self, *, app: str, **kwargs) -> bool:
        """Not again within minutes of logging in; whoever has a second factor must have passed it, a password alone is not enough."""
        request = context.request
        records = get_authentication_records(request, request.user)
        if has_second_factor(request.user):
            records = [record for record in records if record.get("method") == "mfa"]
        return not any(time.time() - record["at"] < app_settings.REAUTHENTICATION_TIMEOUT for record in records)

    def get_reauthentication_methods(self, user: Any) -> list[dict]:
        methods = super().get_reauthentication_methods(user)
        stronger = [method for method in methods if method["id"] != "reauthenticate"]
        return stronger or methods

    def send_password_reset_mail(self, user: Any, email: str, context: dict[str, Any]) -> None:
        """The link, too, leads to the page in the language of the person."""
        with override(user.language):
            link = self.get_reset_password_from_key_url(f"{context['uid']}-{context['key']}")
        super().send_password_reset_mail(user, email, {**context, "password_reset_url": link})

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """In the language of the person when known, else in that of the page."""
        language = getattr(context.get("user"), "language", None) or get_language()
        with override(language if language in LANGUAGES else settings.LANGUAGE_CODE):
            super().send_mail(template_prefix, email, {**context, "site_name": settings.SITE_NAME})

    def send_notification_mail(self, template_prefix: str, user: Any, context: dict[str, Any] | None = None, email: str | None = None) -> None:
        super().send_notification_mail(template_prefix, user, {**(context or {}), "user": user}, email)


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("This code does not fit. Codes change every 30 seconds: wait for the next one and type it."),
    }

    def get_totp_issuer(self) -> str:
        return settings.SITE_NAME


def _home() -> str:
    return reverse("wagtail_serve", args=[""])
