"""A message to one person about their account, in their language.

Its words are in templates/account/email, its way the mail backend's affair.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import override


def write(email: str, template: str, context: Mapping[str, Any], *, user: Any, language: str | None = None) -> None:
    """Sends templates/account/email/<template>_subject.txt and _message.txt to this address, in `language` or that of
    the person.

    `user` is whose account it is about. The message is of the kind "accounts.<template>". Leaves with the transaction
    in progress.
    """
    words = {"site_name": settings.SITE_NAME, "user": user, **context}
    with override(language or user.language):
        subject = " ".join(render_to_string(f"account/email/{template}_subject.txt", words).split())
        body = render_to_string(f"account/email/{template}_message.txt", words).strip()
    message = EmailMessage(subject, body, to=[email])
    message.kind, message.user = f"accounts.{template}", user  # type: ignore[attr-defined]
    message.send()


def address_of(name: str, *arguments: str, language: str) -> str:
    """The whole address of a page, in this language, as it stands in a message."""
    with override(language):
        return f"{settings.WAGTAILADMIN_BASE_URL.rstrip('/')}{reverse(name, args=arguments)}"
