"""Where an editor stands: what an article's state is, in words, and the way to the committee's agreement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.widgets import Button
from wagtail.models import Page

from home.articles.agreeing import draft_of, group_of, names, pages_subject
from home.articles.guarding import decision_code
from home.models import ContentPage, gates
from kb.accounts.audiences import STAFF
from kb.clock.notices.waiting import SHOWN, Waiting, WaitingList
from kb.decisions.choices import RUNNING
from kb.decisions.models import Decision

ASK = gettext_lazy("Ask for the committee's agreement…")


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence, and where it leads."""

    words: str
    url: str = ""


def asking_url(page: Page, user: Any) -> str:
    """Where this person puts the question about a page or its translations; "" where there is none to be put."""
    if not (gates() and isinstance(page, ContentPage) and page.pk and user.has_perm("decisions.change_decision")):
        return ""
    pages = group_of(page.pk)
    if not pages or not (pages[0].own_production_id or draft_of(pages[0]).own_production_id):
        return ""
    return f"{reverse('decision:ask')}?subject={pages_subject(pages)}"


def state_of(page: ContentPage) -> list[Line]:
    """What holds of it now, what of its draft, what is asked. Ten queries at most."""
    pages = group_of(page.pk) if page.pk else []
    stored = next((one for one in pages if one.pk == page.pk), None)
    if stored is None or not gates():
        return []
    draft = draft_of(stored)
    if not (pages[0].own_production_id or draft.own_production_id):
        return []
    return [*_standing(stored, draft, pages_subject(pages)), *_asked(pages_subject(pages))]


def _standing(stored: ContentPage, draft: ContentPage, subject: str) -> Iterator[Line]:
    if stored.is_public():
        agreement = stored.agreement_id
        assert agreement is not None
        number = decision_code(agreement)
        if number:
            words = _("Public as the Steering Committee agreed to it: %(number)s.") % {"number": number}
            yield Line(words, reverse("decisions:decision", args=(number,)))
        else:
            yield Line(_("Public as it was before the Steering Committee's agreement was needed."))
        if not names(agreement, subject, [draft]):
            yield Line(_("The draft differs from what was agreed to: everyone goes on reading the agreed text."))
    elif stored.is_for_everyone():
        yield Line(_("Held back: editors alone see it until there is an agreement."))
    else:
        yield Line(_("Not public: everyone reads it once the Steering Committee has agreed."))


def _asked(subject: str) -> Iterator[Line]:
    open_ones = Decision.objects.filter(manifest__subject=subject, state__in=RUNNING).order_by("pk")
    for decision in open_ones:
        url = reverse("decision:page", args=(decision.pk,))
        if decision.ends_at:
            moment = date_format(localtime(decision.ends_at), "DATETIME_FORMAT")
            yield Line(_("The committee is asked; the vote ends on %(moment)s.") % {"moment": moment}, url)
        else:
            yield Line(_("The committee is asked."), url)


def held_back(user: Any, held: frozenset[str]) -> WaitingList:
    """For editors: the articles of our groups that say they are for everyone, and that they alone see for want of an
    agreement. Two queries.
    """
    if not user.is_staff:
        return WaitingList(0)
    found = ContentPage.objects.for_everyone().filter(agreement=None)
    total = found.count()
    named = found.select_related("locale").order_by("pk")[:SHOWN] if total and STAFF in held else ()
    things = tuple(
        Waiting(
            one.title,
            reverse("wagtailadmin_pages:edit", args=[one.pk]),
            since=one.last_published_at,
            language=one.locale.language_code,
        )
        for one in named
    )
    return WaitingList(total, things, reverse("wagtailadmin_explore_root"))


def ask_button(page: Page, user: Any, view_name: str) -> Iterator[Button]:
    """Beside the other acts of a page."""
    url = asking_url(page, user) if view_name == "edit" else ""
    if url:
        yield Button(ASK, url, icon_name="tick-inverse", priority=5)
