import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from home.indexing import PageKind
from search.models import Outbox
from tests.home.builders import home, page

pytestmark = pytest.mark.django_db
PUBLIC = frozenset({"public"})


@pytest.fixture
def waiting():
    """Subjects in the outbox since the last look."""

    def look() -> set[str]:
        found = set(Outbox.objects.values_list("subject", flat=True))
        Outbox.objects.all().delete()
        return found

    look()
    return look


def entries_of(*pages):
    return dict(PageKind().entries([made.search_subject() for made in pages]))


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
def test_live_page_is_one_entry_in_its_language_with_the_words_of_its_body(language):
    made = page(
        "Contact",
        language=language,
        slug="contact",
        intro="Introduction.",
        date=datetime.date(2013, 1, 14),
        body=[
            ("text", "<h2>Adresse</h2><p>Permanence du mardi</p>"),
            ("quotation", {"text": "Cité ici", "source": "Rapport"}),
        ],
    )
    (entry,) = entries_of(made)[made.search_subject()]
    assert entry.languages == (language,)
    assert entry.audiences == PUBLIC
    assert (entry.year, entry.type) == (2013, "article")
    text = entry.sections[0].text
    for words in ("Introduction.", "Adresse", "Permanence du mardi", "Cité ici", "Rapport"):
        assert words in text


def test_draft_and_unknown_pages_have_no_entry():
    draft = page("Brouillon", slug="brouillon", live=False)
    assert dict(PageKind().entries([draft.search_subject(), "home.page:999999"])) == {
        draft.search_subject(): [],
        "home.page:999999": [],
    }


def test_words_not_translated_yet_do_not_make_a_dutch_page_findable():
    french = page("Aide", slug="aide", body=[("text", "<p>Une phrase française.</p>")])
    dutch = page(
        "Hulp",
        language="nl",
        of=french,
        slug="hulp",
        body=[("text", "<p>Une phrase française.</p>"), ("text", "<p>Een vertaalde zin.</p>")],
    )
    text = entries_of(dutch)[dutch.search_subject()][0].sections[0].text
    assert "Een vertaalde zin." in text
    assert "phrase" not in text


def test_card_and_section_are_kept_from_readers_who_may_not_see_the_page():
    made = page("Réservé", slug="reserve", audiences=["members"])
    key = made.search_subject() + "/"
    assert PageKind().found({key: [""]}, audiences=PUBLIC, language="fr") == {}
    found = PageKind().found({key: [""]}, audiences=frozenset({"public", "members"}), language="fr")[key]
    assert found.card.title == "Réservé" and found.sections[""].url == found.card.url


def test_entries_cost_the_same_number_of_queries_for_one_page_as_for_ten():
    pages = [page(f"Page {number}", slug=f"page-{number}") for number in range(10)]
    list(PageKind().entries([pages[0].search_subject()]))  # site roots are asked for once
    with CaptureQueriesContext(connection) as one:
        list(PageKind().entries([pages[0].search_subject()]))
    with CaptureQueriesContext(connection) as ten:
        list(PageKind().entries([made.search_subject() for made in pages]))
    assert len(ten) == len(one)


def test_every_change_of_a_page_is_recorded(waiting):
    made = page("Contact", slug="contact")
    assert waiting() == {made.search_subject()}
    made.title = "Nous écrire"
    made.save_revision().publish()
    assert made.search_subject() in waiting()
    made.unpublish()
    assert made.search_subject() in waiting()
    made.delete()
    assert made.search_subject() in waiting()


def test_move_and_new_address_are_recorded_for_the_whole_branch(waiting):
    parent = page("Parent", slug="parent")
    child = page("Enfant", slug="enfant", parent=parent)
    other = page("Autre", slug="autre")
    waiting()
    parent.refresh_from_db()
    parent.move(other, pos="last-child")
    assert {parent.search_subject(), child.search_subject()} <= waiting()
    parent = type(parent).objects.get(pk=parent.pk)
    parent.slug = "nouveau-nom"
    parent.save()
    assert {parent.search_subject(), child.search_subject()} <= waiting()


def test_new_audience_of_the_source_is_recorded_for_its_translations(waiting):
    french = page("Note", slug="note")
    dutch = page("Nota", language="nl", of=french, slug="nota")
    waiting()
    french.audiences = ["members"]
    french.save()
    assert {french.search_subject(), dutch.search_subject()} <= waiting()


def test_scheduled_expiry_of_a_plain_page_object_is_recorded(waiting):
    from wagtail.models import Page

    made = page("Annonce", slug="annonce")
    waiting()
    Page.objects.get(pk=made.pk).unpublish()
    assert made.search_subject() in waiting()


def test_subjects_are_all_pages_and_articles():
    made = page("Une page", slug="une-page")
    assert list(PageKind().subjects()) == [made.search_subject()]
    assert home().search_subject() == ""
