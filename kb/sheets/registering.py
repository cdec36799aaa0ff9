"""What the sheets say to the clock when the site starts. Which kinds there are is for the domains (`kinds`)."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from kb.clock.registry import register_due
from kb.sheets import bringing_in


def register_all() -> None:
    register_due(
        "sheets.take_up",
        bringing_in.take_up,
        timedelta(seconds=30),
        label=_("Taking up imports that stopped half-way"),
    )
    register_due(
        "sheets.thin",
        bringing_in.thin_sheets,
        timedelta(days=1),
        label=_("Deleting workbooks imported long ago"),
    )
