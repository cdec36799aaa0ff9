"""Issues of L'Échos-CASS and who receives it, written as editors and readers would:
every issue goes through the approval.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from django.utils import timezone

from home.models import ContentPage
from kb.accounts.models import User
from kb.languages import CODES
from kb.library.models import Reference
from kb.newsletter.choices import ConsentEvent, ConsentSource, OwnHeading, SubscriberState
from kb.newsletter.models import Consent, Issue, IssueItem, Subscriber
from kb.newsletter.models.approval import ensure_workflow
from kb.newsletter.subscribers.subscribing import wording
from kb.pages.news import news_sources
from kb.pages.texts import Texts

STILL_NEW = 4  # references and articles that no issue has told of: something to write the next one with


def make_newsletter(described: Mapping, references: Mapping[str, str], pages: Mapping[str, str]) -> None:
    """The issues, oldest first, then the subscribers. references, pages: {key: subject}, as `subjects_by_key` and
    `pages_by_key` give them.
    """
    ensure_workflow()
    editor = User.objects.filter(is_staff=True).order_by("pk").first()
    told_until = _let_time_pass()
    subjects = {**references, **pages}
    for item in described["issues"]:
        make_issue(item, subjects, editor, told_until)
    for item in described["subscribers"]:
        make_subscriber(item)


def make_issue(described: dict, subjects: Mapping[str, str], editor: User | None, told_until) -> Issue:
    issue = Issue(
        number=described["number"],
        date=date.fromisoformat(described["date"]),
        title=_texts(described["title"]),
        lead=_texts(described["lead"]),
        lead_link_words=_texts(described["lead_link_words"]),
        lead_subject=subjects[described["lead_reference"]],
        gathered_until=told_until,
    )
    issue.items.set([make_item(item, subjects, place) for place, item in enumerate(described["items"])])
    issue.full_clean()
    issue.save()
    issue.save_revision(user=editor)
    state = issue.get_workflow().start(issue, editor)
    state.current_task_state.specific.approve(user=editor)
    return issue


def make_item(described: dict, subjects: Mapping[str, str], place: int) -> IssueItem:
    key = described.get("reference") or described.get("page")
    if key is None:
        return IssueItem(
            heading=OwnHeading(described["heading"]),
            title=_texts(described["title"]),
            text=_texts(described["text"]),
            sort_order=place,
        )
    for source in news_sources():
        news = source.public([subjects[key]]).get(subjects[key])
        if news is not None:
            return IssueItem(
                heading=source.code, subject=news.subject, title=news.titles, text=news.texts, sort_order=place
            )
    raise ValueError(f"{key} of newsletter.json is not public.")


def make_subscriber(described: dict) -> None:
    subscriber = Subscriber.objects.create(
        email=described["email"],
        email_key=described["email"],
        language=described["language"],
        state=SubscriberState(described["state"]),
    )
    events = (ConsentEvent.GIVEN, ConsentEvent.WITHDRAWN)[: 1 if subscriber.state == SubscriberState.ACTIVE else 2]
    for event in events:
        words = wording(subscriber.language) if event == ConsentEvent.GIVEN else ""
        Consent.objects.create(
            subscriber=subscriber, event=event, source=ConsentSource.FORM, language=subscriber.language, wording=words
        )


def subjects_by_key(marks: Mapping[str, str]) -> dict[str, str]:
    """{key of references.json: what the search calls it}."""
    by_mark = {
        reference.mark: Reference.subject_of(reference.pk) for reference in Reference.objects.select_related("body")
    }
    return {key: by_mark[mark] for key, mark in marks.items()}


def pages_by_key(described: list[dict]) -> dict[str, str]:
    """{key of pages.json: what the search calls its source page}."""
    by_slug = {page.slug: page.search_subject() for page in ContentPage.objects.filter(locale__language_code=CODES[0])}
    return {page["key"]: by_slug[page["slug"][CODES[0]]] for page in described}


def _let_time_pass():
    """Makes all but the newest things public a while ago, in the order of their dates; gives the moment until which
    issues told of them.
    """
    now = timezone.now()
    ids = list(Reference.objects.public().order_by("date_text", "pk").values_list("pk", flat=True))
    for days, pk in enumerate(reversed(ids[:-STILL_NEW])):
        Reference.objects.filter(pk=pk).update(first_public_at=now - timedelta(days=20 + days))
    ContentPage.objects.filter(first_public_at__isnull=False).update(first_public_at=now - timedelta(days=30))
    return now - timedelta(days=10)


def _texts(given: Mapping[str, str]) -> Texts:
    return Texts({"source": next(code for code in CODES if given.get(code)), **given})
