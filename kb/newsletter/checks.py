"""System checks: the settings of the newsletter make a message that can be sent,
so that no sending stops at its first.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks

from kb.newsletter.message.encoding import Sender, link_of


@checks.register(checks.Tags.compatibility)
def check_settings(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Who sends, who is answered and where messages come back to are addresses; the address of the site is one too."""
    named = {
        "NEWSLETTER_FROM" if settings.NEWSLETTER_FROM else "DEFAULT_FROM_EMAIL": settings.NEWSLETTER_FROM
        or settings.DEFAULT_FROM_EMAIL,
        "NEWSLETTER_REPLY_TO": settings.NEWSLETTER_REPLY_TO,
        "NEWSLETTER_BOUNCES": settings.NEWSLETTER_BOUNCES,
    }
    found: list[checks.CheckMessage] = [
        checks.Error(
            f"{name}, {value!r}, is no address.", hint="Write it like CASS <echos@host.example>.", id="newsletter.E001"
        )
        for name, value in named.items()
        if value and not _is_address(value)
    ]
    try:
        link_of(settings.WAGTAILADMIN_BASE_URL)
    except ValueError:
        hint = (
            "Write the whole address of the site, with http:// or https://, in ASCII: links of messages begin with it."
        )
        found.append(
            checks.Error(
                f"WAGTAILADMIN_BASE_URL, {settings.WAGTAILADMIN_BASE_URL!r}, is no address.",
                hint=hint,
                id="newsletter.E002",
            )
        )
    return found


def _is_address(value: str) -> bool:
    try:
        return bool(Sender(value).header)
    except ValueError:
        return False
