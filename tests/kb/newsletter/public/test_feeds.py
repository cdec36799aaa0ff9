"""The feed of each language: Atom that readers of feeds understand, the same bytes while nothing changes, nothing that
is not public.
"""

from __future__ import annotations

from datetime import date
from xml.etree import ElementTree

import pytest
from django.test import Client

from kb.languages import CODES, word_in
from kb.library.models import Reference
from kb.newsletter.models import Issue
from kb.newsletter.public.feeds import LATEST
from tests.kb.library import builders as library
from tests.kb.newsletter import builders as make

pytestmark = pytest.mark.django_db

ATOM = "{http://www.w3.org/2005/Atom}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
TITLE = {"fr": "L’accueil change de porte", "nl": "Het onthaal verhuist", "source": "fr"}


@pytest.fixture(autouse=True)
def _place(settings):
    settings.WAGTAILADMIN_BASE_URL = "https://www.cass.example"


def address(language: str) -> str:
    return f"/{language}/echos/{word_in('feed', language)}"


def tree(client, language: str = "fr") -> ElementTree.Element:
    answer = client.get(address(language))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    return ElementTree.fromstring(answer.content)


def entries(client, language: str = "fr") -> list[ElementTree.Element]:
    return tree(client, language).findall(f"{ATOM}entry")


@pytest.mark.parametrize("language", CODES)
def test_the_feed_is_in_its_language_and_says_where_it_is(client, language):
    make.issue(14, title=TITLE, live=True)
    feed = tree(client, language)
    links = {(link.get("rel"), link.get("href")) for link in feed.findall(f"{ATOM}link")}
    assert links == {
        ("alternate", f"http://testserver/{language}/echos/"),
        ("self", f"http://testserver{address(language)}"),
    }
    assert feed.get(LANG) == language
    assert feed.findtext(f"{ATOM}id") == f"tag:www.cass.example,2012:newsletter:{language}"
    assert feed.findtext(f"{ATOM}author/{ATOM}name")
    assert feed.findtext(f"{ATOM}updated")


def test_an_entry_has_a_name_that_stays_its_dates_its_language_and_the_whole_issue(client):
    issue = make.issue(
        14, title=TITLE, lead="Au rez-de-chaussée.", items=[make.item("Une permanence", text="Le mardi.")], live=True
    )
    (entry,) = entries(client, "en")
    assert entry.get(LANG) == "fr"
    assert entry.findtext(f"{ATOM}id") == "tag:www.cass.example,2012:newsletter:14:en"
    assert entry.findtext(f"{ATOM}updated") == issue.last_published_at.isoformat(timespec="microseconds")
    assert entry.findtext(f"{ATOM}published") == issue.first_published_at.isoformat(timespec="microseconds")
    assert entry.find(f"{ATOM}link").get("href") == "http://testserver/en/echos/14/"
    assert entry.find(f"{ATOM}summary").get("type") == entry.find(f"{ATOM}content").get("type") == "html"
    assert "Au rez-de-chaussée." in entry.findtext(f"{ATOM}summary")
    content = entry.findtext(f"{ATOM}content")
    assert "Une permanence" in content and '<div lang="fr">' in content and "In French" in content
    assert issue.date.year == 2026


def test_a_new_approval_gives_the_same_name_a_new_date(client):
    issue = make.issue(14, live=True)
    (before,) = entries(client)
    issue.title = {"fr": "Autrement dit", "source": "fr"}
    make.approve(issue)
    (after,) = entries(client)
    assert after.findtext(f"{ATOM}title") == "Autrement dit"
    assert after.findtext(f"{ATOM}id") == before.findtext(f"{ATOM}id")
    assert after.findtext(f"{ATOM}updated") > before.findtext(f"{ATOM}updated")
    assert after.findtext(f"{ATOM}published") == before.findtext(f"{ATOM}published")


def test_links_inside_an_entry_are_whole(client):
    of = library.reference("Étude pervenche")
    items = [
        make.item("Étude", subject=Reference.subject_of(of.pk), heading="library.references"),
        make.item("Ailleurs", url="https://example.org/a"),
    ]
    make.issue(14, items=items, live=True)
    content = entries(client)[0].findtext(f"{ATOM}content")
    assert f'href="http://testserver/fr/bibliotheque/{of.mark_slug}/"' in content
    assert 'href="https://example.org/a"' in content
    assert 'href="/' not in content


def test_the_feed_has_the_latest_issues_newest_first(client):
    for number in range(1, LATEST + 4):
        make.issue(number, date=date(2012, 1, 1), live=True)
    titles = [entry.findtext(f"{ATOM}id").split(":")[-2] for entry in entries(client)]
    assert titles == [str(number) for number in range(LATEST + 3, 3, -1)]


def test_an_empty_feed_is_a_feed_and_the_same_each_time(client):
    assert entries(client) == []
    assert client.get(address("fr")).content == client.get(address("fr")).content


@pytest.mark.parametrize("sign", ["\x0b", "\x1b", "\x08", "\ufffe", "\uffff", "]]>", "&", "<b>", "\u2028", "😀"])
def test_no_sign_of_a_pasted_text_breaks_the_feed(client, sign):
    make.issue(
        14,
        title=f"Un{sign}titre",
        lead=f"Un{sign}texte",
        items=[make.item(f"Un{sign}mot", text=f"Deux{sign}mots")],
        live=True,
    )
    (entry,) = entries(client)
    kept = sign if sign in ("]]>", "&", "<b>", "😀") else ""
    assert entry.findtext(f"{ATOM}title") == f"Un{kept}titre"
    assert "<b>" not in entry.findtext(f"{ATOM}content")


def test_a_reader_that_has_it_is_told_so_until_something_changes(client):
    of = library.reference("Étude pervenche")
    make.issue(
        14,
        items=[make.item("Étude pervenche", subject=Reference.subject_of(of.pk), heading="library.references")],
        live=True,
    )
    first = client.get(address("fr"))
    assert first.headers["Cache-Control"] == "no-cache"
    assert "Last-Modified" not in first.headers
    known = {"HTTP_IF_NONE_MATCH": first.headers["ETag"]}
    again = client.get(address("fr"), **known)
    assert (again.status_code, again.content) == (304, b"")
    of.audiences = ["body:PA"]
    of.save()
    changed = client.get(address("fr"), **known, HTTP_IF_MODIFIED_SINCE="Fri, 01 Jan 2100 00:00:00 GMT")
    assert changed.status_code == 200
    assert "pervenche" not in changed.content.decode()


def test_the_feed_is_the_same_for_everyone_and_sets_no_cookie():
    make.issue(14, live=True)
    answer = Client().get(address("fr"))
    assert not answer.cookies
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert Issue.objects.count() == 1
