"""What the decisions say to the rooms below them when the site starts."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from kb.clock.notices.waiting import register_waiting
from kb.clock.registry import register_due
from kb.decisions import answering, linking, personal, waiting
from kb.decisions.deciding import closing, reminding
from kb.decisions.indexing import DecisionKind
from kb.pages import agreements
from kb.pages.addressing.sitemaps import register_sitemap
from kb.pages.frame import register_footer_links
from search import registry


def register_all() -> None:
    agreements.ANSWERS.register("decisions.agreements", answering.ANSWERS)
    registry.register(DecisionKind(), models=["decisions.Decision"])
    personal.register_all()
    register_footer_links("tools", linking.decision_links)
    register_sitemap("decisions", linking.DecisionSitemap)
    minute = timedelta(minutes=1)
    register_due("decisions.close", closing.close_due, minute, label=_("Closing votes that are due"))
    register_due("decisions.invite", reminding.invite_who_came, 5 * minute, label=_("Sending votes to new members"))
    register_due("decisions.remind", reminding.remind, 15 * minute, label=_("Reminding of votes"))
    register_waiting("decisions.to_answer", _("Votes that wait for you"), waiting.to_answer, order=5)
    register_waiting("decisions.to_read", _("Changes for you to read"), waiting.to_read, order=5)
    register_waiting("decisions.to_clear_up", _("Decisions to clear up"), waiting.to_clear_up, order=6)
