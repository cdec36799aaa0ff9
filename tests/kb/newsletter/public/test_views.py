"""Pages of the issues: there for everyone once approved, in each language;
what is not approved is not there for anybody.
"""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kb.languages import CODES
from kb.library.models import Reference
from kb.newsletter.models import Issue, NewsletterSettings
from tests.kb.library import builders as library
from tests.kb.library.conftest import index, readers  # noqa: F401
from tests.kb.newsletter import builders as make

pytestmark = pytest.mark.django_db

TITLE = {"fr": "L’accueil change de porte", "nl": "Het onthaal verhuist", "source": "fr"}


def page(client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def plain(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.mark.parametrize("language", CODES)
def test_an_issue_has_a_page_in_each_language(client, language):
    make.issue(
        14,
        title=TITLE,
        lead="Au rez-de-chaussée.",
        lead_url="https://example.org/plan",
        live=True,
        items=[make.item("Une permanence")],
    )
    found = page(client, f"/{language}/echos/14/")
    shown_in = language if language in TITLE else "fr"
    assert f'<html lang="{language}"' in found
    assert f'<h1 lang="{shown_in}">' in found
    assert re.search(r'<a class="button button--main" href="https://example.org/plan">', found)
    assert 'id="brief-1"' in found
    assert 'aria-current="true">L' in found


def test_what_is_in_another_language_carries_it_and_says_so(client):
    make.issue(14, title=TITLE, live=True, items=[make.item("Une permanence", text="Le mardi.")])
    found = page(client, "/nl/echos/14/")
    assert '<h3 class="brief__title" id="brief-1-title" lang="fr">' in found
    assert '<div class="issue__text" lang="fr">' in found
    assert "In het Frans" in found
    assert "In het Frans" not in page(client, "/fr/echos/14/")
    assert found.count("In het Frans") == 1


def test_an_issue_not_written_in_a_language_says_where_it_is_and_is_not_indexed_there(client):
    make.issue(14, title=TITLE, live=True)
    english, dutch = page(client, "/en/echos/14/"), page(client, "/nl/echos/14/")
    assert '<meta name="robots" content="noindex">' in english
    assert "This page does not exist in English yet." in english
    assert "In French" not in plain(english).replace("You are reading it in French", "")
    assert '<link rel="canonical" href="http://testserver/fr/echos/14/">' in english
    assert "noindex" not in dutch
    assert '<link rel="canonical" href="http://testserver/nl/echos/14/">' in dutch
    for found in (english, dutch):
        assert set(re.findall(r'<link rel="alternate" hreflang="(..)" href="([^"]+)"', found)) == {
            (code, f"http://testserver/{code}/echos/14/") for code in ("fr", "nl")
        }


def test_language_tabs_lead_to_the_issue_in_each_language(client):
    make.issue(14, title=TITLE, live=True)
    tabs = re.findall(r'class="languages__tab" href="([^"]+)"', page(client, "/en/echos/14/"))
    assert tabs == ["/fr/echos/14/", "/nl/echos/14/", "/en/echos/14/"]


def test_earlier_issues_and_neighbours_are_live_ones(client):
    for number in range(10, 16):
        make.issue(number, title=f"Titre {number}", date=date(2012, number - 5, 1), live=number != 13)
    found = page(client, "/fr/echos/14/")
    assert re.search(r'rel="prev" href="/fr/echos/12/"', found)
    assert re.search(r'rel="next" href="/fr/echos/15/"', found)
    aside = found.partition('id="earlier"')[2].partition("</ul>")[0]
    assert re.findall(r"/fr/echos/(\d+)/", aside) == ["12", "11", "10"]
    assert "Titre 13" not in found
    assert 'rel="prev"' not in page(client, "/fr/echos/10/")
    assert 'rel="next"' not in page(client, "/fr/echos/15/")


def test_the_page_offers_the_subscription_and_names_the_feed(client):
    make.issue(14, live=True)
    for address in ("/fr/echos/14/", "/fr/echos/"):
        found = page(client, address)
        assert '<link rel="alternate" type="application/atom+xml"' in found
        assert 'href="/fr/echos/fil.atom"' in found
        assert '<form method="post" action="/fr/echos/abonnement/">' in found
        assert '<input type="hidden" name="language" value="fr">' in found
        assert 'name="email"' in found


@pytest.mark.parametrize(("weeks", "said"), [(1, "About one message a week."), (6, "About one message every 6 weeks.")])
@pytest.mark.parametrize("address", ["/en/echos/", "/en/echos/14/"])
def test_who_subscribes_reads_the_rhythm_the_editors_gave_themselves(client, address, weeks, said):
    make.issue(14, live=True)
    NewsletterSettings.objects.update_or_create(defaults={"every_weeks": weeks})
    assert f"{said} We track neither opens nor clicks." in plain(page(client, address)).replace("\u00a0", " ")


def answer_of(client, method: str, address: str) -> tuple:
    answer = getattr(client, method)(address)
    return answer.status_code, sorted(answer.headers.items()), answer.content


@pytest.mark.parametrize("reader", ["anyone", "member", "other", "consultant", "editor"])
@pytest.mark.parametrize("method", ["get", "head", "options", "post"])
def test_an_issue_that_is_not_approved_answers_as_one_that_is_not_there(readers, reader, method):  # noqa: F811
    make.issue(14, title="Secret bruyère")
    client = readers.named(reader)
    addresses = [f"/{code}/echos/14/" for code in CODES]
    there = [answer_of(client, method, address) for address in addresses]
    Issue.objects.all().delete()
    assert [answer_of(client, method, address) for address in addresses] == there
    assert {answer[0] for answer in there} == ({404} if method in ("get", "head") else {405})


@pytest.mark.parametrize("method", ["post", "put", "delete", "options"])
def test_pages_are_read_only(client, method):
    make.issue(14, live=True)
    for address in ("/fr/echos/", "/fr/echos/14/", "/fr/echos/fil.atom"):
        assert getattr(client, method)(address).status_code == 405


@pytest.mark.parametrize("reader", ["anyone", "member", "other", "consultant", "editor"])
def test_a_draft_and_what_is_written_since_the_approval_are_nowhere(readers, reader):  # noqa: F811
    make.issue(13, title="Secret bruyère", items=[make.item("Secret bruyère")])
    public = make.issue(14, title="Publié", live=True)
    public.title = {"fr": "Changé bruyère", "source": "fr"}
    public.save_revision()
    for code in CODES:
        feed = "fil.atom" if code == "fr" else "feed.atom"
        for address in (
            f"/{code}/echos/",
            f"/{code}/echos/?year=2026",
            f"/{code}/echos/14/",
            f"/{code}/echos/{feed}",
            f"/{code}/",
            "/sitemap-newsletter.xml",
        ):
            assert "bruyère" not in readers.named(reader).get(address).content.decode(), address
    assert "/echos/13/" not in readers.named(reader).get("/sitemap-newsletter.xml").content.decode()


@pytest.mark.parametrize("reader", ["anyone", "member", "editor"])
def test_what_was_closed_since_vanishes_for_everybody_without_a_trace(index, readers, reader):  # noqa: F811
    closed = library.reference("Étude pervenche")
    items = [
        make.item("Avant"),
        make.item("Étude pervenche", subject=Reference.subject_of(closed.pk), heading="library.references"),
        make.item("Après"),
    ]
    make.issue(14, title="Étude pervenche", lead_subject=Reference.subject_of(closed.pk), items=items, live=True)
    make.issue(15, live=True)
    client = readers.named(reader)
    assert "pervenche" in page(client, "/fr/echos/14/")
    closed.audiences = ["body:PA"]
    closed.save()
    index()
    home = ("/fr/",) if reader == "anyone" else ()  # it names to members what they may see in the library
    for address in (
        "/fr/echos/14/",
        "/nl/echos/14/",
        "/fr/echos/15/",
        "/fr/echos/",
        "/fr/echos/fil.atom",
        "/nl/echos/feed.atom",
        *home,
    ):
        found = page(client, address)
        assert "pervenche" not in found, address
        assert closed.mark_slug not in found, address
    assert re.findall(r'<span class="brief__number">(\d+)</span>', page(client, "/fr/echos/14/")) == ["1", "2"]


def test_texts_are_shown_as_texts(client):
    hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    make.issue(14, title=hostile, lead=hostile, live=True, items=[make.item(hostile, text=hostile)])
    for address in ("/fr/echos/14/", "/fr/echos/", "/nl/echos/14/", "/fr/echos/fil.atom"):
        assert "<script>alert" not in page(client, address)
        assert "<img src=x" not in page(client, address)


# The archive


def test_the_archive_has_the_newest_issue_first_by_year_with_counts(client):
    for number, day in ((1, date(2012, 3, 1)), (2, date(2012, 10, 1)), (3, date(2013, 2, 1))):
        make.issue(number, title=f"Titre {number}", date=day, live=True)
    found = page(client, "/en/echos/")
    assert re.findall(r'<a href="/en/echos/(\d)/"', found) == ["3", "2", "1"]
    assert re.findall(r'<h2 class="rule" id="year-\d">(\d+)</h2>', found) == ["2013", "2012"]
    assert "2013 1 issue 2012 2 issues" in plain(found.partition("By year")[2])
    narrowed = page(client, "/en/echos/?year=2012")
    assert re.findall(r'<a href="/en/echos/(\d)/"', narrowed) == ["2", "1"]
    assert '<meta name="robots" content="noindex">' in narrowed


def test_an_empty_archive_says_what_is_true_and_how_to_be_told(client):
    make.issue(14)
    found = page(client, "/en/echos/")
    assert "No issue has appeared yet. Leave your address: the first one will come to you." in found
    assert 'name="email"' in found


@pytest.mark.parametrize(
    "asked",
    [
        "year=abc",
        "year=0000",
        "year=99999999999999999999",
        "year=%00",
        "year=٢٠١٣",
        "page=-1",
        "page=9e9",
        "page=%00",
        "page=0",
        "page=999999",
    ],
)
def test_what_stands_in_the_address_is_read_leniently(client, asked):
    make.issue(14, title="Publié", live=True)
    assert "Publié" in page(client, f"/fr/echos/?{asked}")


@pytest.mark.parametrize("number", ["0", "15", "2147483648", "9223372036854775808", "9" * 400, "9" * 5000])
def test_a_number_that_no_issue_has_is_not_found(client, number):
    make.issue(14, live=True)
    assert client.get(f"/fr/echos/{number}/").status_code == 404


@pytest.mark.parametrize("number", ["-1", "1.5", "abc", "%00", "14%20"])
def test_what_is_no_number_is_not_found(client, number):
    make.issue(14, live=True)
    assert client.get(f"/fr/echos/{number}/").status_code == 404


def many(count: int) -> None:
    """So many issues, public as the approval would leave them, each with a lead of the library."""
    about = [Reference.subject_of(library.reference(f"Étude {number}").pk) for number in range(5)]
    issues = [
        Issue(
            number=number,
            title={"fr": f"Titre {number}", "source": "fr"},
            date=date(1990 + number // 30, 1 + number % 12, 1),
            lead_subject=about[number % 5],
        )
        for number in range(1, count + 1)
    ]
    Issue.objects.bulk_create(issues)
    # Straight to the rows: a thousand workflows would test nothing more.
    with connection.cursor() as cursor:
        cursor.execute("UPDATE newsletter_issue SET live = true")


@pytest.mark.parametrize(
    "address", ["/fr/echos/", "/fr/echos/?page=2", "/nl/echos/?year=1991", "/fr/echos/40/", "/fr/echos/fil.atom"]
)
def test_twice_as_many_issues_ask_no_more_of_the_database_than_sixty(client, address):
    many(60)
    counts = []
    for more in (0, 60):
        if more:
            Reference.objects.all().delete()
            Issue.objects.all().delete()
            many(120)
        client.get(address)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_every_page_of_a_hundred_issues_is_reached(client):
    many(100)
    first = page(client, "/fr/echos/")
    assert len(re.findall(r'<a href="/fr/echos/\d+/"', first)) == 30
    assert 'rel="next" href="?page=2"' in first
    last = page(client, "/fr/echos/?page=4")
    assert len(re.findall(r'<a href="/fr/echos/\d+/"', last)) == 10
    assert 'rel="next"' not in last


# The frame, machines


@pytest.mark.parametrize("language", CODES)
def test_the_section_has_its_tab_and_the_footer_its_link(client, language):
    found = page(client, f"/{language}/echos/")
    assert re.search(rf'<a class="tabs__tab" href="/{language}/echos/" aria-current="page">', found)
    assert re.search(rf'<li><a href="/{language}/echos/(abonnement|subscription)/">', found)


def test_the_map_for_machines_holds_live_issues_in_the_languages_they_are_written_in(client):
    make.issue(13)
    make.issue(14, title=TITLE, live=True)
    make.issue(15, title="Seul", live=True, items=[make.item({"en": "An item", "source": "en"})])
    found = re.findall(r"<loc>http://testserver(/[^<]+)</loc>", page(client, "/sitemap-newsletter.xml"))
    assert sorted(found) == ["/en/echos/15/", "/fr/echos/14/", "/fr/echos/15/", "/nl/echos/14/"]


def test_the_map_for_machines_tells_nothing_of_what_is_no_longer_public_nor_of_what_is_being_written(client):
    closed, lead = library.reference("Studie"), library.reference("Étude")
    items = [make.item({"nl": "Studie", "source": "nl"}, subject=Reference.subject_of(closed.pk)), make.item("Avant")]
    made = make.issue(14, items=items, live=True)
    make.issue(
        15, lead_subject=Reference.subject_of(lead.pk), live=True, items=[make.item({"en": "An item", "source": "en"})]
    )

    def told() -> list[str]:
        return re.findall(r"<loc>http://testserver(/[^<]+)</loc>", page(client, "/sitemap-newsletter.xml"))

    assert sorted(told()) == ["/en/echos/15/", "/fr/echos/14/", "/fr/echos/15/", "/nl/echos/14/"]
    for reference in (closed, lead):
        reference.audiences = ["body:PA"]
        reference.save()
    assert sorted(told()) == ["/en/echos/15/", "/fr/echos/14/"]
    before = [page(client, address) for address in ("/sitemap-newsletter.xml", "/fr/echos/fil.atom")]
    made.title = {"fr": "Un brouillon", "source": "fr"}
    made.save_revision()
    Issue.objects.filter(pk=made.pk).update(updated_at="2030-01-01T00:00:00Z")
    assert [page(client, address) for address in ("/sitemap-newsletter.xml", "/fr/echos/fil.atom")] == before


def test_pages_of_one_reader_are_kept_by_no_shared_cache():
    make.issue(14, live=True)
    for address in ("/fr/echos/", "/fr/echos/14/"):
        answer = Client().get(address)
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert "Cookie" in answer.headers["Vary"]


@pytest.mark.parametrize("language", CODES)
def test_the_home_page_names_the_issue_that_appeared_last_and_only_what_is_public(client, language):
    home = f"/{language}/"
    assert 'id="latest-issue"' not in page(client, home)
    of = library.reference("Étude pervenche")
    make.issue(13, title="Un ancien", date=date(2012, 1, 1), live=True)
    make.issue(14, title="Numéro pervenche", date=date(2013, 1, 1), lead_subject=Reference.subject_of(of.pk), live=True)
    make.issue(15, title="Secret bruyère", date=date(2014, 1, 1))

    def said() -> str:
        return page(client, home).partition('id="latest-issue"')[2].partition("</section>")[0]

    assert f'<a href="/{language}/echos/14/" lang="fr">Numéro pervenche</a>' in said()
    assert "bruyère" not in page(client, home)
    of.delete()
    assert f'href="/{language}/echos/14/"' in said()
    assert "pervenche" not in page(client, home)
