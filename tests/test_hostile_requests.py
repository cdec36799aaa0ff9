"""Requests that nobody's browser makes: no error of ours, no seconds of work, no link to another site."""

from __future__ import annotations

import time

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.kb.library import builders as make
from tests.kb.library.conftest import index  # noqa: F401

PATHS = [
    *("//evil.example/", "//[x/", "/\\evil.example/", "//evil.example/fr/", "/fr//evil.example/", "/fr/%00/", "/%00", "/fr/bibliotheque/%00/"),
    *("/fr/..;/admin/", "/fr/%2e%2e/admin/", "/media/%2e%2e/db.sqlite3", "/static/%2e%2e/%2e%2e/settings/base.py", "/fr/" + "a/" * 1500),
    *("/documents/1/x.pdf", "/fr/documents/1/x.pdf", "/fr/images/x/1/original/", "/sitemap.xml?p=x", "/sitemap.xml?p=%00", "/fr/contact/%F0%28%8C/"),
]
QUESTIONS = {
    "nothing": "\x00",
    "half a letter": "\ud800".encode("utf-8", "replace").decode(),
    "a pasted book": "mot " * 25_000,
    "five thousand words": " ".join(f"mot{number}" for number in range(5000)),
    "short words": "a e i o u " * 50,
    "quotes never closed": '"' * 500,
    "a long phrase": '"' + "de la " * 80 + '"',
    "only exclusions": "-mot " * 100,
    "filters": "annee:2010 type:x theme:y groupe:GT " * 14,
    "a pattern": "((((a+)+)+)+)+$" * 30,
    "stars": "*" * 500,
    "marks on one letter": "e" + "\u0301" * 499,
    "elisions": "l'" * 250,
    "digits": "1" * 500,
    "signs that grow": "ﷺ" * 500,
    "markup": "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>",
}
MANY = "&".join(f"{name}=v{at}" for at in range(160) for name in ("theme", "group", "type", "year", "lang", "where"))
PARAMETERS = ["page=-1", "page=1e9", "page=99999999999999999999", "page=%00", "sort=%00", "year=0000-9999", "year=-", "theme=%00", "where=x"]


@pytest.mark.parametrize("path", PATHS)
def test_an_odd_path_is_not_found_and_links_to_no_other_site(db, path):
    response = Client().generic("GET", "/", PATH_INFO=_decoded(path), QUERY_STRING=path.partition("?")[2])
    assert response.status_code in (301, 302, 400, 404)
    assert not response.headers.get("Location", "").startswith(("//", "http", "/\\"))
    shown = response.content.decode()
    assert 'href="//' not in shown
    assert 'href="http://evil' not in shown
    assert "evil.example/" not in "".join(part.partition('"')[0] for part in shown.split('href="http')[1:])


def _decoded(path: str) -> str:
    from urllib.parse import unquote_to_bytes

    return unquote_to_bytes(path.partition("?")[0]).decode("latin-1")


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_question_breaks_the_search_or_takes_a_second(index, db, name):  # noqa: F811
    reference = make.reference()
    make.file(reference, *("Le logement de la commune et l’accueil des primo-arrivants. " * 40 for _page in range(20)))
    index()
    slug = reference.mark_slug
    for address in ("/fr/chercher/", "/nl/zoeken/suggestions/", f"/fr/bibliotheque/{slug}/lire/1.1/1/", f"/r/{slug}/1.1/1", "/fr/plan/", "/fr/rien/"):
        began = time.process_time()
        response = Client().get(address, {"q": QUESTIONS[name], "hit": "2"})
        assert response.status_code in (200, 302, 404), address
        assert "<script>alert" not in response.content.decode()
        assert time.process_time() - began < 1, address


@pytest.mark.parametrize("parameters", [*PARAMETERS, MANY])
def test_no_parameter_breaks_the_search(index, db, parameters):  # noqa: F811
    make.reference()
    index()
    for address in ("/fr/chercher/?q=accueil&", "/fr/chercher/?", "/fr/chercher/suggestions/?q=acc&", "/fr/bibliotheque/?"):
        assert Client().get(address + parameters).status_code == 200


def test_a_nul_is_never_sent_to_the_database(index, db):  # noqa: F811
    """PostgreSQL refuses it with an error."""
    index()
    sent = []

    def note(execute, sql, values, many, context):
        sent.extend(value for value in (values or ()) if isinstance(value, str) and "\x00" in value)
        return execute(sql, values, many, context)

    with connection.execute_wrapper(note):
        for path in ("/fr/a%00b/", "/a%00b/", "/fr/bibliotheque/a%00b/", "/r/%00"):
            assert Client().get(path).status_code == 404
        for address in ("/fr/chercher/suggestions/", "/fr/chercher/", "/fr/bibliotheque/", "/sitemap.xml"):
            Client().get(address, {"q": "acc\x00b", "theme": "a\x00b", "group": "a\x00b", "type": "\x00"})
    assert not sent


@pytest.mark.parametrize("back", ["//evil.example", "/\\evil.example", "https:evil.example", "javascript:alert(1)", "/" + "a" * 5000, "\x00"])
def test_the_choice_of_colours_leads_to_no_other_site(db, back):
    response = Client().post(reverse("theme"), {"theme": "dark", "next": back})
    assert response.status_code == 302
    assert response.headers["Location"] == "/"
