"""What keeps an issue from being public as anything but what was agreed to. What counts as an agreement is asked of
`approving`.

The models call this from save(), publish() and their querysets; nobody else has to think of it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext_lazy as _

from kb.newsletter.models.approval import is_approved

if TYPE_CHECKING:
    from wagtail.models import Revision

    from kb.newsletter.models import Issue

CONTENT = ("number", "date", "title", "lead", "lead_subject", "lead_url", "lead_link_words")
ITEM_CONTENT = ("heading", "subject", "title", "text", "url")
STATE = frozenset({"live", "live_revision", "live_revision_id", "go_live_at", "expire_at"})
BOUND = STATE | {*CONTENT, "items"}
NOT_APPROVED = _(
    "This text was not approved, so it cannot be public. Save it, ask for its approval, "
    "and approve it: it is public from then on."
)
NOT_SCHEDULED = _(
    "An issue does not become public at an hour: take the dates out. Its sending can be scheduled once it is approved."
)
ONE_BY_ONE = _(
    "Public issues are changed one by one: open the issue, save the change as a draft, and have it approved."
)

_within: ContextVar[bool] = ContextVar("within_the_gate", default=False)


@contextmanager
def writing() -> Iterator[None]:
    """While an issue is written that passed: its items are written with it."""
    token = _within.set(True)
    try:
        yield
    finally:
        _within.reset(token)


def is_writing() -> bool:
    return _within.get()


def check_saved(issue: Issue, fields: Collection[str] | None) -> None:
    """Before a row is written. fields: those that are, None for all.

    Raises ValidationError when it would be public without an agreement.
    """
    if fields is not None and not BOUND & set(fields):
        return
    if not (issue.live or _stays_live(issue, fields)):
        return
    if issue.go_live_at or issue.expire_at:
        raise ValidationError(NOT_SCHEDULED)
    revision = (
        issue.revisions.filter(pk=issue.live_revision_id).first() if issue.pk and issue.live_revision_id else None
    )
    if revision is None or not is_approved(issue, revision.pk) or not _says_the_same(issue, revision):
        raise ValidationError(NOT_APPROVED)


def check_published(issue: Issue, revision: Revision) -> None:
    """Before a revision becomes public. Raises ValidationError when nobody agreed to it."""
    if not issue.revisions.filter(pk=revision.pk).exists() or not is_approved(issue, revision.pk):
        raise ValidationError(NOT_APPROVED)
    if revision.as_object().go_live_at:
        raise ValidationError(NOT_SCHEDULED)


def check_updated(rows: Any, values: dict[str, Any]) -> None:
    """Before rows are changed at once.

    Raises ValidationError unless they only become drafts or change nothing that was agreed to.
    """
    touched = BOUND & set(values)
    if not touched or (touched == {"live"} and values["live"] is False):
        return
    if values.get("live", False) is not False or rows.order_by().filter(live=True).exists():
        raise ValidationError(ONE_BY_ONE)


def _stays_live(issue: Issue, fields: Collection[str] | None) -> bool:
    """Whether the row is public and these fields leave it so, whatever this copy of it believes."""
    return (
        fields is not None
        and "live" not in fields
        and issue.pk is not None
        and type(issue).objects.filter(pk=issue.pk, live=True).exists()
    )


def _says_the_same(issue: Issue, revision: Revision) -> bool:
    """Whether the issue holds what the revision holds; a field that came after the revision is not compared."""
    mine, agreed = json.loads(json.dumps(issue.serializable_data(), cls=DjangoJSONEncoder)), revision.content
    agreed = json.loads(json.dumps(agreed, cls=DjangoJSONEncoder))
    if any(mine[name] != agreed[name] for name in CONTENT if name in agreed):
        return False
    return _items(mine, agreed) == _items(agreed, agreed)


def _items(content: dict[str, Any], known: dict[str, Any]) -> list[dict[str, Any]]:
    names = [name for name in ITEM_CONTENT if not known.get("items") or name in known["items"][0]]
    ordered = sorted(content.get("items", []), key=lambda item: item.get("sort_order") or 0)
    return [{name: item.get(name) for name in names} for item in ordered]
