"""Fixed sets of the directory."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class OrganisationKind(models.TextChoices):
    CPAS = "cpas", _("Public welfare centre (CPAS/OCMW)")
    COMMUNE = "commune", _("Municipality")
    ASSOCIATION = "association", _("Association")
    OTHER = "other", _("Other")


class Weekday(models.IntegerChoices):
    """ISO 8601: Monday is 1."""

    MONDAY = 1, _("Monday")
    TUESDAY = 2, _("Tuesday")
    WEDNESDAY = 3, _("Wednesday")
    THURSDAY = 4, _("Thursday")
    FRIDAY = 5, _("Friday")
    SATURDAY = 6, _("Saturday")
    SUNDAY = 7, _("Sunday")


class ImportState(models.TextChoices):
    LOOKING = "looking", _("Being looked through")
    LOOKED = "looked", _("Looked through, nothing written yet")
    WRITING = "writing", _("Being written")
    STOPPED = "stopped", _("Stopped")
    DONE = "done", _("Written")
    FAILED = "failed", _("Could not be read")


class Verdict(models.TextChoices):
    """What a line of a sheet would do."""

    NEW = "new", _("New")
    SAME = "same", _("Same")
    CHANGED = "changed", _("Changed")
    UNCLEAR = "unclear", _("Not understood")
