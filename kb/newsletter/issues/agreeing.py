"""An issue as what the Steering Committee agrees to, where the setting NEWSLETTER_APPROVAL says so; by default the
editors agree by their workflow (`models.approval`), and nobody is asked here.

    a revision ─► a row for each language, as its readers are given it ─► question, vote ─► exactly this revision is public
Drafting goes on beside it. Items of what is no longer public are left out when shown, as everywhere; that is no part of
what was agreed to.
"""  # noqa: E501

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail.models import Revision

from kb.accounts.noting import note
from kb.decisions.answering import rests_on
from kb.decisions.choices import RUNNING, ManifestState
from kb.decisions.models import Decision, Manifest
from kb.languages import CODES
from kb.newsletter.models import Issue, IssueItem
from kb.newsletter.models.approval import by_workflow
from kb.newsletter.models.issues import KIND
from kb.newsletter.public.shown import shown as shown_issue
from kb.pages.agreements import GatedKind, NotAgreed, Part, Shown, agreement_for, digest_of
from kb.pages.news import still_public
from kb.pages.texts import Texts
from search.recording import is_erasing

BY_COMMITTEE = f"{__name__}.by_committee"
WHOLE = "issue"
OTHER_BY_NOW = _("No version of this issue is what the Steering Committee agreed to. Ask again for what it is now.")

logger = logging.getLogger(__name__)


def is_chosen() -> bool:
    """Whether issues are the committee's to agree to on this site."""
    return settings.NEWSLETTER_APPROVAL == BY_COMMITTEE


def by_committee(issue: Issue, revision_id: int) -> bool:
    """Whether the agreement in force says what this revision says. Four queries."""
    revision = issue.revisions.filter(pk=revision_id).first()
    return revision is not None and _agreement_of(revision) is not None


# What is shown


def shown(issue_id: int, keys: Collection[str] | None = None) -> tuple[Shown, ...]:
    """The rows of the newest version; keys None: of what everyone sees, () where nobody does.

    Raises LookupError for what is no issue, or where the editors agree to issues themselves.
    """
    issue = _issue(issue_id)
    revision = issue.live_revision if keys is None else issue.latest_revision
    return rows_of(revision) if revision is not None and (keys is not None or issue.live) else ()


def rows_of(revision: Revision) -> tuple[Shown, ...]:
    """A row for each language: each text as its readers are given it, with the language it is in. One query at most."""
    issue: Issue = revision.as_object()
    subject = f"{KIND}:{revision.object_id}"
    items = list(issue.items.all())
    return tuple(
        Shown(subject, code, f"{issue.number}. {issue.title.shown(code).text}", _values(issue, items, code))
        for code in CODES
    )


def _values(issue: Issue, items: Sequence[IssueItem], language: str) -> dict[str, Any]:
    return {
        "number": issue.number,
        "date": issue.date.isoformat(),
        "title": _given(issue.title, language),
        "lead": _given(issue.lead, language),
        "lead_subject": issue.lead_subject,
        "lead_url": issue.lead_url,
        "lead_link_words": _given(issue.lead_link_words, language),
        "items": [
            {
                "heading": item.heading,
                "subject": item.subject,
                "title": _given(item.title, language),
                "text": _given(item.text, language),
                "url": item.url,
            }
            for item in items
        ],
    }


def _given(texts: Mapping[str, str] | None, language: str) -> list[str]:
    """[text, its language]"""
    found = Texts(texts or {}).shown(language)
    return [found.text, found.language]


def _issue(issue_id: int) -> Issue:
    issue = Issue.objects.filter(pk=issue_id).select_related("latest_revision", "live_revision").first()
    if issue is None or not is_chosen():
        raise LookupError(issue_id)
    return issue


def titles(issue_id: int) -> Texts:
    return _titles(_issue(issue_id))


def _titles(issue: Issue) -> Texts:
    return Texts(issue.latest_revision.content["title"] if issue.latest_revision is not None else issue.title)


def parts(issue_id: int) -> tuple[Part, ...]:
    issue = _issue(issue_id)
    return (Part(WHOLE, f"{issue.number}. {_titles(issue)}", issue.live),)


# Making it public, taking it off


@transaction.atomic
def open_agreed(issue_id: int, agreement: int, keys: Collection[str] = ()) -> None:
    """Makes the version public that says what this agreement says, whatever was drafted since.

    Raises NotAgreed, with nothing changed, where there is none any more, or it cannot be public.
    """
    issue = _held(issue_id)
    revision = next((one for one in _newest_first(issue) if _agreement_of(one) == agreement), None)
    if revision is None:
        raise NotAgreed(OTHER_BY_NOW)
    try:
        revision.publish()
    except ValidationError as refused:
        raise NotAgreed(refused.messages) from refused
    note("newsletter.issue opened", id=issue_id, agreement=agreement)


@transaction.atomic
def close_agreed(issue_id: int, agreement: int, for_good: bool) -> None:
    """Takes the issue off the site unless what is public rests on another agreement, or the editors agreed to it before
    the committee was asked; messages that left stay where they are.
    """
    issue = _held(issue_id)
    named = issue.live_revision
    if not issue.live or (named is not None and _agreement_of(named) not in (None, agreement)):
        return
    if named is None or not by_workflow(issue, named.pk):
        issue.unpublish()
        note("newsletter.issue taken off", id=issue_id, agreement=agreement)


def reopen_agreed(issue_id: int, agreement: int) -> None:
    open_agreed(issue_id, agreement)


def standing(issue_id: int, keys: Collection[str] = ()) -> dict[str, Any]:
    """Whether everyone sees it, to be compared. One query."""
    return {"live": _issue(issue_id).live}


def _held(issue_id: int) -> Issue:
    _issue(issue_id)
    return Issue.objects.select_for_update().get(pk=issue_id)


def _newest_first(issue: Issue) -> Iterator[Revision]:
    return issue.revisions.order_by("-created_at", "-pk").iterator(chunk_size=5)


def _agreement_of(revision: Revision) -> int | None:
    return agreement_for(f"{KIND}:{revision.object_id}", digest_of(rows_of(revision)))


# What stands beside it


def first_agreed(ids: Collection[int]) -> Issue | None:
    """Of these issues, the first that the committee was ever asked about. One query, none for none."""
    asked = Manifest.objects.filter(subject__in=[f"{KIND}:{pk}" for pk in ids]).values_list("subject", flat=True)
    known = [subject.rpartition(":")[2] for subject in asked] if ids else []
    return Issue.objects.filter(pk__in=known).order_by("number").first() if known else None


def open_question(issue: Issue) -> Decision | None:
    """The question about it that has no outcome yet. One query."""
    asked = Decision.objects.filter(manifest__subject=f"{KIND}:{issue.pk}", state__in=RUNNING)
    return asked.order_by("-pk").first()


def check(subjects: Sequence[str]) -> None:
    """For `search.recording`: tells the decisions on which of them an issue rests now; an editor who takes it off takes
    it off the page of the decision as well. No query where no issue is among them.
    """
    numbers = [subject.rpartition(":")[2] for subject in subjects if subject.startswith(f"{KIND}:")]
    if not numbers or not is_chosen():
        return
    for issue in Issue.objects.filter(pk__in=numbers).select_related("live_revision"):
        public = issue.live_revision if issue.live else None
        agreement = _agreement_of(public) if public is not None else None
        if public is not None and agreement is None and is_erasing():
            agreement = _rewritten(issue, public)
        rests_on(f"{KIND}:{issue.pk}", agreement)


def _rewritten(issue: Issue, public: Revision) -> int | None:
    """The words of an erased person went from what is public: they go from what was agreed to as well."""
    agreed = Manifest.objects.filter(subject=f"{KIND}:{issue.pk}", state=ManifestState.AGREED).order_by("-pk").first()
    if agreed is None or by_workflow(issue, public.pk):
        return None
    Manifest.objects.rewrite(agreed, rows_of(public), agreed.parts)
    return agreed.pk


def compare() -> str | None:
    """Takes off what is public as nobody agreed to (loaddata, SQL, a restore); what the editors agreed to before the
    committee was asked stays. For the clock.
    """
    taken_off = 0
    for issue in Issue.objects.public().iterator(chunk_size=100) if is_chosen() else ():
        named = issue.live_revision_id
        if named is None or not (by_committee(issue, named) or by_workflow(issue, named)):
            issue.unpublish()
            logger.error("Issue %s is not what was agreed to: it is off the site until there is an agreement", issue.pk)
            taken_off += 1
    return f"{taken_off} taken off: not what was agreed to" if taken_off else None


# On the page of who votes


def page(request: HttpRequest, rows: Collection[Shown]) -> Mapping[str, Any]:
    """What the template shows, from the values of the rows; what is no longer public is left out."""
    shown_now = [shown_issue(_as_issue(row), row.language) for row in rows]
    return {"agreed_issues": shown_now, "row_styles": "css/newsletter.css"}


def readable(row: Shown, held: Collection[str]) -> Shown:
    """Without the items, and the lead, of what is no longer public: nobody reads them in an issue. The queries of
    `still_public`.
    """
    values = row.values
    spoken_of = [values["lead_subject"], *(one["subject"] for one in values["items"])]
    known = still_public([subject for subject in spoken_of if subject])
    kept = [one for one in values["items"] if not one["subject"] or one["subject"] in known]
    more: dict[str, Any] = {"items": kept}
    if values["lead_subject"] and values["lead_subject"] not in known:
        more |= {name: ["", row.language] for name in ("title", "lead", "lead_link_words")} | {"lead_url": ""}
    return replace(row, label=row.label if len(more) == 1 else str(values["number"]), values={**values, **more})


def _as_issue(row: Shown) -> Issue:
    values = row.values
    issue = Issue(number=values["number"], lead_subject=values["lead_subject"], lead_url=values["lead_url"])
    issue.date = Issue._meta.get_field("date").to_python(values["date"])
    for name in ("title", "lead", "lead_link_words"):
        setattr(issue, name, _texts(values[name]))
    items = [
        IssueItem(
            heading=one["heading"],
            subject=one["subject"],
            title=_texts(one["title"]),
            text=_texts(one["text"]),
            url=one["url"],
        )
        for one in values["items"]
    ]
    setattr(issue, "items", items)  # noqa: B010  # a relation, which types do not know
    return issue


def _texts(given: Sequence[str]) -> Texts:
    text, language = given
    return Texts({language: text, "source": language} if text else {})


GATED = GatedKind(
    name=KIND,
    label=_("Issue of L'Échos-CASS"),
    titles=titles,
    body=lambda issue_id: "",
    parts=parts,
    shown=shown,
    open=open_agreed,
    close=close_agreed,
    reopen=reopen_agreed,
    standing=standing,
    url=lambda issue_id: _issue(issue_id).get_absolute_url(),
    page=page,
    template="newsletter/_agreed_issue.html",
    file=lambda values: None,
    readable=readable,
)
