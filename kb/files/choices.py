"""Fixed sets of the files."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    """Where the reading of a version stands."""

    WAITING = "waiting", _("Waiting")
    READ = "read", _("Text read")
    SCAN = "scan", _("Scan without text")
    ENCRYPTED = "encrypted", _("Protected by a password")
    BROKEN = "broken", _("Damaged file")
    TOO_LARGE = "too_large", _("Too large")
    UNSUPPORTED = "unsupported", _("Unknown format")
