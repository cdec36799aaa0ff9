"""Issues are found in the three languages once they are live; what they no longer show,
no search finds through them.
"""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from kb.languages import CODES
from kb.library.models import Reference
from kb.newsletter.models import Issue
from kb.newsletter.public.indexing import IssueKind, issue_id_of, issues_that_speak_of
from search.drifting import drift
from search.indexing import rebuild
from search.models import Outbox
from tests.home import builders as pages
from tests.kb.library import builders as library
from tests.kb.library.conftest import index, readers  # noqa: F401
from tests.kb.newsletter import builders as make

pytestmark = pytest.mark.django_db

TITLE = {"fr": "L’accueil change de porte", "nl": "Het onthaal verhuist", "source": "fr"}


def answer(client, words: str, language: str = "fr", **more):
    with override(language):
        address = reverse("search:results")
    return client.get(address, {"q": words, **more}).context["answer"]


def suggested(client, words: str) -> str:
    with override("fr"):
        return client.get(reverse("search:suggestions"), {"q": words}).content.decode()


def about(reference: Reference, title: str):
    return make.item(title, subject=Reference.subject_of(reference.pk), heading="library.references")


@pytest.fixture
def issue(index):  # noqa: F811
    items = [
        make.item(
            {"fr": "Une permanence glycine", "en": "A wisteria desk", "source": "fr"},
            text={"nl": "Elke dinsdag blauweregen.", "source": "nl"},
        )
    ]
    made = make.issue(
        14, title=TITLE, lead="Au rez-de-chaussée, sonnez chez mimosa.", date=date(2013, 2, 1), items=items, live=True
    )
    rebuild()
    return made


@pytest.mark.parametrize("language", CODES)
@pytest.mark.parametrize(
    "words",
    ["accueil porte", "onthaal verhuist", "mimosa", "glycine", "wisteria", "blauweregen", "Échos-CASS février 2013"],
)
def test_an_issue_is_found_by_its_words_in_each_language(client, issue, words, language):
    (row,) = answer(client, words, language).rows
    assert row.card.title == TITLE.get(language, TITLE["fr"])
    assert row.card.url == f"/{language}/echos/14/"


def test_a_passage_leads_to_the_brief_that_says_it(client, issue):
    (row,) = answer(client, "glycine", "en").rows
    assert [(each.passage.label, each.url) for each in row.passages] == [("brief 1", "/en/echos/14/#brief-1")]
    (row,) = answer(client, "mimosa", "en").rows
    assert [each.url for each in row.passages] == ["/en/echos/14/"]


def test_issues_are_a_place_to_look_in_with_languages_and_a_year(client, issue):
    facets = {facet.name: {row.value: row.count for row in facet.rows} for facet in answer(client, "accueil").facets}
    assert facets["kinds"] == {"newsletter.issue": 1}
    assert answer(client, "accueil", lang="nl").results.total == 1
    assert answer(client, "accueil", year="2013-2013").results.total == 1
    assert answer(client, "accueil", year="2014-2014").results.total == 0


def test_spans_say_the_language_of_each_line(issue):
    ((_subject, (entry,)),) = IssueKind().entries([Issue.subject_of(issue.pk)])
    assert [title.language for title in entry.titles] == ["fr", "nl"]
    assert set(entry.languages) == set(CODES)
    assert entry.audiences == {"public"}
    assert len([section for section in entry.sections]) == 2
    for section in entry.sections:
        assert "".join(section.text[span.start : span.end] for span in section.spans) == section.text
    lines = {
        section.text[span.start : span.end].strip(): span.language
        for section in entry.sections
        for span in section.spans
    }
    assert lines["A wisteria desk"] == "en"
    assert lines["Elke dinsdag blauweregen."] == "nl"


def test_a_draft_is_not_found_and_an_issue_is_once_it_is_approved(client, index):  # noqa: F811
    draft = make.issue(14, title="Un mimosa")
    index()
    assert answer(client, "mimosa").results.total == 0
    make.approve(draft)
    index()
    assert answer(client, "mimosa").results.total == 1
    Issue.objects.get(pk=draft.pk).unpublish()
    index()
    assert answer(client, "mimosa").results.total == 0


def test_what_is_written_since_the_approval_is_not_found(client, issue, index):  # noqa: F811
    issue.title = {"fr": "Un hibiscus", "source": "fr"}
    issue.save_revision()
    rebuild()
    assert answer(client, "hibiscus").results.total == 0


def nothing_of(client, words: str) -> None:
    for language in CODES:
        found = answer(client, words, language)
        assert (found.results.total, found.results.total_all, list(found.rows)) == (0, 0, [])
        assert all(row.count == 0 for facet in found.facets for row in facet.rows)
    assert words not in suggested(client, words[:4]).casefold()


@pytest.mark.parametrize("state", ["closed", "withdrawn", "deleted"])
def test_what_was_closed_is_not_found_through_the_issue_that_spoke_of_it(client, readers, index, state):  # noqa: F811
    of = library.reference("Étude pervenche")
    make.issue(13, title="Étude pervenche", lead_subject=Reference.subject_of(of.pk), live=True)
    make.issue(14, title="Autre chose", items=[about(of, "Étude pervenche"), make.item("Un mot")], live=True)
    index()
    assert answer(client, "pervenche").results.total == 3
    assert "pervenche" in suggested(client, "perv").casefold()
    if state == "deleted":
        of.delete()
    else:
        of.audiences = ["body:LO"] if state == "closed" else ["public"]
        of.state = "withdrawn" if state == "withdrawn" else of.state
        of.save()
    assert Outbox.objects.closing().filter(subject__startswith="newsletter").count() == 2
    assert answer(client, "pervenche").results.total == 0
    index()
    nothing_of(client, "pervenche")
    assert answer(readers.member, "pervenche").results.total == 0
    assert answer(client, "autre chose").results.total == 1
    assert not list(drift())


def test_what_is_opened_again_is_found_again(client, index):  # noqa: F811
    of = library.reference("Étude pervenche")
    make.issue(14, title="Autre chose", items=[about(of, "Étude pervenche")], live=True)
    for audiences, total in ((["body:LO"], 0), (["public"], 2)):
        of.audiences = audiences
        of.save()
        index()
        assert answer(client, "pervenche").results.total == total


def test_an_article_that_was_closed_is_not_found_through_the_issue(client, index):  # noqa: F811
    article = pages.page("Un article pervenche", slug="article", date=date(2013, 1, 5))
    item = make.item("Un article pervenche", subject=f"home.page:{article.pk}", heading="home.articles")
    make.issue(14, title="Autre chose", items=[item], live=True)
    index()
    assert answer(client, "pervenche").results.total == 2
    article.unpublish()
    index()
    nothing_of(client, "pervenche")


def test_a_translation_that_was_closed_is_not_found_through_the_issue_that_names_its_source(client, index):  # noqa: F811
    """The source is not public; the item names it all the same, for all its translations."""
    source = pages.page("Un article fermé", slug="article", date=date(2013, 1, 5), live=False)
    translated = pages.page("Een artikel maagdenpalm", language="nl", of=source, slug="artikel", date=date(2013, 1, 5))
    item = make.item({"nl": "Een artikel maagdenpalm"}, subject=f"home.page:{source.pk}", heading="home.articles")
    make.issue(14, title="Autre chose", items=[item], live=True)
    index()
    assert answer(client, "maagdenpalm").results.total == 2
    translated.unpublish()
    index()
    nothing_of(client, "maagdenpalm")


def test_results_ask_again_whether_it_may_be_said(client, index):  # noqa: F811
    """The index may be seconds behind: cards and passages are of now."""
    of = library.reference("Étude pervenche")
    made = make.issue(
        14, title="Étude pervenche", lead_subject=Reference.subject_of(of.pk), lead="Tout sur la pervenche", live=True
    )
    of.audiences = ["body:LO"]
    of.save()
    key = f"{Issue.subject_of(made.pk)}/"
    kind = IssueKind()
    public = frozenset({"public"})
    found = kind.found({key: ["", "brief-1"]}, audiences=public, language="fr")
    assert list(found) == [key] and "pervenche" not in repr(found)


def test_what_is_not_live_gives_neither_card_nor_passage_nor_address():
    draft = make.issue(14)
    key = f"{Issue.subject_of(draft.pk)}/"
    kind = IssueKind()
    public = frozenset({"public"})
    assert kind.found({key: [""]}, audiences=public, language="fr") == {}
    assert [issue_id_of(odd) for odd in ("newsletter.issue:x", "newsletter.issue:", "newsletter.issue:7/1")] == [
        0,
        0,
        7,
    ]


def test_issues_that_speak_of_something_are_asked_for_in_one_query(django_assert_num_queries):
    of = library.reference("Étude pervenche")
    subject = Reference.subject_of(of.pk)
    lead = make.issue(13, lead_subject=subject, live=True)
    item = make.issue(14, items=[about(of, "Un"), about(of, "Deux")], live=True)
    make.issue(15, items=[about(of, "Un")])
    with django_assert_num_queries(1):
        assert set(issues_that_speak_of([subject, "home.page:1"])) == {
            Issue.subject_of(lead.pk),
            Issue.subject_of(item.pk),
        }


def test_entries_of_one_and_of_twenty_issues_take_the_same_queries():
    made = [
        make.issue(number, items=[about(library.reference(f"Étude {number}"), "Un")], live=True)
        for number in range(1, 21)
    ]
    counts = []
    for some in (made[:1], made):
        with CaptureQueriesContext(connection) as asked:
            assert all(entries for _subject, entries in IssueKind().entries([Issue.subject_of(one.pk) for one in some]))
        counts.append(len(asked))
    assert counts[0] == counts[1]


# Of three kinds at once, with notices, pages and the names of themes and groups; the frame's own among them.
MOST_QUERIES = {"/fr/chercher/?q=lavande": 15, "/fr/": 14, "/nl/": 14}


def test_a_page_of_results_of_every_kind_and_the_home_page_cost_a_fixed_number_of_queries(client, index):  # noqa: F811
    theme = library.concept("odeurs", "Odeurs")

    def put_in(number: int) -> None:
        reference = library.reference(
            f"Étude lavande {number}", abstract={"fr": "Tout sur la lavande.", "source": "fr"}, concepts=[theme]
        )
        library.file(reference, "La lavande.", "Encore la lavande.", content=b"%%PDF %d" % number)
        pages.page(f"Page lavande {number}", slug=f"lavande-{number}", body=[("text", "<p>De la lavande.</p>")])
        make.issue(number, title=f"Lavande {number}", lead="Lavande.", items=[about(reference, "Lavande")], live=True)
        rebuild()

    counts: dict[str, list[int]] = {address: [] for address in MOST_QUERIES}
    for numbers in ((14,), (15, 16)):
        for number in numbers:
            put_in(number)
        for address, counted in counts.items():
            client.get(address)
            with CaptureQueriesContext(connection) as asked:
                assert client.get(address).status_code == 200
            counted.append(len(asked))
    assert all(few == many <= MOST_QUERIES[address] for address, (few, many) in counts.items()), counts
    assert {row.card.subject.partition(":")[0] for row in answer(client, "lavande").rows} == {
        "library.reference",
        "home.page",
        "newsletter.issue",
    }
