"""One place turns an issue into what readers are given: their language where it exists, else another that says so; only
what is public.
"""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from kb.languages import CODES
from kb.library.models import Reference
from kb.newsletter.models import Issue, IssueItem
from kb.newsletter.public.shown import fallbacks, headlines, link_words, safe_url, shown, subjects
from kb.pages import news
from kb.pages.news import still_public
from tests.kb.library import builders as library
from tests.kb.newsletter import builders as make

pytestmark = pytest.mark.django_db

TITLE = {"fr": "L’accueil change de porte", "nl": "Het onthaal verhuist", "source": "fr"}


@pytest.mark.parametrize(
    ("language", "title", "said", "line"),
    [
        ("fr", "L’accueil change de porte", "", "14"),
        ("nl", "Het onthaal verhuist", "", "14"),
        ("en", "L’accueil change de porte", "In French", "L'Échos-CASS, no. 14, November 2026"),
    ],
)
def test_the_lead_is_in_the_readers_language_where_it_exists(language, title, said, line):
    one = shown(make.issue(14, title=TITLE, date=date(2026, 11, 16)), language)
    assert one.title.text == title
    assert one.lead_said == said
    assert line in one.issue_line
    assert one.path == f"/{language}/echos/14/"


@pytest.mark.parametrize(("language", "echoed"), [("fr", ["nl", "en"]), ("nl", ["fr", "en"]), ("en", ["nl", "en"])])
def test_the_title_comes_back_in_the_other_languages(language, echoed):
    one = shown(make.issue(14, title=TITLE), language)
    assert [echo.language for echo in one.echoes] == echoed
    assert {echo.language: (echo.title, echo.url) for echo in one.echoes if echo.title} == {
        code: (TITLE[code], f"/{code}/echos/14/") for code in echoed if code in TITLE
    }


@pytest.mark.parametrize("language", CODES)
def test_title_and_text_of_an_item_each_carry_their_language_and_the_item_says_what_falls_back(language):
    item = make.item({"fr": "Une permanence", "source": "fr"}, text={"nl": "Elke dinsdag.", "source": "nl"})
    made = shown(make.issue(items=[item]), language).items[0]
    assert (made.title.text, made.title.language) == ("Une permanence", "fr")
    assert (made.text.text, made.text.language) == ("Elke dinsdag.", "nl")
    assert made.falls_back
    assert made.language == ("nl" if language == "fr" else "fr")


def test_an_item_of_two_other_languages_names_both():
    item = make.item({"fr": "Une permanence", "source": "fr"}, text={"nl": "Elke dinsdag.", "source": "nl"})
    assert shown(make.issue(items=[item]), "en").items[0].said == "In French and Dutch"


def test_an_item_without_a_text_falls_back_by_its_title_alone():
    item = make.item({"fr": "Une permanence", "nl": "Een spreekuur", "source": "fr"})
    issue = make.issue(items=[item])
    assert not shown(issue, "nl").items[0].falls_back
    assert shown(issue, "en").fallbacks == 2  # the lead and the item


def test_items_stand_under_their_headings_and_are_numbered_through():
    items = [
        make.item("Un", heading="own.round"),
        make.item("Deux", heading="own.partners"),
        make.item("Trois", heading="own.round"),
    ]
    one = shown(make.issue(items=items), "en")
    assert [(group.code, [(item.number, item.title.text) for item in group.items]) for group in one.groups] == [
        ("own.partners", [(1, "Deux")]),
        ("own.round", [(2, "Un"), (3, "Trois")]),
    ]


def test_an_item_under_a_heading_that_is_no_more_is_still_shown():
    assert [
        group.code for group in shown(make.issue(items=[make.item("Un", heading="agenda.events")]), "fr").groups
    ] == ["own.other"]


@pytest.fixture
def reference():
    return library.reference("Étude pervenche")


def close(reference) -> None:
    reference.audiences = ["body:PA"]
    reference.save()


def about(reference, title: str = "Étude pervenche") -> IssueItem:
    return make.item(title, subject=Reference.subject_of(reference.pk), heading="library.references")


def test_an_item_of_something_public_leads_to_it_in_the_readers_language(reference):
    issue = make.issue(items=[about(reference)])
    assert shown(issue, "nl").items[0].url == f"/nl/bibliotheek/{reference.mark_slug}/"
    assert shown(issue, "en").items[0].url == f"/en/library/{reference.mark_slug}/"


def test_an_item_of_something_closed_is_gone_and_leaves_no_gap(reference):
    issue = make.issue(
        items=[make.item("Avant", heading="own.round"), about(reference), make.item("Après", heading="own.round")]
    )
    close(reference)
    one = shown(issue, "fr")
    assert [(item.number, item.title.text) for item in one.items] == [(1, "Avant"), (2, "Après")]
    assert [group.code for group in one.groups] == ["own.round"]
    assert one.dropped == (Reference.subject_of(reference.pk),)


def test_a_lead_of_something_closed_gives_way_to_the_issue_line(reference):
    issue = make.issue(
        14,
        title="Étude pervenche",
        lead="Tout sur la pervenche",
        lead_subject=Reference.subject_of(reference.pk),
        date=date(2026, 11, 16),
    )
    assert shown(issue, "fr").lead_url == f"/fr/bibliotheque/{reference.mark_slug}/"
    close(reference)
    for code in CODES:
        one = shown(issue, code)
        assert not one.has_lead
        assert one.title.text == one.issue_line
        assert one.lead.text == one.lead_url == ""
        assert "pervenche" not in repr(one)
        assert [echo.language for echo in one.echoes] == [other for other in CODES if other != code]
        assert "pervenche" not in repr(headlines([issue], code))


def test_what_is_proposed_or_withdrawn_is_not_shown_either():
    for state in ("draft", "proposed", "returned", "refused", "withdrawn"):
        of = library.reference(f"Étude {state}", state=state)
        assert shown(make.issue(100 + of.pk, items=[about(of)]), "fr").items == ()


def test_the_queries_are_the_same_for_one_item_and_for_forty(django_assert_num_queries, reference):
    few = make.issue(1, items=[about(reference)])
    many = make.issue(2, items=[about(library.reference(f"Étude {number}")) for number in range(40)])
    counts = []
    for issue in (few, many):
        fresh = Issue.objects.get(pk=issue.pk)
        with CaptureQueriesContext(connection) as asked:
            assert shown(fresh, "fr").items
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 6
    many = Issue.objects.prefetch_related("items").get(pk=many.pk)
    known = still_public(subjects([many]))
    with django_assert_num_queries(0):
        assert len(shown(many, "fr", public=known).items) == 40


def test_a_revision_and_an_object_never_saved_are_shown_alike(reference):
    issue = make.issue(14, title=TITLE, items=[about(reference), make.item("Un mot", text="Deux mots")])
    unsaved = Issue(number=14, date=issue.date, title=dict(TITLE))
    unsaved.items = [about(reference), make.item("Un mot", text="Deux mots")]
    whole = shown(issue, "nl")
    assert shown(issue.latest_revision.as_object(), "nl") == whole
    assert shown(unsaved, "nl") == whole


def test_editors_see_what_falls_back_in_each_language():
    items = [make.item({"fr": "Un", "nl": "Een", "source": "fr"}), make.item({"nl": "Twee", "source": "nl"})]
    assert fallbacks(make.issue(title=TITLE, items=items)) == {
        "fr": ["Twee"],
        "nl": [],
        "en": [TITLE["fr"], "Un", "Twee"],
    }


def test_a_button_is_in_the_readers_language_or_says_what_every_button_says():
    issue = make.issue(lead_url="https://example.org/", lead_link_words={"fr": "Lire la synthèse", "source": "fr"})
    assert shown(issue, "fr").lead_words == "Lire la synthèse"
    assert shown(issue, "en").lead_words == "Read it"


@pytest.mark.parametrize(
    "subject", ["library.reference:" + "9" * 40, "home.page:" + "9" * 40, "home.page:²", "home.page:", "\x00", "x"]
)
def test_what_cannot_be_a_subject_is_not_public_and_breaks_no_page(client, subject):
    """Subjects come out of a form: one that no database can look up would take the archive and the feed with it."""
    made = make.issue(14, items=[make.item("Une chose", subject=subject), make.item("Une autre")], live=True)
    assert [item.title.text for item in shown(made, "fr").items] == ["Une autre"]
    assert client.get("/fr/echos/fil.atom").status_code == 200


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "//evil.example/",
        "/\\evil.example/",
        "data:text/html,x",
        "ftp://x/",
        "/\t/evil.example/",
        "https://x.example/\nBcc: a",
        "",
    ],
)
def test_an_address_that_leads_nowhere_good_is_none(url):
    assert safe_url(url) == ""


def test_the_words_of_a_link_say_where_it_leads():
    with override("en"):
        assert link_words("https://user@www.example.org:80/a") == "Read on example.org:80"
        assert link_words("/fr/bibliotheque/") == "Read on the site of the CASS"


@news.SOURCES.temporarily()
def test_it_works_when_nobody_registered_a_source(reference):
    one = shown(make.issue(items=[about(reference), make.item("Un mot")]), "fr")
    assert [item.title.text for item in one.items] == ["Un mot"]


def test_the_time_of_reading_counts_what_is_shown():
    assert shown(make.issue(items=[make.item("Un", text="mot " * 599)]), "fr").minutes == 3
    assert shown(make.issue(15), "fr").minutes == 1
