"""Messages to one subscriber about their subscription: words in templates/newsletter/email/<name>_subject.txt and
_message.txt.

They carry no list headers: they are answers, not issues. The issue itself is `message.content`'s affair.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils.translation import override


def written(email: str, name: str, context: Mapping[str, Any], *, language: str, in_bulk: bool = False) -> EmailMessage:
    """The message, of the kind "newsletter.<name>"; `.send()` posts it with the transaction in progress."""
    words = {"site_name": settings.SITE_NAME, **context}
    with override(language):
        subject = " ".join(render_to_string(f"newsletter/email/{name}_subject.txt", words).split())
        body = render_to_string(f"newsletter/email/{name}_message.txt", words).strip()
    reply_to = [settings.NEWSLETTER_REPLY_TO] if settings.NEWSLETTER_REPLY_TO else None
    headers = {"Auto-Submitted": "auto-generated", "Content-Language": language}
    message = EmailMessage(subject, body, settings.NEWSLETTER_FROM or None, [email], reply_to=reply_to, headers=headers)
    message.kind, message.in_bulk = f"newsletter.{name}", in_bulk  # type: ignore[attr-defined]
    return message
