"""Fixed sets of the sheets."""

from django.db import models
from django.utils.translation import gettext_lazy as _


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
