"""Builders of issues, their items, their approval and subscribers: a test says only what matters to it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date as Date
from itertools import count
from typing import Any

from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from wagtail.models import GroupApprovalTask, Workflow, WorkflowContentType, WorkflowTask

from kb.accounts.editors import EDITORS
from kb.newsletter.choices import ConsentEvent, ConsentSource, OwnHeading, SubscriberState
from kb.newsletter.models import Consent, Issue, IssueItem, Subscriber

_numbers = count(1)


def item(
    title: str | dict[str, str],
    *,
    text: str | dict[str, str] = "",
    subject: str = "",
    heading: str = OwnHeading.PARTNERS,
    url: str = "",
    language: str = "fr",
) -> IssueItem:
    """An item of no issue yet; words are in `language`, or a {language: text} of their own."""
    return IssueItem(
        title=_texts(title, language), text=_texts(text, language), subject=subject, heading=heading, url=url
    )


def _texts(words: str | dict[str, str], language: str) -> dict[str, str]:
    if isinstance(words, dict):
        return words
    return {language: words, "source": language} if words else {}


def issue(
    number: int = 14,
    *,
    title: str | dict[str, str] = "L’accueil change de porte",
    date: Date = Date(2026, 11, 16),
    live: bool = False,
    items: Iterable[IssueItem] = (),
    language: str = "fr",
    **fields: Any,
) -> Issue:
    """A draft with its first revision; `live=True` takes it through the real approval."""
    made = Issue(number=number, title=_texts(title, language), date=date)
    for name, value in fields.items():
        setattr(made, name, _texts(value, language) if name in ("lead", "lead_link_words") else value)
    made.items = list(items)
    made.save()
    made.save_revision()
    return approve(made) if live else Issue.objects.get(pk=made.pk)


def approve(issue: Issue, user: Any = None) -> Issue:
    """Writes down what the record holds, and has this revision approved and published by Wagtail's workflow;
    gives the fresh row.
    """
    issue.save_revision(user=user)
    state = workflow().start(issue, user)
    state.current_task_state.specific.approve(user=user)
    return Issue.objects.get(pk=issue.pk)


def workflow() -> Workflow:
    """The workflow of issues, made when there is none yet: one task, for the editors."""
    kind = ContentType.objects.get_for_model(Issue)
    found = WorkflowContentType.objects.filter(content_type=kind).select_related("workflow").first()
    if found is not None:
        return found.workflow
    made = Workflow.objects.create(name="L’Échos-CASS")
    task = GroupApprovalTask.objects.create(name="Relecture")
    task.groups.add(Group.objects.get_or_create(name=EDITORS)[0])
    WorkflowTask.objects.create(workflow=made, task=task, sort_order=0)
    WorkflowContentType.objects.create(content_type=kind, workflow=made)
    return made


def subscriber(
    email: str | None = None, *, language: str = "fr", state: str = SubscriberState.ACTIVE, **fields: Any
) -> Subscriber:
    """A subscriber and what they agreed to."""
    email = email or f"abonne{next(_numbers)}@example.org"
    made = Subscriber.objects.create(email=email, email_key=email.lower(), language=language, state=state, **fields)
    event = ConsentEvent.ASKED if state == SubscriberState.PENDING else ConsentEvent.GIVEN
    Consent.objects.create(
        subscriber=made,
        event=event,
        source=ConsentSource.FORM,
        language=language,
        wording="Je m’abonne à L’Échos-CASS.",
    )
    return made
