"""What is not yours is not there: every address of the site that could give away a closed thing, walked by each kind of
reader.

The ways out of the search itself are in `tests.search.test_rights`. Here are the library, its files, the tree of pages
and what lists them: a new address is one line more in ADDRESSES or PLACES.
"""

from __future__ import annotations

import json

import pytest
from django.contrib.auth import get_user
from django.test import Client, override_settings
from django.utils import timezone
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Site

from kb.accounts.models import User
from kb.decisions.models import Decision
from kb.files.models import private_storage
from kb.groups.choices import MandateRole
from kb.groups.models import Mandate
from kb.library.models import Reference, ReferenceFile
from search import opening
from search.indexing import rebuild
from tests.home import builders as pages
from tests.kb.accounts import builders as people
from tests.kb.directory import builders as directory
from tests.kb.library import builders as make
from tests.kb.newsletter import builders as newsletters

# other: of another group; half: an editor without second factor; author: of what is not accepted; referent: of the
# group
READERS = ("anyone", "member", "other", "consultant", "editor", "half", "author", "referent")
OF_GROUP = {"member", "consultant", "editor", "author", "referent"}
OF_AUTHOR = {"author", "editor"}
OF_FOLLOWED = {"author", "referent", "editor"}
EVERYONE = set(READERS)

# what it is -> (who sees its title, who opens its file)
THINGS = {
    "abricot": (EVERYONE, EVERYONE),
    "citronnier": (OF_GROUP, OF_GROUP),
    "dahlia": (EVERYONE, OF_GROUP),
    "edelweiss": (OF_AUTHOR, OF_AUTHOR),
    "fuchsia": (OF_FOLLOWED, OF_FOLLOWED),
    "gardenia": (OF_FOLLOWED, OF_FOLLOWED),
    "hortensia": (OF_FOLLOWED, OF_FOLLOWED),
    "immortelle": (OF_AUTHOR, OF_AUTHOR),
}
STATES = {
    "edelweiss": "draft",
    "fuchsia": "proposed",
    "gardenia": "returned",
    "hortensia": "refused",
    "immortelle": "withdrawn",
}
AUDIENCES = {word: ("public",) for word in THINGS} | {"citronnier": ("body:PA",), "immortelle": ("body:PA",)}
# Withdrawn: whoever could see it is told so at its pages, without its title; its files are there for nobody but its
# author and editors.
SAYS_SO = (
    "page of the reference",
    "in Dutch",
    "reader",
    "older version in the reader",
    "newest version in the reader",
    "short address of a page",
)

ADDRESSES = {
    "page of the reference": ("/fr/bibliotheque/{mark}/", 0),
    "in Dutch": ("/nl/bibliotheek/{mark}/", 0),
    "reader": ("/fr/bibliotheque/{mark}/lire/1.1/1/?q=page", 1),
    "older version in the reader": ("/en/library/{mark}/read/1.1/2/", 1),
    "newest version in the reader": ("/fr/bibliotheque/{mark}/lire/1.2/1/", 1),
    "file": ("/fr/bibliotheque/{mark}/fichier/1.2/", 1),
    "older file": ("/fr/bibliotheque/{mark}/fichier/1.1/", 1),
    "download": ("/fr/bibliotheque/{mark}/fichier/1.2/?download", 1),
    "picture of a page": ("/fr/bibliotheque/{mark}/image/1.2/1.webp", 1),
    "short address of a page": ("/r/{mark}/1.2/1?q=page", 1),
}
PLACES = (
    *("/fr/membres/", "/fr/membres/personnes/?q=membre", "/nl/leden/", "/en/members/"),
    *(
        "/fr/",
        "/nl/",
        "/en/",
        "/fr/bibliotheque/",
        "/fr/plan/",
        "/sitemap.xml",
        "/robots.txt",
        "/health",
        "/fr/parent/",
        "/fr/parent/enfant/",
    ),
    *("/fr/bibliotheque/ajouter/", "/fr/bibliotheque/contributions/"),
    *("/sitemap-references.xml", "/sitemap-pages.xml", "/sitemap-organisations.xml"),
    *(
        "/fr/liens/",
        "/fr/chercher/?lang=fr&lang=nl&lang=en",
        "/fr/chercher/?where=library.reference&sort=date",
        "/fr/chercher/?year=1900-2099",
    ),
    *(
        "/fr/decisions/",
        "/nl/beslissingen/",
        "/fr/decisions/CP-2012-001/",
        "/fr/decisions/vote/",
        "/sitemap-decisions.xml",
        "/fr/chercher/?where=decisions.decision",
        "/admin/decision/",
    ),
    *(
        "/fr/organisations/",
        "/nl/organisaties/?member=1",
        "/en/organisations/?q=directrice",
        "/fr/organisations/union/",
    ),
    *(
        "/fr/rien-du-tout/",
        "/nl/secret-melisse/",
        "/fr/bibliotheque/{dahlia}/",
        "/en/library/{dahlia}/",
        "/fr/compte/connexion/",
    ),
    *("/fr/registre-des-traitements/", "/fr/compte/mes-donnees/"),
    *(
        "/fr/echos/",
        "/nl/echos/",
        "/en/echos/",
        "/fr/echos/?year=2026",
        "/fr/echos/13/",
        "/fr/echos/14/",
        "/nl/echos/14/",
        "/en/echos/14/",
    ),
    *("/fr/echos/fil.atom", "/nl/echos/feed.atom", "/en/echos/feed.atom", "/fr/echos/15/", "/sitemap-newsletter.xml"),
    *(
        "/fr/chercher/?where=newsletter.issue",
        "/fr/chercher/?where=newsletter.issue&q=nouvelle",
        "/nl/zoeken/suggesties/?q=nou",
    ),
    *(
        "/fr/echos/abonnement/",
        "/nl/echos/abonnement/verzonden/",
        "/fr/echos/abonnement/compte/",
        "/en/echos/subscription/change/",
    ),
    *(
        "/fr/echos/desabonnement/",
        "/fr/echos/abonnement/confirmer/x/",
        "/admin/subscribers/",
        "/admin/subscribers/results/",
    ),
    *(
        "/admin/",
        "/admin/subscribers/{subscriber}/",
        "/admin/snippets/newsletter/issue/",
        "/admin/snippets/newsletter/issue/edit/{draft}/",
    ),
    *(
        "/admin/snippets/newsletter/issue/history/{draft}/",
        "/admin/snippets/newsletter/issue/history/{draft}/revisions/{revision}/view/",
    ),
    *(
        "/admin/snippets/newsletter/issue/preview/{draft}/",
        "/admin/newsletter/sending/{draft}/",
        "/admin/newsletter/sending/{draft}/now/",
    ),
    *("/admin/newsletter/sending/{draft}/not-delivered/", "/admin/reports/workflow/", "/admin/reports/site-history/"),
    *(
        "/fr/compte/",
        "/fr/compte/adresse/",
        "/fr/compte/sessions/",
        "/nl/account/toegangssleutels/",
        "/en/account/invitation/",
    ),
)

ASK_THE_SEARCH = (
    "/fr/",
    "/nl/",
    "/fr/bibliotheque/",
    "/fr/membres/",
    *(place for place in PLACES if "/chercher/" in place),
)


@pytest.fixture(scope="module")
def built(rows_of_the_module, tmp_path_factory):
    """The site and its readers, made once for all tests here; each works in a transaction of its own on them."""
    with override_settings(SEARCH_INDEX_DIR=tmp_path_factory.mktemp("ways-out") / "index"):
        opening.close_engines()
        yield build()
        opening.close_engines()


@pytest.fixture
def site(db, built) -> dict[str, object]:
    opening.close_engines()
    return built[0]


@pytest.fixture
def readers(db, built) -> dict[str, Client]:
    """A client for each kind of reader."""
    clients = {name: Client() for name in READERS}
    for name, person in built[1].items():
        if name == "editor":
            people.log_in(clients[name], person)
        else:
            clients[name].force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return clients


def build() -> tuple[dict[str, object], dict[str, User]]:
    """(marks and numbers for addresses, the readers): references and pages of each sort; the closed ones are linked to
    from a page that everyone may read.
    """
    marks = {}
    author, referent = make.member("PA"), make.member("PA")
    readers = {
        "member": make.member("PA"),
        "other": make.member("LO"),
        "consultant": make.member("PA", role=MandateRole.CONSULTANT),
        "editor": people.editor(),
        "half": people.editor("half@cass.example", second_factor=False),
        "author": author,
        "referent": referent,
    }
    Mandate.objects.filter(user=referent).update(is_referent=True)
    for number, word in enumerate(THINGS):
        found = make.reference(
            f"Étude {word}",
            audiences=AUDIENCES[word],
            state=STATES.get(word, "accepted"),
            created_by=author if word in STATES else None,
            accepted_at=timezone.now() if STATES.get(word) == "withdrawn" else None,
            concepts=(make.concept(f"theme-{word}", f"Thème {word}"),),
            date_text=str(1990 + number),
        )
        file = make.file(
            found,
            "Page une",
            "Page deux",
            audiences=("body:PA",) if word != "abricot" else ("public",),
            name=f"fichier-{word}.pdf",
        )
        newest = make.version(file.stored_file, ("Page neuve", "Page deux"), name=f"nouveau-{word}.pdf")
        newest.pages.filter(number=1).update(image=private_storage().save(f"{word}.webp", newest.content))
        marks[word] = found.mark_slug
    parent = pages.page("Parent mélisse", slug="parent", audiences=["body:PA"])
    pages.page("Enfant", slug="enfant", parent=parent, audiences=["public"])
    closed = pages.page("Secret mélisse", slug="secret-melisse", audiences=["body:PA"])
    spoken_of = {word: Reference.subject_of(Reference.objects.get(title=f"Étude {word}").pk) for word in THINGS}
    items = [
        newsletters.item(f"Nouvelle {word}", text=f"Texte {word}", subject=subject, heading="library.references")
        for word, subject in spoken_of.items()
    ]
    newsletters.issue(
        13, title="Nouvelle citronnier", lead="Texte citronnier", lead_subject=spoken_of["citronnier"], live=True
    )
    newsletters.issue(14, title="Nouvelle du mois", items=items, live=True)
    draft = newsletters.issue(15, title="Nouvelle edelweiss")
    printed = {word: str(Reference.objects.get(title=f"Étude {word}").mark) for word in THINGS}
    directory.full_of_people("edelweiss", member_of="PA")
    subscriber = newsletters.subscriber("edelweiss@asbl.example")
    blocks = [{"type": "reference", "value": {"mark": printed[word], "note": f"Note {word}"}} for word in THINGS]
    link = (
        f'<p>Voir <a linktype="page" id="{closed.pk}">ici</a> et <a id="{closed.pk}" linktype="page"><b>là</b></a>.</p>'
    )
    blocks += [{"type": "text", "value": link}, {"type": "callout", "value": {"title": "Voir", "text": link}}]
    pages.page("Liens", slug="liens", body=json.dumps(blocks))
    committee = {"body": make.body("CP"), "asked_by": make.body("PA")}
    Decision.objects.create(question={"fr": "Publier edelweiss ?"}, **committee)
    refused = {"state": "closed", "outcome": "no-agreement", "year": 2012, "number": 1, "closed_at": timezone.now()}
    Decision.objects.create(question={"fr": "Publier citronnier ?"}, **refused, **committee)
    Redirect.objects.create(old_path="/fr/ancien", site=Site.objects.get(), redirect_page=closed)
    rebuild()
    return marks | {"draft": draft.pk, "revision": draft.latest_revision_id, "subscriber": subscriber.pk}, readers


def read(response) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def shown(response) -> tuple:
    """Everything a reader can compare: status, headers, bytes."""
    return response.status_code, sorted(response.headers.items()), read(response)


@pytest.mark.parametrize("reader", READERS)
def test_every_address_of_the_library_opens_to_those_who_may_open_it(site, readers, reader):
    for word, seen_by in THINGS.items():
        for name, (address, which) in ADDRESSES.items():
            response = readers[reader].get(address.format(mark=site[word]))
            says_so = STATES.get(word) == "withdrawn" and reader in OF_GROUP and name in SAYS_SO
            expected = (200, 302) if reader in seen_by[which] or says_so else (404,)
            assert response.status_code in expected, f"{name} of {word} for {reader}: {response.status_code}"
            if reader not in seen_by[which]:
                assert word not in read(response).decode().replace(site[word], ""), (
                    f"{name} of {word} for {reader} names it"
                )


@pytest.mark.parametrize("reader", ["anyone", "other", "half"])
@pytest.mark.parametrize("method", ["get", "head", "options", "post"])
def test_what_is_closed_answers_byte_for_byte_as_what_is_not_there(site, readers, reader, method):
    client = readers[reader]
    every = (
        ("citronnier", *STATES) if method == "get" else ("citronnier",)
    )  # a method is the view's, a state the rights'
    ask = [address.format(mark=site[word]) for word in every for address, _which in ADDRESSES.values()]
    ask += [address.format(mark=site["dahlia"]) for address, which in ADDRESSES.values() if which]
    ask += ["/fr/parent/", "/fr/secret-melisse/", "/nl/secret-melisse/", "/fr/ancien/", "/fr/secret-melisse"]
    closed = {address: shown(getattr(client, method)(address)) for address in ask}
    ReferenceFile.objects.filter(reference__title="Étude dahlia").delete()
    Reference.objects.exclude(title="Étude dahlia").delete()
    Redirect.objects.all().delete()
    for slug in ("parent", "secret-melisse"):
        pages.ContentPage.objects.get(slug=slug).delete()
    for address, before in closed.items():
        assert before == shown(getattr(client, method)(address)), f"{method} {address} for {reader}"


@pytest.mark.parametrize("reader", READERS)
def test_no_page_of_the_site_names_what_a_reader_may_not_see(site, readers, reader):
    for place in PLACES:
        found = read(readers[reader].get(place.format(**site))).decode()
        if "melisse" not in place and reader not in OF_GROUP:
            assert "mélisse" not in found.casefold(), f"{place} for {reader} names a closed page"
            assert "melisse" not in found, f"{place} for {reader} links to a closed page"
        for word, (of_title, of_file) in THINGS.items():
            if reader not in of_title:
                assert word not in found.replace(f"/{site[word]}", ""), f"{place} for {reader} names {word}"
                assert site[word] not in found, f"{place} for {reader} gives the mark of {word}"
            if reader not in of_file:
                for trace in (
                    f"fichier-{word}",
                    f"nouveau-{word}",
                    f"{site[word]}/fichier",
                    f"{site[word]}/lire",
                    f"{site[word]}/image",
                ):
                    assert trace not in found, f"{place} for {reader} gives {trace}"


@pytest.mark.parametrize("reader", ["anyone", "other", "half"])
@pytest.mark.parametrize("headers", [{"HTTP_RANGE": "bytes=0-3"}, {"HTTP_IF_NONE_MATCH": "*"}])
def test_a_file_that_was_closed_gives_nothing_to_those_who_know_it(site, readers, reader, headers):
    address = f"/fr/bibliotheque/{site['abricot']}/fichier/1.2/"
    known = readers[reader].get(address)
    assert known.status_code == 200
    read(known)
    for file in ReferenceFile.objects.filter(reference__title="Étude abricot"):
        file.audiences = ["body:PA"]
        file.save()
    for more in (headers, {"HTTP_IF_NONE_MATCH": known["ETag"]}, {"HTTP_IF_RANGE": known["ETag"], **headers}):
        response = readers[reader].get(address, **more)
        assert response.status_code == 404
        assert "ETag" not in response.headers


@pytest.mark.parametrize("reader", ["anyone", "other", "half"])
def test_what_was_just_closed_is_named_on_no_page_that_asks_the_search(site, readers, reader):
    closed = Reference.objects.get(title="Étude abricot")
    closed.audiences = ["body:PA"]
    closed.save()
    for place in (*ASK_THE_SEARCH, "/fr/chercher/?q=abricot", "/fr/echos/14/"):
        found = read(readers[reader].get(place.format(**site))).decode()
        assert "theme-abricot" not in found, f"{place} for {reader} counts its theme"
        assert "Étude abricot" not in found, f"{place} for {reader} names it"


def test_who_may_still_read_what_is_closing_is_led_to_its_hits(site, readers):
    closed = Reference.objects.get(title="Étude abricot")
    closed.audiences = ["body:PA"]
    closed.save()
    ReferenceFile.objects.filter(reference=closed).update(audiences=["body:PA"])
    page = readers["member"].get("/fr/bibliotheque/{abricot}/lire/1.2/1/?q=neuve".format(**site))
    assert page.context["opened"].found.total == 1


@pytest.mark.parametrize("reader", READERS)
def test_pages_of_editors_about_issues_and_subscribers_open_to_editors_with_the_second_factor_alone(
    site,
    readers,
    reader,
):
    of_newsletter = [
        place for place in PLACES if place.startswith("/admin/") and ("newsletter" in place or "subscribers" in place)
    ]
    assert len(of_newsletter) >= 10
    for place in of_newsletter:
        response = readers[reader].get(place.format(**site))
        if reader != "editor":
            assert response.status_code in (302, 403, 404), f"{place} for {reader}"
    assert readers["editor"].get("/admin/newsletter/sending/{draft}/".format(**site)).status_code == 200


def test_an_inactive_person_is_anyone(site, readers):
    person = get_user(readers["member"].get("/fr/").wsgi_request)
    person.is_active = False
    person.save()
    assert readers["member"].get(f"/fr/bibliotheque/{site['citronnier']}/").status_code == 404
    assert "citronnier" not in read(readers["member"].get("/fr/")).decode()


@pytest.mark.parametrize(
    "place",
    ["/fr/", "/fr/liens/", "/fr/parent/", "/fr/plan/", "/fr/bibliotheque/", "/fr/chercher/?q=page", "/fr/rien/"],
)
def test_what_differs_between_readers_is_kept_by_no_shared_cache(site, readers, place):
    response = readers["member"].get(place)
    assert "private" in response.headers.get("Cache-Control", "")
    assert "Cookie" in response.headers.get("Vary", "")


@pytest.mark.parametrize("reader", ["anyone", "other", "half"])
def test_a_redirect_to_a_closed_page_leads_nowhere(site, readers, reader):
    assert readers[reader].get("/fr/ancien/").status_code == 404


def test_a_redirect_to_a_closed_page_leads_its_readers_there(site, readers):
    assert readers["member"].get("/fr/ancien/").headers["Location"].endswith("/fr/secret-melisse/")


def test_nothing_that_a_reader_sees_who_is_logged_in_stays_in_a_browser(site, readers):
    """But for what everybody may see: files and pictures that are public say so."""
    for name in ("member", "editor"):
        for word, (_who, openers) in THINGS.items():
            for address, _number in ADDRESSES.values():
                answer = readers[name].get(address.format(mark=site[word]))
                is_kept = "no-store" not in answer.headers["Cache-Control"]
                assert not is_kept or (answer.headers["Cache-Control"] == "public, no-cache" and openers == EVERYONE), (
                    name,
                    address,
                    word,
                )
        for place in PLACES:
            answer = readers[name].get(place.format(**site))
            said = answer.headers.get("Cache-Control", "")
            assert "no-store" in said or "Cookie" not in answer.headers.get("Vary", ""), (name, place, said)
