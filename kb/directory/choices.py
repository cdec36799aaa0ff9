"""Fixed sets of the directory."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class OrganisationKind(models.TextChoices):
    CPAS = "cpas", _("Public welfare centre (CPAS/OCMW)")
    COMMUNE = "commune", _("Municipality")
    ASSOCIATION = "association", _("Association")
    OTHER = "other", _("Other")
