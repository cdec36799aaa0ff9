import pytest

from kb.library.linking import resolve_marks
from tests.kb.library import builders as make

pytestmark = pytest.mark.django_db
PUBLIC = frozenset({"public"})


def test_mark_in_a_page_leads_to_the_reference_for_those_who_may_see_it():
    opened = make.reference("Guide du locataire", audiences=["public"])
    closed = make.reference("Note interne", audiences=["members"])
    found = resolve_marks([opened.mark, closed.mark, "ZZ 1999/1", "nonsense"], audiences=PUBLIC, language="fr")
    assert list(found) == [opened.mark]
    assert found[opened.mark].title == "Guide du locataire"
    assert found[opened.mark].url.endswith(f"{opened.mark_slug}/")


def test_sitemap_lists_public_references_under_each_language_and_no_other(client):
    opened = make.reference("Guide du locataire", audiences=["public"])
    closed = make.reference("Note interne", audiences=["members"])
    text = client.get("/sitemap.xml").content.decode()
    for start in ("/fr/bibliotheque/", "/nl/bibliotheek/", "/en/library/"):
        assert f"{start}{opened.mark_slug}/</loc>" in text
    assert closed.mark_slug not in text
