"""Requests that nobody's browser makes: no error of ours, no seconds of work, no link to another site."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.kb.accounts import builders as people
from tests.kb.library import builders as make
from tests.kb.library.conftest import index  # noqa: F401
from tests.test_many_people import OF_EDITORS, OF_MEMBERS

PATHS = [
    *(
        "//evil.example/",
        "//[x/",
        "/\\evil.example/",
        "//evil.example/fr/",
        "/fr//evil.example/",
        "/fr/%00/",
        "/%00",
        "/fr/bibliotheque/%00/",
    ),
    *(
        "/fr/..;/admin/",
        "/fr/%2e%2e/admin/",
        "/media/%2e%2e/db.sqlite3",
        "/static/%2e%2e/%2e%2e/settings/base.py",
        "/fr/" + "a/" * 1500,
    ),
    *(
        "/fr/echos/0/",
        "/fr/echos/-1/",
        "/nl/echos/99999999999999999999/",
        "/en/echos/" + "9" * 5000 + "/",
        "/fr/echos/%00/",
        "/fr/echos/1e3/",
    ),
    *("/fr/echos/abonnement/%00/", "/fr/echos/desabonnement/%00/", "/en/echos/unsubscribe/" + "a" * 5000 + "/"),
    *(
        "/documents/1/x.pdf",
        "/fr/documents/1/x.pdf",
        "/fr/images/x/1/original/",
        "/sitemap.xml?p=x",
        "/sitemap.xml?p=%00",
        "/fr/contact/%F0%28%8C/",
    ),
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
MORE_OF_EDITORS = [
    "/admin/organisation/export/",
    "/admin/snippets/choose/vocabulary/concept/results/",
    "/admin/snippets/choose/library/reference/results/",
    "/admin/snippets/vocabulary/concept/",
    "/admin/organisation/new/",
    "/admin/snippets/newsletter/issue/",
    "/admin/subscribers/",
    "/admin/snippets/choose/newsletter/issue/results/",
]
TOGETHER = (
    ("body", "theme", "p", "page", "waiting", "alike", "resume", "from"),
    ("organisation", "state", "kind", "ordering", "member", "mandate"),
)
PARAMETERS = [
    "page=-1",
    "page=1e9",
    "page=99999999999999999999",
    "page=%00",
    "sort=%00",
    "year=0000-9999",
    "year=abc",
    "year=-",
    "theme=%00",
    "where=x",
]


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
    for address in (
        "/fr/chercher/",
        "/nl/zoeken/suggestions/",
        f"/fr/bibliotheque/{slug}/lire/1.1/1/",
        f"/r/{slug}/1.1/1",
        "/fr/plan/",
        "/fr/rien/",
    ):
        began = time.process_time()
        response = Client().get(address, {"q": QUESTIONS[name], "hit": "2"})
        assert response.status_code in (200, 302, 404), address
        assert "<script>alert" not in response.content.decode()
        assert time.process_time() - began < 1, address


@pytest.mark.parametrize("parameters", [*PARAMETERS, MANY])
def test_no_parameter_breaks_the_search(index, db, parameters):  # noqa: F811
    make.reference()
    index()
    for address in (
        "/fr/chercher/?q=accueil&",
        "/fr/chercher/?",
        "/fr/chercher/suggestions/?q=acc&",
        "/fr/bibliotheque/?",
        "/fr/echos/?",
    ):
        assert Client().get(address + parameters).status_code == 200


@contextmanager
def nuls_sent() -> Iterator[list[str]]:
    """Values with a NUL that go to the database; PostgreSQL refuses each with an error."""
    sent: list[str] = []

    def note(execute, sql, values, many, context):
        sent.extend(value for value in (values or ()) if isinstance(value, str) and "\x00" in value)
        return execute(sql, values, many, context)

    with connection.execute_wrapper(note):
        yield sent


def test_a_nul_is_never_sent_to_the_database(index, db):  # noqa: F811
    index()
    with nuls_sent() as sent:
        for path in ("/fr/a%00b/", "/a%00b/", "/fr/bibliotheque/a%00b/", "/r/%00"):
            assert Client().get(path).status_code == 404
        for address in (
            "/fr/chercher/suggestions/",
            "/fr/chercher/",
            "/fr/bibliotheque/",
            "/sitemap.xml",
            "/fr/echos/",
        ):
            Client().get(
                address, {"q": "acc\x00b", "year": "20\x0012", "theme": "a\x00b", "group": "a\x00b", "type": "\x00"}
            )
    assert not sent


@pytest.mark.parametrize(
    ("who", "addresses"), [("editor", [*OF_EDITORS.values(), *MORE_OF_EDITORS]), ("member", list(OF_MEMBERS.values()))]
)
def test_a_nul_typed_by_who_is_logged_in_is_never_sent_to_the_database(index, db, who, addresses):  # noqa: F811
    index()
    member = make.member("PA")
    client = logged_in(member if who == "member" else people.editor(is_superuser=True))
    sent = {}
    for address in addresses:
        path = address.partition("?")[0]
        for names in (("q",), *TOGETHER):
            with nuls_sent() as values:
                answer = client.get(path, dict.fromkeys(names, "a\x00b"))
            assert answer.status_code in (200, 302), (path, names)
            if values:
                sent[path, names] = values
    assert not sent


@pytest.mark.parametrize(
    ("address", "typed"),
    [
        ("/admin/library/names/creator/", {"names": ["a\x00b", "Setis"], "into": "Se\x00tis"}),
        ("/admin/library/names/publisher/", {"names": ["a\x00b"], "into": ""}),
        ("/admin/library/names/creator/", {"names": ["a\x00b", "Setis"], "into": "a\x00b", "confirmed": "1"}),
        ("/admin/people/invite/?q=a%00b", {"scope": "never-came"}),
        ("/admin/people/invite/?organisation=a%00b", {"scope": "never-came"}),
        ("/admin/people/invite/", {"people": ["\x00", "1\x00"]}),
        ("/admin/people/invite/", {"scope": "\x00"}),
        ("/admin/people/new/", {"email": "a\x00@x.example", "name": "a\x00b", "phone": "\x00", "language": "fr"}),
        ("/admin/users/new/", {"email": "a\x00@x.example", "name": "a\x00b", "language": "fr"}),
        (
            "/fr/bibliotheque/ajouter/",
            {"title": "a\x00b", "link": "a\x00b", "body": "\x00", "kept": "\x00", "ticket": "\x00"},
        ),
    ],
)
def test_a_nul_posted_by_an_editor_is_never_sent_to_the_database(index, db, address, typed):  # noqa: F811
    index()
    make.reference(creators=("Setis",), publisher="Setis")
    client = logged_in(people.editor(is_superuser=True))
    if address.startswith("/admin/people/new/"):
        typed |= {
            f"{prefix}-{name}": 0 for prefix in ("employments", "mandates") for name in ("TOTAL_FORMS", "INITIAL_FORMS")
        }
    with nuls_sent() as sent:
        answer = client.post(address, typed)
    assert answer.status_code in (200, 302, 400, 404)
    assert not sent


def logged_in(person) -> Client:
    client = Client()
    (
        people.log_in(client, person)
        if person.is_staff
        else client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    )
    return client


@pytest.mark.parametrize(
    "back", ["//evil.example", "/\\evil.example", "https:evil.example", "javascript:alert(1)", "/" + "a" * 5000, "\x00"]
)
def test_the_choice_of_colours_leads_to_no_other_site(db, back):
    response = Client().post(reverse("theme"), {"theme": "dark", "next": back})
    assert response.status_code == 302
    assert response.headers["Location"] == "/"
