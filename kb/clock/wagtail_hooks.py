"""The clock on the admin's home: when it and the worker last ran, with a warning once they have been silent for ten minutes."""

from __future__ import annotations

from wagtail import hooks
from wagtail.admin.ui.components import Component

from kb.clock.health import LABELS, clock_last_ran, is_quiet, worker_last_seen


class ClockPanel(Component):
    name = "clock"
    template_name = "clock/home_panel.html"
    order = 900

    def get_context_data(self, parent_context):
        moments = {"clock": clock_last_ran(), "worker": worker_last_seen()}
        parts = [{"name": LABELS[name], "moment": moment, "is_quiet": is_quiet(moment)} for name, moment in moments.items()]
        return {"parts": parts, "warn": any(part["is_quiet"] for part in parts)}


@hooks.register("construct_homepage_panels")
def add_clock_panel(request, panels) -> None:
    if request.user.is_staff:
        panels.append(ClockPanel())
