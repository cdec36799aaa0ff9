"""Fixed sets of the accounts."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class DigestFrequency(models.TextChoices):
    """How often the site writes to a person about what happened and what waits, gathered in one message."""

    HOURLY = "hourly", _("Within the hour, gathered")
    DAILY = "daily", _("Once a day, in the morning")
    WEEKLY = "weekly", _("Once a week, on Monday morning")
    NEVER = "never", _("Never: I look on the site")


class InvitationState(models.TextChoices):
    """What the link of an invitation can still do, or how far a person came."""

    NONE = "none", _("not invited yet")
    OPEN = "open", _("invited")
    USED = "used", _("came")
    REVOKED = "revoked", _("replaced by a newer one")
    EXPIRED = "expired", _("expired")
    CLOSED = "closed", _("the account is closed")
    UNKNOWN = "unknown", _("unknown")
