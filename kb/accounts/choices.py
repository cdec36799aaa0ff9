"""Fixed sets of the accounts."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class DigestFrequency(models.TextChoices):
    """How often the site writes to a person about what happened and what waits, gathered in one message."""

    HOURLY = "hourly", _("Within the hour, gathered")
    DAILY = "daily", _("Once a day, in the morning")
    WEEKLY = "weekly", _("Once a week, on Monday morning")
    NEVER = "never", _("Never: I look on the site")
