"""The clock in the admin: what waits for you and how work in the background goes on its home, messages sent by the site
among the reports.
"""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.components import Component

from kb.accounts.audiences import audiences_of
from kb.clock.health import LABELS, clock_last_ran, is_quiet, worker_last_seen
from kb.clock.notices.waiting import waiting_for
from kb.clock.overview import last_runs, queues
from kb.clock.viewsets import ACTIONS, LIST, MailViewSet


class WaitingPanel(Component):
    """The lists of what waits, as on the members' home, on the first page of the admin."""

    name = "waiting"
    template_name = "clock/waiting_panel.html"
    order = 10

    def get_context_data(self, parent_context):
        request = parent_context["request"]
        return {"headings": waiting_for(request.user, audiences_of(request))}


class ClockPanel(Component):
    name = "clock"
    template_name = "clock/home_panel.html"
    order = 900

    def get_context_data(self, parent_context):
        moments = {"clock": clock_last_ran(), "worker": worker_last_seen()}
        parts = [
            {"name": LABELS[name], "moment": moment, "is_quiet": is_quiet(moment)} for name, moment in moments.items()
        ]
        return {
            "parts": parts,
            "warn": any(part["is_quiet"] for part in parts),
            "runs": last_runs(),
            "queues": queues(),
        }


@hooks.register("construct_homepage_panels")
def add_clock_panels(request, panels) -> None:
    if request.user.is_staff:
        panels.extend([WaitingPanel(), ClockPanel()])


@hooks.register("register_admin_viewset")
def register_messages():
    return MailViewSet()


class MessagesItem(MenuItem):
    def is_shown(self, request) -> bool:
        return request.user.has_perm("clock.view_outgoingmail")


@hooks.register("register_reports_menu_item")
def list_messages() -> MenuItem:
    return MessagesItem(
        _("Messages sent by the site"), reverse(f"{LIST}:index"), name="sent-messages", icon_name="mail", order=60
    )


for action in ACTIONS:
    hooks.register("register_bulk_action", action)
