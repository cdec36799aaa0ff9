"""What the newsletter says to the rooms below it when the site starts: to the search, the clock, the frame, the
register of personal data.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from kb.accounts.editors import last_migrated_app
from kb.accounts.own.ways import register_way
from kb.clock.notices.waiting import register_waiting
from kb.clock.registry import register_due
from kb.newsletter import personal
from kb.newsletter.admin import previewing, sending_views
from kb.newsletter.issues import agreeing, reminding, waiting
from kb.newsletter.models import approval
from kb.newsletter.models.issues import KIND
from kb.newsletter.public.indexing import IssueKind, issues_that_speak_of
from kb.newsletter.public.linking import IssueSitemap, subscribe_links
from kb.newsletter.returns import mailbox, webhooks
from kb.newsletter.sending import steps as sending
from kb.newsletter.subscribers.importing import SUBSCRIBERS
from kb.pages import agreements
from kb.pages.addressing.sitemaps import register_sitemap
from kb.pages.frame import register_footer_links, register_section
from kb.sheets.kinds import register_sheet_kind
from search import registry
from search.recording import CHECKS


def register_all() -> None:
    """Each part adds its own line."""
    registry.register(IssueKind(), models=["newsletter.Issue"])
    registry.register_dependents(issues_that_speak_of)
    register_section("newsletter", _("L'Échos-CASS"), "newsletter:archive", order=50)
    register_footer_links("tools", subscribe_links)
    register_sitemap("newsletter", IssueSitemap)
    previewing.register_all()
    agreements.KINDS.register(KIND, agreeing.GATED)
    CHECKS.add(agreeing.check)
    register_due(
        "newsletter.compare_agreed",
        agreeing.compare,
        timedelta(hours=1),
        label=_("Comparing issues with what was agreed to"),
    )
    register_waiting("newsletter.to_approve", _("Issues of L'Échos-CASS to approve"), waiting.to_approve, order=15)
    post_migrate.connect(
        approval.ensure_workflow, sender=last_migrated_app(), dispatch_uid="kb.newsletter.ensure_workflow"
    )
    register_waiting("newsletter.next", _("The next issue of L'Échos-CASS"), reminding.waiting, order=60)
    register_due(
        "newsletter.remind", reminding.remind, timedelta(minutes=30), label=_("Reminding editors of the next issue")
    )
    register_waiting(
        "newsletter.trouble", _("Sendings of L'Échos-CASS that need you"), sending_views.in_trouble, order=14
    )
    register_due("newsletter.sending", sending.keep_going, timedelta(minutes=1), label=_("Sending L'Échos-CASS"))
    register_due(
        "newsletter.bounces",
        mailbox.ask_reading,
        timedelta(minutes=15),
        label=_("Reading what came back of L'Échos-CASS"),
    )
    webhooks.listen()
    register_way("newsletter:own", _("My subscription to L'Échos-CASS"), _("An account alone brings no newsletter"))
    personal.register_all()
    register_sheet_kind(SUBSCRIBERS)
