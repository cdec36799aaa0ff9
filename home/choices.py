"""Fixed choices of the site's own pages."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Place(models.TextChoices):
    """Where the frame links to a page; empty: only its parent and the site map do."""

    NONE = "", _("none")
    CONTACT = "contact", _("contact")
    ACCESSIBILITY = "accessibility", _("accessibility statement")
    PRIVACY = "privacy", _("privacy notice")
