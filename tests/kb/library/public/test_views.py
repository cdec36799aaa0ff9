"""Every way out of the library, for every reader: what is theirs is there,
what is not is the same 404 as what never was.
"""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.urls import reverse
from django.utils.translation import override

from kb.accounts.audiences import MEMBERS, PUBLIC
from kb.library.choices import Force, ReferenceState
from tests.kb.library import builders as make

pytestmark = pytest.mark.django_db
PA = "body:PA"
EVERYONE = ["anyone", "member", "other", "consultant", "editor"]
WAYS = ["reference", "read", "file", "image", "short", "short page"]


def address(reference, way: str, *, file: int = 1, version: int = 1, page: int = 1, language: str = "fr") -> str:
    slug = reference.mark_slug
    with override(language):
        return {
            "reference": lambda: reverse("library:reference", args=[slug]),
            "read": lambda: reverse("library:read", args=[slug, file, version, page]),
            "file": lambda: reverse("library:file", args=[slug, file, version]),
            "image": lambda: reverse("library:page_image", args=[slug, file, version, page]),
            "short": lambda: f"/r/{slug}",
            "short page": lambda: f"/r/{slug}/{file}.{version}/{page}",
        }[way]()


def with_image(added):
    """The first page of the file gets a picture."""
    from django.core.files.base import ContentFile
    from django.core.files.storage import storages

    page = added.stored_file.versions.get().pages.get(number=1)
    page.image = storages["private"].save("pages/test.webp", ContentFile(b"RIFF picture"))
    page.save()
    return added


# notice, file, who sees the notice, who opens the file
RIGHTS = [
    ((PUBLIC,), (PUBLIC,), set(EVERYONE), set(EVERYONE)),
    ((PUBLIC,), (MEMBERS,), set(EVERYONE), {"member", "other", "editor"}),
    ((PUBLIC,), (PA,), set(EVERYONE), {"member", "consultant", "editor"}),
    ((MEMBERS,), (MEMBERS,), {"member", "other", "editor"}, {"member", "other", "editor"}),
    ((PA,), (PA,), {"member", "consultant", "editor"}, {"member", "consultant", "editor"}),
]


@pytest.mark.parametrize(("notice", "file", "see_notice", "open_file"), RIGHTS)
def test_each_way_out_is_open_to_exactly_its_readers(readers, notice, file, see_notice, open_file):
    reference = make.reference(audiences=notice)
    with_image(make.file(reference, "un texte", audiences=file))
    for name in EVERYONE:
        for way in WAYS:
            answer = readers.named(name).get(address(reference, way), follow=True)
            allowed = see_notice if way in ("reference", "short") else open_file
            assert answer.status_code == (200 if name in allowed else 404), (name, way)


@pytest.mark.parametrize("way", WAYS)
def test_what_is_not_yours_and_what_never_was_look_alike(client, way):
    closed = make.reference("Un titre fermé", audiences=(MEMBERS,))
    make.file(closed, "un texte", audiences=(MEMBERS,))
    there = client.get(address(closed, way), follow=True)
    nothing = client.get(address(closed, way).replace("2012-1", "2012-9"), follow=True)

    assert there.status_code == nothing.status_code == 404
    assert there.content.replace(b"2012-1", b"2012-9").replace(b"2012 1", b"2012 9") == nothing.content
    assert "fermé" not in there.content.decode()


@pytest.mark.parametrize("state", [one for one in ReferenceState if one != ReferenceState.ACCEPTED])
def test_what_is_not_accepted_is_there_for_editors_and_its_author_alone(readers, state):
    author = make.member("PA")
    reference = make.reference(state=state, created_by=author)
    make.file(reference, "un texte")

    assert readers.anyone.get(address(reference, "reference")).status_code == 404
    assert readers.member.get(address(reference, "file")).status_code == 404
    assert readers.editor.get(address(reference, "reference")).status_code == 200
    readers.anyone.force_login(author, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert readers.anyone.get(address(reference, "reference")).status_code == 200


def test_a_withdrawn_reference_says_so_at_its_address_and_gives_no_title_and_no_file(readers):
    reference = make.reference("Un titre disparu")
    make.file(reference, "un texte")
    reference.state = ReferenceState.WITHDRAWN
    reference.save()
    answer = readers.anyone.get(address(reference, "reference"))

    assert answer.status_code == 200 and "PA 2012/1" in answer.content.decode()
    assert "disparu" not in answer.content.decode()
    assert readers.anyone.get(address(reference, "short")).status_code == 302
    for way in ("file", "image"):
        assert readers.anyone.get(address(reference, way)).status_code == 404


@pytest.mark.parametrize(("file", "version", "page"), [(1, 1, 1), (1, 1, 9), (1, 9, 1), (9, 1, 1)])
def test_the_address_of_a_cited_page_stays_and_says_that_it_was_withdrawn_whichever_page_it_was(
    readers, file, version, page
):
    """What was cited is permanent; every number gets one answer, so that none says which files there were,
    nor whose they were.
    """
    reference = make.reference("Un titre disparu")
    make.file(reference, "un texte", audiences=(MEMBERS,))
    reference.state, reference.state_reason = ReferenceState.WITHDRAWN, "Remplacée par l’édition 2013"
    reference.save()
    place = {"file": file, "version": version, "page": page}
    cited = readers.anyone.get(address(reference, "read", **place))
    short = readers.anyone.get(address(reference, "short page", **place))

    assert cited.status_code == 200 and "no-cache" in cited["Cache-Control"]
    assert "PA 2012/1" in cited.content.decode() and "Remplacée par l’édition 2013" in unescape(cited.content.decode())
    assert "disparu" not in cited.content.decode() and "un texte" not in cited.content.decode()
    assert (short.status_code, short["Location"]) == (302, address(reference, "reference"))


def test_a_withdrawn_reference_of_members_is_not_there_for_others(readers):
    reference = make.reference(audiences=(MEMBERS,))
    make.file(reference, "un texte", audiences=(MEMBERS,))
    reference.state = ReferenceState.WITHDRAWN
    reference.save()

    for way in WAYS:
        assert readers.anyone.get(address(reference, way), follow=True).status_code == 404, way
        assert readers.member.get(address(reference, way), follow=True).status_code == (
            404 if way in ("file", "image") else 200
        ), way


@pytest.mark.parametrize("way", WAYS)
def test_what_was_withdrawn_before_anybody_could_read_it_is_not_there(readers, way):
    reference = make.reference(state=ReferenceState.WITHDRAWN)
    make.file(reference, "un texte")

    assert readers.anyone.get(address(reference, way), follow=True).status_code == 404


def test_the_page_of_a_public_notice_says_nothing_of_a_closed_file(readers):
    reference = make.reference()
    make.file(reference, "ouvert")
    make.file(
        reference,
        "geheim",
        audiences=(MEMBERS,),
        title="Annexe secrète",
        language="nl",
        name="nom-secret.pdf",
        content=b"%PDF longer than the other",
    )
    poor = readers.anyone.get(address(reference, "reference")).content.decode()
    rich = readers.member.get(address(reference, "reference")).content.decode()

    for trace in ("secret", "secrète", "2.1"):
        assert trace not in poor
    assert "Annexe secrète" in rich and "/fichier/2.1/" in rich
    assert readers.anyone.get(address(reference, "read", file=2)).status_code == 404


def test_a_successor_that_is_not_yours_is_not_named(readers):
    newer = make.reference("Le nouveau texte", audiences=(MEMBERS,))
    reference = make.reference("L’ancien texte", force=Force.SUPERSEDED, superseded_by=newer)

    assert "Le nouveau texte" not in readers.anyone.get(address(reference, "reference")).content.decode()
    assert "Le nouveau texte" in readers.member.get(address(reference, "reference")).content.decode()


@pytest.mark.parametrize(
    ("name", "titles"),
    [("anyone", {"public"}), ("member", {"public", "membres", "groupe"}), ("other", {"public", "membres"})],
)
def test_the_list_and_its_themes_count_what_the_reader_may_see(readers, index, name, titles):
    theme = make.concept("housing", "Logement", "Huisvesting", "Housing")
    make.reference("public", concepts=(theme,))
    make.reference("membres", audiences=(MEMBERS,), concepts=(theme,))
    make.reference("groupe", audiences=(PA,), concepts=(theme,))
    index()
    answer = readers.named(name).get("/fr/bibliotheque/")
    listing = answer.context["listing"]

    assert {card.title for card in listing.cards} == titles
    assert [(one.label, one.count) for one in listing.themes] == [("Logement", len(titles))]
    assert listing.total == len(titles)


@pytest.mark.parametrize(("language", "word"), [("fr", "bibliotheque"), ("nl", "bibliotheek"), ("en", "library")])
def test_the_pages_speak_the_language_of_their_address(client, language, word):
    reference = make.reference(
        "De huurwaarborg",
        language="nl",
        translated_titles={"fr": "La garantie locative"},
        abstract={"fr": "Un résumé."},
    )
    answer = client.get(f"/{language}/{word}/{reference.mark_slug}/")
    page = answer.content.decode()

    assert f'<html lang="{language}"' in page
    assert re.search(r'<h1[^>]*lang="nl">De huurwaarborg</h1>', page)
    assert 'lang="fr"' in page and "La garantie locative" in unescape(page)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"HTTP_ACCEPT_LANGUAGE": "nl-BE,nl;q=0.9"}, "/nl/bibliotheek/PA-2012-1/"),
        ({"HTTP_ACCEPT_LANGUAGE": "en"}, "/en/library/PA-2012-1/"),
        ({"HTTP_ACCEPT_LANGUAGE": "de"}, "/fr/bibliotheque/PA-2012-1/"),
        ({}, "/fr/bibliotheque/PA-2012-1/"),
    ],
)
def test_a_short_address_leads_to_the_language_the_browser_asks(client, headers, expected):
    make.reference()

    assert client.get("/r/PA-2012-1", **headers)["Location"] == expected
    assert client.get("/r/pa-2012-1", **headers)["Location"] == expected


def test_a_short_address_leads_to_the_language_a_person_chose(client):
    make.reference()
    client.force_login(make.member(language="nl"), backend="allauth.account.auth_backends.AuthenticationBackend")

    assert client.get("/r/PA-2012-1", HTTP_ACCEPT_LANGUAGE="en")["Location"] == "/nl/bibliotheek/PA-2012-1/"


def test_a_short_address_of_a_page_keeps_the_words(client):
    reference = make.reference()
    make.file(reference, "un", "deux")

    assert (
        client.get("/r/PA-2012-1/1.1/2?q=titre+de+séjour")["Location"]
        == "/fr/bibliotheque/PA-2012-1/lire/1.1/2/?q=titre+de+s%C3%A9jour"
    )
    assert client.get("/r/PA-2012-1/1.1/3", follow=True).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/r/PA-2012-0",
        "/r/PA-12-1",
        "/r/P-2012-1",
        "/r/PA-2012-1/0.1/1",
        "/r/PA-2012-1/1.1",
        "/fr/bibliotheque/PA-2012-01/",
    ],
)
def test_what_is_no_mark_is_a_404(client, path):
    make.reference()

    assert client.get(path, follow=True).status_code == 404


def test_a_file_is_shown_inline_or_downloaded(client):
    reference = make.reference()
    make.file(reference, "un texte", name="Rapport.pdf", content=b"%PDF-1.4 content")
    inline = client.get(address(reference, "file"))
    download = client.get(address(reference, "file") + "?download")

    assert inline["Content-Disposition"].startswith("inline") and inline["Content-Type"] == "application/pdf"
    assert (
        download["Content-Disposition"].startswith("attachment")
        and b"".join(download.streaming_content) == b"%PDF-1.4 content"
    )


def test_a_public_reference_has_what_catalogues_read_and_a_closed_one_asks_not_to_be_indexed(readers):
    public = make.reference("Public", creators=("CASS",), date_text="2012-05", doi="10.1/x")
    make.file(public, "un texte")
    closed = make.reference("Fermé", audiences=(MEMBERS,))
    page = readers.anyone.get(address(public, "reference")).content.decode()

    assert '<meta name="citation_title" content="Public">' in page
    assert '<meta name="citation_publication_date" content="2012/05">' in page
    assert "/fr/bibliotheque/PA-2012-1/fichier/1.1/" in page and "citation_pdf_url" in page
    assert "noindex" not in page
    assert '<meta name="robots" content="noindex">' in readers.member.get(address(closed, "reference")).content.decode()


def test_older_versions_are_listed_for_who_may_open_the_file(readers):
    reference = make.reference()
    added = make.file(reference, "ancien", audiences=(MEMBERS,))
    make.version(added.stored_file, ("nouveau",))
    old = address(reference, "read", version=1)

    assert old in readers.member.get(address(reference, "reference")).content.decode()
    assert old not in readers.anyone.get(address(reference, "reference")).content.decode()
    assert readers.member.get(old).status_code == 200


@pytest.mark.parametrize("state", ["waiting", "scan", "encrypted", "broken", "too_large", "unsupported"])
def test_each_state_of_a_file_is_said_on_the_page_and_in_the_reader(client, state):
    from kb.files.states import shown_state

    reference = make.reference()
    added = make.file(reference, state=state)
    version = added.stored_file.versions.get()
    with override("fr"):
        word = shown_state(version).word

    assert word in unescape(client.get(address(reference, "reference")).content.decode())
    assert word in unescape(client.get(address(reference, "read")).content.decode())


def test_pages_of_the_library_are_never_kept_by_a_shared_cache(client):
    reference = make.reference()
    make.file(reference, "un texte")
    pages = [client.get(address(reference, way)) for way in ("reference", "read", "short")]
    pages.append(client.get("/fr/bibliotheque/"))
    reference.state = ReferenceState.WITHDRAWN
    reference.save()
    pages.append(client.get(address(reference, "reference")))
    for answer in pages:
        assert answer["Cache-Control"] == "private, no-cache" and "Cookie" in answer["Vary"]


def test_a_page_of_a_reference_costs_the_same_whatever_hangs_on_it(client):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def cost(reference) -> int:
        client.get(address(reference, "reference"))
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address(reference, "reference")).status_code == 200
        return len(asked)

    small = make.reference("Petit", creators=("CASS",), concepts=(make.concept("a", "A"),))
    make.file(small, "un")
    big = make.reference(
        "Grand", creators=("CASS", "IRFAM", "ULB"), concepts=tuple(make.concept(code, code) for code in ("b", "c", "d"))
    )
    for number in range(5):
        added = make.file(big, "un", "deux", content=b"%%PDF %d" % number)
        make.version(added.stored_file, ("trois",))

    assert cost(big) == cost(small) <= 16
