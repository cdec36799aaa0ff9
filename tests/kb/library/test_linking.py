import re
from itertools import product

import pytest
from django.contrib.sites.requests import RequestSite
from django.db import connection
from django.utils import timezone

from kb.accounts.audiences import may_see
from kb.accounts.models import User
from kb.library.choices import ReferenceState
from kb.library.linking import ReferenceSitemap, resolve_marks
from kb.library.models import Reference
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


def addresses(response) -> list[str]:
    return re.findall(r"<loc>http://testserver([^<]+)</loc>", response.content.decode())


def test_what_is_public_is_chosen_by_the_database():
    opened = make.reference("Ouvert", audiences=["public"])
    both = make.reference("Ouvert aussi", audiences=["members", "public"])
    make.reference("Membres", audiences=["members"])
    make.reference("Groupe", audiences=["body:PUBLIC"])
    make.reference("À personne", audiences=[])
    make.reference("Brouillon", audiences=["public"], state="draft")
    assert set(Reference.objects.public()) == {opened, both}


HOLDERS = [
    {"public"},
    {"public", "members", "body:PA"},
    {"public", "body:LO"},
    {"public", "referent:PA"},
    {"public", "members", "person:1"},
    {"public", "person:2", "referent:LO"},
    {"public", "body:PA", "person:1"},
    {"public", "members", "body:PA", "referent:PA", "person:2"},
    {"public", "body:LO", "body:PA", "referent:LO", "referent:PA"},
    {"public", "staff"},
]


def test_the_database_chooses_what_each_reference_says_of_its_readers():
    """In every state, of an author or of none, for every kind of audience, accepted once or never."""
    for number in (1, 2):
        User.objects.create_user(f"person{number}@example.org", "secret-word", pk=number)
    ways = product(
        ReferenceState.values,
        ((None, "PA"), (1, "PA"), (2, "PA"), (2, "LO")),
        (["public"], ["members"], ["body:LO", "body:PA"], ["body:LOGE"]),
        (None, timezone.now()),
    )
    bodies = {code: make.body(code) for code in ("PA", "LO")}
    Reference.objects.bulk_create(
        Reference(
            body=bodies[code],
            title="Guide",
            state=state,
            audiences=audiences,
            created_by_id=author,
            accepted_at=once,
            mark_year=2012,
            mark_number=number,
        )
        for number, (state, (author, code), audiences, once) in enumerate(ways, 1)
    )
    rows = list(Reference.objects.select_related("body"))
    for held in HOLDERS:
        wanted = {one for one in rows if one.is_open_to(held)}
        assert wanted.issuperset(one for one in rows if may_see(held, one.effective_audiences)), held
        assert set(Reference.objects.seen_by(held)) == wanted, held
        assert wanted


def test_a_store_that_looks_into_lists_is_asked_to(monkeypatch):
    monkeypatch.setattr(connection.features, "supports_json_field_contains", True)
    condition = Reference.objects.public().query.where.children[-1]
    assert (condition.lookup_name, condition.rhs) == ("contains", ["public"])


def test_one_page_of_addresses_is_the_sitemap_and_several_are_listed_in_it(client, monkeypatch):
    marks = [make.reference(f"Guide {number}", audiences=["public"]).mark_slug for number in range(5)]
    closed = make.reference("Note interne", audiences=["members"]).mark_slug
    at_once = [address for address in addresses(client.get("/sitemap.xml")) if marks[0] in address]
    monkeypatch.setattr(ReferenceSitemap, "limit", 4)  # no multiple of three languages
    listed = addresses(client.get("/sitemap.xml"))
    pages = [address for address in listed if address.startswith("/sitemap-references.xml")]
    found = [addresses(client.get(page)) for page in pages]

    assert len(at_once) == 3
    assert "/sitemap-pages.xml" in listed
    assert pages == ["/sitemap-references.xml", *(f"/sitemap-references.xml?p={number}" for number in (2, 3, 4))]
    assert [len(page) for page in found] == [4, 4, 4, 3]
    starts = ("/fr/bibliotheque/", "/nl/bibliotheek/", "/en/library/")
    assert [address for page in found for address in page] == [f"{start}{mark}/" for mark in marks for start in starts]
    assert closed not in str(found)


def test_no_address_says_when_it_changed_for_what_changed_may_be_hidden(client, monkeypatch):
    reference = make.reference("Guide", audiences=["public"])
    before = client.get("/sitemap-references.xml")
    make.file(reference, "un texte", audiences=("body:PA",))
    reference.source = "Don de Mme Peeters"
    reference.save()
    after = client.get("/sitemap-references.xml")
    assert (after.content, after.get("Last-Modified")) == (before.content, None)
    assert b"lastmod" not in after.content
    monkeypatch.setattr(ReferenceSitemap, "limit", 2)
    assert b"sitemap-references.xml</loc></sitemap>" in client.get("/sitemap.xml").content.replace(b"\n", b"")


@pytest.mark.parametrize("number", [2, 12])
def test_a_page_of_the_sitemap_takes_two_queries_however_many_references_there_are(
    number, django_assert_num_queries, rf
):
    site = RequestSite(rf.get("/"))
    for one in range(number):
        make.reference(f"Guide {one}", audiences=["public"])
    with django_assert_num_queries(2):
        assert len(ReferenceSitemap().get_urls(page=1, site=site)) == 3 * number


@pytest.mark.parametrize(
    "address",
    [
        "/sitemap-nothing.xml",
        "/sitemap-references.xml?p=2",
        "/sitemap-references.xml?p=x",
        "/sitemap-references.xml?p=0",
    ],
)
def test_a_page_of_the_sitemap_that_is_not_there_is_not_found(client, address):
    assert client.get(address).status_code == 404
