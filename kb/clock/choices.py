"""Fixed sets of the clock's room."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class MailState(models.TextChoices):
    """waiting ──► sent; waiting ──► (a refusal that may pass) waiting, later ──► failed; waiting ──► (a refusal for good) failed."""  # noqa: E501

    WAITING = "waiting", _("Waiting")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
