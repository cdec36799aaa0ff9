"""An issue drafts itself: what became public since the last one, under the heading of each domain that registered, for
editors to rework.

    gathered_until of the newest issue ──► each source: newest, count ──► lead (the newest of the first heading that has any) + items + "and 292 more"
Rows committed late: each gathering also re-reads the hour before the previous one and skips what that one took
(`Drawn`). Who is reminded, and when, is in
`reminding`.
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import ngettext, override

from kb.languages import CODES
from kb.newsletter.message.shortening import shortened
from kb.newsletter.models import Drawn, Issue, IssueItem, NewsletterSettings
from kb.newsletter.public.shown import headings
from kb.pages.news import News, NewsSource, news_sources
from kb.pages.texts import Texts

MOST = 20  # items drawn under a heading; the rest is one item that says how many
FIRST_REACH = timedelta(days=90)  # of the first issue of all
OVERLAP = timedelta(hours=1)  # longer than any transaction takes
LOOKED_AT_AGAIN = 5_000  # things of that hour
BRIEF = 280  # signs of an item's text
LEAD = 600


@dataclass(frozen=True, slots=True)
class Fresh:
    """What is new under a heading: news, newest first, as many as there is room for; more: how many others; others:
    subjects of some of them.
    """

    source: NewsSource
    news: tuple[News, ...]
    more: int
    others: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        return len(self.news) + self.more


# Asked by the admin


def open_draft() -> Issue | None:
    """The issue that is being written: never public yet, the highest number of several."""
    return Issue.objects.filter(live=False, first_published_at=None).order_by("-number").first()


def next_number() -> int:
    return (Issue.objects.aggregate(last=Max("number"))["last"] or 0) + 1


def heading_labels() -> dict[str, str]:
    """{code: label} of every heading, in the order of web page and mail."""
    return headings()


def whats_new(now: datetime | None = None) -> list[tuple[NewsSource, int]]:
    """What became public and is in no issue yet, as (source, how many), empty ones left out.

    At most four queries per source.
    """
    now = now or timezone.now()
    start = _start(now)
    found = ((source, _fresh(source, start, now, room=0).total) for source in news_sources())
    return [(source, count) for source, count in found if count]


def last_date() -> date | None:
    """The day of the last issue that became public."""
    return Issue.objects.public().aggregate(last=Max("date"))["last"]


def due_date() -> date | None:
    """When the next issue should appear by the editors' rhythm, a working day; None before the first issue.

    It may lie in the past.
    """
    last = last_date()
    return working_day(last + timedelta(weeks=NewsletterSettings.load().every_weeks)) if last else None


def proposed_date() -> date:
    """The date proposed for the next issue: by the rhythm, but not before today."""
    today = timezone.localdate()
    return working_day(max(due_date() or today, today))


def working_day(day: date) -> date:
    """The day itself, or the Monday after a Saturday or Sunday."""
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)


# Drafting


def compose(*, by: Any = None, now: datetime | None = None) -> Issue:
    """The next issue, drafted and saved with a first revision, never public. While one is being written (`open_draft`),
    that one, unchanged.

    With nothing new it has no lead and no items. Two editors who press at once get the same one.
    """
    try:
        with transaction.atomic():
            return open_draft() or _draft(by, now or timezone.now())
    except IntegrityError:  # another process took the number between our look and our writing
        draft = open_draft()
        if draft is None:
            raise
        return draft


def gather_again(issue: Issue, *, by: Any = None, now: datetime | None = None) -> int:
    """Adds to a draft what became public since it was gathered; gives how many things. What was drawn before does not
    come back.

    They come last under their headings, in a new revision. An issue that never was gathered is from now on.
    """
    now = now or timezone.now()
    with transaction.atomic():
        row = Issue.objects.select_for_update().get(pk=issue.pk)
        draft = row.get_latest_revision_as_object()
        present = [draft.lead_subject, *(item.subject for item in draft.items.all())]
        drawn = {
            source.code: sum(item.heading == source.code and bool(item.subject) for item in draft.items.all())
            for source in news_sources()
        }
        start = _start(now)
        found = [
            _fresh(source, start, now, room=max(0, MOST - drawn[source.code]), present=present)
            for source in news_sources()
        ]
        total = sum(one.total for one in found)
        if total:
            draft.items = _merged(list(draft.items.all()), found)
        _note(draft, found, now)
        if total:
            draft.save_revision(user=by, clean=False)
        else:
            Issue.objects.filter(pk=draft.pk).update(gathered_until=now)
    return total


def _draft(by: Any, now: datetime) -> Issue:
    start = _start(now)
    found = [_fresh(source, start, now, room=MOST) for source in news_sources()]
    issue = Issue(number=next_number(), date=proposed_date(), gathered_until=now)
    lead = next((one.news[0] for one in found if one.news), None)
    if lead is not None:
        issue.title, issue.lead, issue.lead_subject = lead.titles, _cut(lead.texts, LEAD), lead.subject
    issue.items.set(_merged([], [_without(one, lead) for one in found]))
    issue.save()
    _note(issue, found, now)
    issue.save_revision(user=by, clean=False, log_action="wagtail.create")
    return issue


# What is new


@dataclass(frozen=True, slots=True)
class Start:
    """Where a gathering begins; is_gathering: where another ended, so that late comers may lie just before it."""

    moment: datetime
    is_gathering: bool


def _start(now: datetime) -> Start:
    last = Issue.objects.aggregate(gathered=Max("gathered_until"), published=Max("first_published_at"))
    if last["gathered"]:
        return Start(last["gathered"], True)
    return Start(max(last["published"] or now - FIRST_REACH, now - FIRST_REACH), False)


def _fresh(source: NewsSource, start: Start, now: datetime, *, room: int, present: Iterable[str] = ()) -> Fresh:
    """What became public from start to now, and what came late before; less what is in the issue already."""
    present = set(present)
    late = [subject for subject in _late(source, start) if subject not in present]
    total = source.count(start.moment, now)
    wanted = room + len(present)
    newest = source.newest(start.moment, now, wanted) if room and total else []
    repeated = [news for news in newest if news.subject in present]
    shown = [news for news in newest if news.subject not in present][:room]
    told = source.public(late[: room - len(shown)]) if late and len(shown) < room else {}
    shown += [told[subject] for subject in late if subject in told]
    more = total - len(repeated) + len(late) - len(shown)
    return Fresh(source, tuple(shown), more, tuple(late))


def _late(source: NewsSource, start: Start) -> Sequence[str]:
    """Subjects of what became public in the hour before the last gathering, and was not there yet when it looked."""
    if not start.is_gathering:
        return []
    again = source.subjects(start.moment - OVERLAP, start.moment, LOOKED_AT_AGAIN)
    known = set(Drawn.objects.filter(subject__in=again).values_list("subject", flat=True)) if again else set()
    return [subject for subject in again if subject not in known]


def _note(issue: Issue, found: Iterable[Fresh], now: datetime) -> None:
    """Writes down what was drawn, shown or only counted, as far as the next gathering would meet it again."""
    subjects: dict[str, None] = {}
    for one in found:
        subjects |= dict.fromkeys(news.subject for news in one.news) | dict.fromkeys(one.others)
        if one.more:
            subjects |= dict.fromkeys(one.source.subjects(now - OVERLAP, now, LOOKED_AT_AGAIN))
    Drawn.objects.bulk_create(
        [Drawn(issue=issue, subject=subject) for subject in subjects], batch_size=500, ignore_conflicts=True
    )
    issue.gathered_until = now
    Issue.objects.filter(pk=issue.pk).update(gathered_until=now)


# Items


def _without(fresh: Fresh, lead: News | None) -> Fresh:
    return Fresh(fresh.source, tuple(news for news in fresh.news if news is not lead), fresh.more)


def _merged(items: list[IssueItem], found: Sequence[Fresh]) -> list[IssueItem]:
    """The items with what was found behind them, in order;
    the item that counts the rest of a heading stays the last of it.
    """
    for one in found:
        counting = next((item for item in items if item.heading == one.source.code and _counted(item)), None)
        more = one.more + (_counted(counting) if counting else 0)
        items = [item for item in items if item is not counting or not one.total]
        items += [_item(one.source, news) for news in one.news]
        if more and one.total:
            items.append(IssueItem(heading=one.source.code, title=more_titles(more)))
    for place, item in enumerate(items):
        item.sort_order = place
    return items


def _item(source: NewsSource, news: News) -> IssueItem:
    return IssueItem(heading=source.code, subject=news.subject, title=news.titles, text=_cut(news.texts, BRIEF))


def _cut(texts: Texts, limit: int) -> Texts:
    return Texts({code: text if code == "source" else shortened(text, limit) for code, text in texts.items()})


def more_titles(count: int) -> Texts:
    """ "And 292 more", in each language. Without an address of its own the item leads to the list of its heading."""
    titles = {}
    for language in CODES:
        with override(language):
            titles[language] = ngettext("And %(count)s more", "And %(count)s more", count) % {"count": count}
    return Texts(titles)


def _counted(item: IssueItem) -> int:
    """How many things the item that counts the rest speaks of; 0 for any other item,
    and for one whose words an editor changed.
    """
    if item.subject or item.url or item.text:
        return 0
    digits = "".join(sign for sign in item.title.get("fr", "") if sign.isdecimal())
    count = int(digits or 0)
    return count if count and dict(item.title) == dict(more_titles(count)) else 0
