"""An issue drafts itself: nothing told twice, nothing missed, nothing that not everyone may see."""

from __future__ import annotations

import threading
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.models import Revision

from home.models import ContentPage
from kb.library import news as library_news
from kb.library.models import Reference
from kb.newsletter.issues import composing
from kb.newsletter.issues.composing import more_titles
from kb.newsletter.models import Drawn, Issue, NewsletterSettings
from kb.newsletter.public.shown import shown
from kb.pages import news as registry
from kb.pages.news import still_public
from tests.home.builders import page
from tests.kb.accounts.builders import editor
from tests.kb.library.builders import body, reference
from tests.kb.newsletter import builders as make

pytestmark = pytest.mark.django_db

BRUSSELS = ZoneInfo("Europe/Brussels")
NOW = datetime(2026, 11, 18, 10, 0, tzinfo=BRUSSELS)  # a Wednesday


def new(title: str = "L’accueil", *, at: datetime = NOW - timedelta(days=1), **values) -> Reference:
    made = reference(title, **values)
    Reference.objects.filter(pk=made.pk).update(first_public_at=at)
    return made


def article(title: str, *, at: datetime = NOW - timedelta(days=1), **values) -> ContentPage:
    made = page(title, date=date(2026, 11, 2), **values)
    ContentPage.objects.filter(pk=made.pk).update(first_public_at=at)
    return made


def many(count: int, *, at: datetime = NOW - timedelta(days=1)) -> None:
    have = Reference.objects.count()
    numbers = range(have + 1, have + count + 1)
    Reference.objects.bulk_create(
        [
            Reference(
                body=body(), title=f"N° {n}", state="accepted", audiences=["public"], mark_year=2012, mark_number=n
            )
            for n in numbers
        ]
    )
    Reference.objects.filter(mark_number__in=numbers).update(first_public_at=at)


def titles(issue: Issue) -> list[str]:
    """What the newest version of an issue holds."""
    newest = Issue.objects.get(pk=issue.pk).get_latest_revision_as_object()
    return [item.title.shown("fr").text for item in newest.items.all()]


def subjects(issue: Issue) -> list[str]:
    newest = Issue.objects.get(pk=issue.pk).get_latest_revision_as_object()
    return [newest.lead_subject, *(item.subject for item in newest.items.all())]


# What is drawn


def test_the_first_issue_leads_with_the_newest_article_and_lists_the_rest_under_their_headings():
    article("Hier", at=NOW - timedelta(days=9), intro="Une porte.")
    article("Demain", intro="Une fenêtre.")
    new("Un rapport", abstract={"fr": "Ce que disent les gens."})

    issue = composing.compose(now=NOW)

    assert (issue.number, issue.live, str(issue.title), str(issue.lead)) == (1, False, "Demain", "Une fenêtre.")
    assert [(item.heading, str(item.title), str(item.text)) for item in issue.items.all()] == [
        ("home.articles", "Hier", "Une porte."),
        ("library.references", "Un rapport", "Ce que disent les gens."),
    ]
    assert issue.latest_revision.as_object().items.count() == 2
    assert issue.latest_revision.as_object().gathered_until == issue.gathered_until == NOW


def test_without_an_article_the_newest_reference_leads():
    new("Ancien", at=NOW - timedelta(days=2))
    newest = new("Récent")

    issue = composing.compose(now=NOW)

    assert (str(issue.title), issue.lead_subject, titles(issue)) == (
        "Récent",
        Reference.subject_of(newest.pk),
        ["Ancien"],
    )


@pytest.mark.parametrize(("language", "title"), [("fr", "L’accueil"), ("nl", "Het onthaal"), ("en", "L’accueil")])
def test_each_reader_gets_the_words_of_their_language_where_there_are_some(language, title):
    article("À la une")
    new("L’accueil", translated_titles={"nl": "Het onthaal"})

    whole = shown(composing.compose(now=NOW), language)

    assert [item.title.text for item in whole.items] == [title]
    assert whole.items[0].falls_back == (language == "en")


def test_a_long_summary_is_cut_at_a_word():
    article("À la une")
    new("Long", abstract={"fr": "mots " * 200})

    [item] = composing.compose(now=NOW).items.all()

    assert len(item.text["fr"]) <= composing.BRIEF
    assert item.text["fr"].endswith("mots…")


def test_the_first_issue_reaches_back_ninety_days_at_most():
    new("Récent", at=NOW - timedelta(days=89))
    new("Vieux", at=NOW - timedelta(days=91))

    issue = composing.compose(now=NOW)

    assert (str(issue.title), titles(issue)) == ("Récent", [])


def test_after_issues_written_by_hand_it_begins_where_the_last_was_published():
    last = make.issue(14, live=True)
    new("Avant", at=last.first_published_at - timedelta(hours=2))
    new("Après", at=last.first_published_at + timedelta(hours=2))

    issue = composing.compose(now=last.first_published_at + timedelta(days=3))

    assert (issue.number, str(issue.title), titles(issue)) == (15, "Après", [])


def test_nothing_new_is_an_issue_without_items_that_says_so():
    last = make.issue(14, live=True)
    later = last.first_published_at + timedelta(days=30)

    assert composing.whats_new(later) == []
    issue = composing.compose(now=later)

    assert (issue.number, issue.live, dict(issue.title), subjects(issue)) == (15, False, {}, [""])
    assert "15" in str(issue)


def test_the_editors_ask_how_much_is_new_under_each_heading():
    article("Une")
    many(3)

    assert [(source.code, count) for source, count in composing.whats_new(NOW)] == [
        ("home.articles", 1),
        ("library.references", 3),
    ]
    composing.compose(now=NOW)
    assert composing.whats_new(NOW) == []


@registry.SOURCES.temporarily()
def test_with_no_domain_registered_there_is_an_empty_issue():
    new()

    assert titles(composing.compose(now=NOW)) == []


# Many


def test_of_312_twenty_are_drawn_and_one_item_says_how_many_more():
    article("À la une")
    many(312)

    issue = composing.compose(now=NOW)

    items = list(issue.items.all())
    assert len(items) == 21
    assert (items[-1].heading, items[-1].subject, items[-1].url) == ("library.references", "", "")
    assert (items[-1].title["fr"], items[-1].title["en"]) == (items[-1].title.shown("fr").text, "And 292 more")
    assert shown(issue, "nl").items[-1].url.startswith("/nl/zoeken/?")


def test_sixty_cost_as_many_queries_as_thirty():
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            composing.compose(now=NOW)
        Issue.objects.all().delete()
        return len(captured)

    many(30, at=NOW - timedelta(days=2))
    composing.compose(now=NOW)
    Issue.objects.all().delete()
    few = queries()
    many(30, at=NOW - timedelta(days=2))

    assert queries() == few


def test_however_many_came_within_the_hour_only_those_there_is_room_for_are_put_into_words(monkeypatch):
    put, words = [], library_news._news
    monkeypatch.setattr(
        library_news, "_news", lambda reference, creators: put.append(reference.pk) or words(reference, creators)
    )
    many(60, at=NOW - timedelta(minutes=10))
    composing.compose(now=NOW)
    assert len(put) == composing.MOST
    Drawn.objects.filter(
        subject__in=[Reference.subject_of(pk) for pk in put]
    ).delete()  # so that these look as if they had come late
    put.clear()
    assert [count for _source, count in composing.whats_new(NOW + timedelta(days=1))] == [20]
    assert put == []
    assert composing.gather_again(Issue.objects.get(), now=NOW + timedelta(days=1)) == 0, "they are in it"


def test_late_comers_too_many_for_the_room_are_counted():
    many(30, at=NOW - timedelta(minutes=10))
    first = composing.compose(now=NOW)
    Drawn.objects.all().delete()
    make.approve(first)

    second = composing.compose(now=NOW + timedelta(days=30))

    assert len(subjects(second)) == 21
    assert titles(second)[-1] == more_titles(10)["fr"]


# Rights


@pytest.mark.parametrize(
    "fields",
    [{"audiences": ("members",)}, {"audiences": ("body:PA",)}, {"state": "proposed"}, {"state": "withdrawn"}],
    ids=["members", "group", "proposed", "withdrawn"],
)
def test_what_not_everyone_may_see_is_in_no_issue_whoever_composes(fields):
    new("Pas pour tous", **fields)
    assert composing.whats_new(NOW) == []

    issue = composing.compose(by=editor(), now=NOW)

    assert "Pas pour tous" not in repr(issue.latest_revision.content)


def test_what_is_closed_after_it_was_gathered_is_left_out_of_what_is_shown():
    article("À la une")
    kept, closed = new("Resté ouvert"), new("Fermé depuis")
    issue = composing.compose(now=NOW)

    closed.audiences = ["members"]
    closed.save()

    assert Reference.subject_of(closed.pk) not in still_public(
        [Reference.subject_of(kept.pk), Reference.subject_of(closed.pk)]
    )
    assert [item.title.text for item in shown(issue, "fr").items] == ["Resté ouvert"]


# Nothing twice, nothing missed


def test_each_thing_is_in_one_issue():
    new("Premier", at=NOW - timedelta(days=2))
    first = make.approve(composing.compose(now=NOW))
    new("Deuxième", at=NOW + timedelta(days=1))

    second = composing.compose(now=NOW + timedelta(days=30))

    assert (second.number, str(first.title), str(second.title), titles(second)) == (2, "Premier", "Deuxième", [])


def test_what_was_committed_after_the_gathering_with_an_older_moment_is_in_the_next():
    new("À temps", at=NOW - timedelta(minutes=10))
    first = make.approve(composing.compose(now=NOW))
    new("En retard", at=NOW - timedelta(minutes=5))
    later = NOW + timedelta(days=30)

    assert [count for _source, count in composing.whats_new(later)] == [1]
    second = composing.compose(now=later)

    assert (str(first.title), str(second.title), titles(second)) == ("À temps", "En retard", [])


def test_what_was_only_counted_in_the_last_hour_is_not_told_again():
    many(30, at=NOW - timedelta(minutes=10))
    make.approve(composing.compose(now=NOW))

    assert composing.whats_new(NOW + timedelta(days=30)) == []


def test_what_becomes_public_at_the_very_moment_of_the_gathering_is_told_once():
    new("Pile", at=NOW)
    first = make.approve(composing.compose(now=NOW))

    assert str(first.title) == "Pile"
    assert composing.whats_new(NOW + timedelta(days=1)) == []


def test_a_draft_that_is_deleted_gives_back_what_it_had():
    new("L’accueil", at=NOW - timedelta(minutes=10))
    composing.compose(now=NOW).delete()

    assert Drawn.objects.count() == 0
    assert str(composing.compose(now=NOW).title) == "L’accueil"


def test_an_older_version_that_is_published_does_not_turn_the_gathering_back():
    new("Premier")
    issue = composing.compose(now=NOW)
    first = issue.latest_revision
    new("Deuxième", at=NOW + timedelta(days=1))
    composing.gather_again(issue, now=NOW + timedelta(days=2))

    assert Revision.objects.get(pk=first.pk).as_object().gathered_until == NOW + timedelta(days=2)


# Gathering again


def test_gathering_again_adds_what_is_new_and_brings_nothing_back_that_was_dropped():
    article("À la une")
    new("Gardé", at=NOW - timedelta(minutes=30))
    new("Retiré", at=NOW - timedelta(minutes=20))
    issue = composing.compose(now=NOW)
    draft = issue.get_latest_revision_as_object()
    own = make.item("D’un partenaire")
    own.sort_order = 9
    draft.items = [*(item for item in draft.items.all() if str(item.title) == "Gardé"), own]
    draft.save_revision()
    new("Arrivé depuis", at=NOW + timedelta(minutes=5))

    assert composing.gather_again(Issue.objects.get(pk=issue.pk), now=NOW + timedelta(hours=1)) == 1

    assert titles(issue) == ["Gardé", "D’un partenaire", "Arrivé depuis"]
    assert composing.gather_again(Issue.objects.get(pk=issue.pk), now=NOW + timedelta(hours=1)) == 0
    assert titles(issue) == ["Gardé", "D’un partenaire", "Arrivé depuis"]


def test_gathering_again_makes_no_new_version_when_nothing_is_new():
    new()
    issue = composing.compose(now=NOW)

    assert composing.gather_again(issue, now=NOW + timedelta(hours=1)) == 0

    assert Issue.objects.get().latest_revision_id == issue.latest_revision_id
    assert Issue.objects.get().gathered_until == NOW + timedelta(hours=1)


def test_gathering_again_counts_on_where_there_is_no_room():
    article("À la une")
    many(25)
    issue = composing.compose(now=NOW)
    many(3, at=NOW + timedelta(minutes=5))

    assert composing.gather_again(issue, now=NOW + timedelta(hours=1)) == 3

    newest = Issue.objects.get().get_latest_revision_as_object()
    assert [item.title["en"] for item in newest.items.all() if not item.subject] == ["And 8 more"]
    assert newest.items.count() == 21


def test_gathering_again_leaves_words_of_the_editors_alone():
    article("À la une")
    many(25)
    issue = composing.compose(now=NOW)
    draft = issue.get_latest_revision_as_object()
    items = list(draft.items.all())
    items[-1].title = {"fr": "Et 5 autres, à lire"}
    draft.items = items
    draft.save_revision()
    many(2, at=NOW + timedelta(minutes=5))

    composing.gather_again(Issue.objects.get(pk=issue.pk), now=NOW + timedelta(hours=1))

    assert titles(issue)[-2] == "Et 5 autres, à lire"
    assert Issue.objects.get().get_latest_revision_as_object().items.last().title["en"] == "And 2 more"


# One draft


def test_while_an_issue_is_being_written_no_second_one_is_begun():
    issue = composing.compose(now=NOW)
    new("Depuis", at=NOW + timedelta(hours=1))

    again = composing.compose(now=NOW + timedelta(hours=2))

    assert (again.pk, Issue.objects.count(), titles(again)) == (issue.pk, 1, [])
    assert composing.open_draft() == issue


def test_an_issue_that_was_taken_offline_is_no_draft():
    make.issue(14, live=True).unpublish()

    assert composing.open_draft() is None
    assert composing.compose(now=timezone.now()).number == 15


@pytest.mark.django_db(transaction=True)
def test_two_editors_who_press_at_once_get_the_same_issue():
    many(30)
    barrier, got = threading.Barrier(2), []

    def press() -> None:
        barrier.wait()
        try:
            got.append(composing.compose(now=NOW))
        finally:
            connections.close_all()

    both = [threading.Thread(target=press) for _editor in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()

    assert len({issue.pk for issue in got}) == 1 == Issue.objects.count()
    assert len(got) == 2
    assert Issue.objects.get().items.count() == 20


def test_the_number_taken_by_another_process_is_an_answer_not_an_error(monkeypatch):
    """On a server two transactions look at once, and the second meets the first one's number."""
    other = composing.compose(now=NOW)
    real, calls = composing.open_draft, []

    def first_blind() -> Issue | None:
        calls.append(1)
        return None if len(calls) == 1 else real()

    monkeypatch.setattr(composing, "open_draft", first_blind)
    monkeypatch.setattr(composing, "next_number", lambda: other.number)

    assert composing.compose(now=NOW) == other
    assert Issue.objects.count() == 1


# Dates


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 11, 18), date(2026, 11, 18)),
        (date(2026, 11, 20), date(2026, 11, 20)),
        (date(2026, 11, 21), date(2026, 11, 23)),
        (date(2026, 11, 22), date(2026, 11, 23)),
    ],
    ids=["Wednesday", "Friday", "Saturday", "Sunday"],
)
def test_a_proposed_date_is_a_working_day(day, expected):
    assert composing.working_day(day) == expected


def test_the_next_date_follows_the_rhythm_of_the_editors():
    today = timezone.localdate()
    make.issue(13, live=True, date=today - timedelta(weeks=9))
    make.issue(14, live=True, date=today - timedelta(weeks=1))
    make.issue(15, date=today + timedelta(weeks=40))  # not public: no rhythm

    assert composing.due_date() == composing.proposed_date() == composing.working_day(today + timedelta(weeks=3))

    rhythm = NewsletterSettings.load()
    rhythm.every_weeks = 12
    rhythm.save()
    assert composing.due_date() == composing.working_day(today + timedelta(weeks=11))


def test_a_date_that_has_passed_is_proposed_for_today_or_the_next_working_day():
    make.issue(14, live=True, date=timezone.localdate() - timedelta(weeks=30))

    assert composing.proposed_date() == composing.working_day(timezone.localdate())
    assert composing.due_date() < timezone.localdate()


def test_before_the_first_issue_there_is_no_rhythm():
    assert composing.due_date() is None
    assert composing.proposed_date() == composing.working_day(timezone.localdate())
