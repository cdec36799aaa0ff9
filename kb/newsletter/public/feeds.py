"""The feed of the latest issues in a language: Atom, with the whole issue as HTML.

Which words stand in it is the affair of `shown`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.utils.translation import override

from kb.newsletter.models import Issue
from kb.newsletter.public.shown import ShownIssue, shown, subjects
from kb.pages.news import still_public

LATEST = 20
# An Atom feed has a date of change; this one has not changed yet.
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
# What XML 1.0 cannot hold, however it is written: control characters of a pasted text, halves of letters.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class IssuesFeed(Atom1Feed):
    """Atom as Django writes it, with the content of entries, their own language and a date of change that is never the
    hour of asking.
    """

    def latest_post_date(self) -> datetime:
        return max((item["updateddate"] for item in self.items), default=NEVER)

    def item_attributes(self, item: dict[str, Any]) -> dict[str, str]:
        return {**super().item_attributes(item), "xml:lang": item["language"]}

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        handler.addQuickElement("content", item["content"], {"type": "html"})


def latest_issues() -> list[Issue]:
    """Two queries."""
    return list(Issue.objects.public().order_by("-number").prefetch_related("items")[:LATEST])


def feed(
    issues: Sequence[Issue], language: str, *, path: str, archive_path: str, absolute: Callable[[str], str]
) -> bytes:
    """The document; the same bytes while nothing of it changes. absolute makes an address of a path.

    The queries of `still_public`.
    """
    public = still_public(subjects(issues))
    with override(language):
        made = IssuesFeed(
            title=_("L'Échos-CASS"),
            subtitle=_("The letter of the coordination of social action in Schaerbeek"),
            link=absolute(archive_path),
            feed_url=absolute(path),
            feed_guid=tag_of(f"newsletter:{language}"),
            description="",
            language=language,
            author_name=_("Coordination of Social Action in Schaerbeek"),
        )
        for issue in issues:
            _add(made, issue, shown(issue, language, public=public), absolute)
    return made.writeString("utf-8").encode("utf-8")


def tag_of(what: str) -> str:
    """A name that stays when addresses change (RFC 4151)."""
    host = urlsplit(settings.WAGTAILADMIN_BASE_URL).hostname or "localhost"
    return f"tag:{host},2012:{what}"


def _add(made: IssuesFeed, issue: Issue, one: ShownIssue, absolute: Callable[[str], str]) -> None:
    approved_at = issue.last_published_at or NEVER  # never when the row was saved: that tells of drafts
    made.add_item(
        title=_clean(one.title.text),
        link=absolute(one.path),
        description=_clean(render_to_string("newsletter/feed_summary.html", {"shown": one})),
        content=_clean(_with_addresses(render_to_string("newsletter/feed_entry.html", {"shown": one}), absolute)),
        unique_id=tag_of(f"newsletter:{issue.number}:{one.language}"),
        pubdate=issue.first_published_at or approved_at,
        updateddate=approved_at,
        language=one.title.language,
    )


def _with_addresses(html: str, absolute: Callable[[str], str]) -> str:
    """Readers of feeds know no paths."""
    return html.replace(' href="/', f' href="{absolute("/")}')


def _clean(text: str) -> str:
    return _NOT_XML.sub("", text)
