"""Putting a reference in as a member does: what is given, what is kept when something goes wrong, whose page it is, who
may read it then.
"""

from __future__ import annotations

import io
import time
import zipfile
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.db import connection
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from kb.accounts.audiences import STAFF, held_by
from kb.accounts.reopening import STAMP
from kb.accounts.session_rows import UserSession
from kb.files.models import FileVersion, StoredFile, private_storage
from kb.groups.models import Mandate
from kb.library.catalogue.adding import MOST_NAMES
from kb.library.choices import PublishReason, ReferenceState
from kb.library.contributions import starting
from kb.library.contributions import steps as handling
from kb.library.contributions.forms import RecordForm
from kb.library.contributions.resuming import ticket_for
from kb.library.contributions.stamping import stamp_of
from kb.library.contributions.starting import Link, doi_typed, start
from kb.library.contributions.waiting import own
from kb.library.models import Authority, Contribution, Creator, OtherName, Reference, Resemblance
from kb.pages.texts import LONGEST_TEXT
from tests.kb.accounts import builders as people
from tests.kb.files import builders as files
from tests.kb.files import hostile
from tests.kb.library import builders as make

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
S = ReferenceState


def address(name: str, *args, language: str = "en") -> str:
    with override(language):
        return reverse(f"library:{name}", args=args)


ADD, LIST = address("add"), address("contributions")


def page_of(reference, language="en") -> str:
    return address("contribution", reference.mark_slug, language=language)


def logged_in(user) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


@pytest.fixture
def author():
    return make.member("PA", email="auteur@cass.example")


@pytest.fixture
def client(author):
    return logged_in(author)


def pdf(*pages: str, name: str = "rapport-onthaal-2011.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, files.pdf(pages or ("Een verkenning van de huurmarkt",)))


def give(client, user=None, **data):
    return client.post(ADD, {"ticket": ticket_for(user) if user else "", **data})


def text(response) -> str:
    return response.content.decode()


def begun() -> Reference:
    return Reference.objects.get()


# Moment 1


def test_a_pdf_begins_a_draft_of_its_author_for_the_group(client, author):
    answer = give(client, uploads=[pdf()])
    reference = begun()
    assert (reference.state, reference.created_by, reference.audiences, reference.body.code) == (
        S.DRAFT,
        author,
        ["body:PA"],
        "PA",
    )
    assert answer["Location"] == page_of(reference)
    file = reference.files.get()
    assert (file.audiences, file.publish_reason) == (["body:PA"], PublishReason.UNKNOWN)
    assert file.stored_file.versions.get().original_name == "rapport-onthaal-2011.pdf"
    assert Contribution.objects.get().reference == reference


DOIS = {
    "10.1000/182": "10.1000/182",
    "doi: 10.1000/ABC.": "10.1000/abc",
    "https://doi.org/10.1000/Abc?x=1": "10.1000/abc",
    "http://dx.doi.org/10.1000%2F182": "10.1000/182",
    "doi.org/10.1000/182": "10.1000/182",
    "https://example.org/10.1000/182": "",
    "10.1000": "",
}


@pytest.mark.parametrize(("typed", "doi"), DOIS.items())
def test_a_doi_is_known_however_it_is_written(typed, doi):
    assert doi_typed(typed) == doi


@pytest.mark.parametrize(
    ("typed", "doi", "url"),
    [
        ("https://doi.org/10.1000/182", "10.1000/182", ""),
        ("example.org/rapport.pdf", "", "https://example.org/rapport.pdf"),
    ],
)
def test_a_link_is_kept_and_not_fetched(client, typed, doi, url):
    give(client, link=typed)
    assert (begun().doi, begun().url) == (doi, url)
    assert not StoredFile.objects.exists()


def test_a_title_alone_is_enough(client):
    give(client, title="Une brochure sur papier")
    assert begun().title == "Une brochure sur papier"
    assert Contribution.objects.get().corrected == ["title"]


@pytest.mark.parametrize(
    "given",
    [
        {"link": "https://example.org/files/le-bail-explique.pdf"},
        {"title": "Le bail expliqué"},
        {"uploads": "le-bail-explique.txt"},
    ],
    ids=["a link", "a title", "a file"],
)
def test_a_stranger_s_words_are_looked_at_before_the_transaction_opens(client, monkeypatch, given):
    looked = []

    def watched(*args, **options):
        looked.append([block for block in connection.atomic_blocks if not block._from_testcase])
        return lines_of_reference(*args, **options)

    lines_of_reference = starting.lines_of_reference
    monkeypatch.setattr(starting, "lines_of_reference", watched)
    if "uploads" in given:
        given = {"uploads": SimpleUploadedFile(given["uploads"], b"Le bail, article par article.")}
    give(client, **given)

    assert looked == [[]]
    assert begun().contribution.drafted or "title" in given


@pytest.mark.parametrize(
    "typed", ["pas une adresse", "ftp://example.org/x", "javascript:alert(1)", "http://", "https://exa mple.org"]
)
def test_what_is_no_address_gets_a_sentence_by_the_field_and_stays_as_typed(client, typed):
    answer = give(client, link=typed, title="Un titre tapé")
    assert answer.status_code == 200 and not Reference.objects.exists()
    assert answer.context["form"].errors.keys() == {"link"}
    shown = text(answer)
    assert "Un titre tapé" in shown and 'aria-invalid="true"' in shown


def test_nothing_given_gets_one_sentence(client):
    answer = give(client)
    assert answer.context["form"].errors.keys() == {"uploads"}
    assert not Reference.objects.exists()


def test_several_files_become_a_reference_each(client, author):
    answer = give(client, uploads=[pdf(name="un.pdf"), pdf(name="deux.pdf"), pdf(name="trois.pdf")])
    assert answer["Location"] == LIST
    assert Reference.objects.filter(state=S.DRAFT, created_by=author).count() == 3
    assert {reference.files.count() for reference in Reference.objects.all()} == {1}


def test_several_files_that_are_one_document_become_one_reference(client):
    give(client, uploads=[pdf(name="fr.pdf"), pdf(name="nl.pdf")], together="on", title="Le rapport et son annexe")
    assert begun().files.count() == 2 and begun().title == "Le rapport et son annexe"


def test_one_title_for_several_documents_is_asked_back_with_the_files_kept(client):
    before = set(private_storage().listdir("incoming")[1]) if private_storage().exists("incoming") else set()
    answer = give(client, uploads=[pdf(name="un.pdf"), pdf(name="deux.pdf")], title="Lequel ?")
    form = answer.context["form"]
    assert form.errors.keys() == {"title"} and not Reference.objects.exists()
    assert sorted(form.kept.names.values()) == ["deux.pdf", "un.pdf"]
    give(client, kept=form.kept.words)
    assert Reference.objects.count() == 2
    assert set(private_storage().listdir("incoming")[1]) == before


def test_one_group_is_said_and_several_are_asked(client, author):
    assert answer_fields(client.get(ADD)) == set()
    Mandate.objects.create(user=author, body=make.body("LO"))
    assert answer_fields(client.get(ADD)) == {"PA", "LO"}
    refused = give(client, title="Un titre")
    assert refused.context["form"].errors.keys() == {"body"} and "Un titre" in text(refused)
    give(client, title="Un titre", body=make.body("LO").pk)
    assert begun().body.code == "LO" and begun().audiences == ["body:LO"]


def answer_fields(answer) -> set[str]:
    form = answer.context["form"]
    return {body.code for body in form.fields["body"].queryset} if "body" in form.fields else set()


def test_nobody_puts_in_for_a_group_they_are_not_in(client, author):
    Mandate.objects.create(user=author, body=make.body("LO"))
    answer = give(client, title="Un titre", body=make.body("SAN").pk)
    assert answer.context["form"].errors.keys() == {"body"} and not Reference.objects.exists()


@pytest.mark.parametrize("role", ["consultant", "invitee"])
def test_consultants_and_invitees_contribute_to_their_body(role):
    client = logged_in(make.member("PA", role=role))
    give(client, title="Une note")
    assert begun().audiences == ["body:PA"]
    assert client.get(page_of(begun())).status_code == 200


@pytest.mark.parametrize("method", ["get", "post"])
def test_without_a_running_mandate_a_sentence_says_whom_to_ask(method):
    answer = getattr(logged_in(people.member()), method)(ADD, {"title": "Un titre"})
    assert answer.status_code == 403 and "mandate" in text(answer)
    assert not Reference.objects.exists()


def test_an_editor_may_contribute_to_every_active_body_and_a_half_one_to_none():
    make.body("PA"), make.body("LO")
    closed = make.body("OLD")
    closed.is_active = False
    closed.save()
    whole, half = Client(), logged_in(people.editor("half@cass.example"))
    people.log_in(whole, people.editor())
    assert answer_fields(whole.get(ADD)) == {"PA", "LO"}
    assert half.get(ADD).status_code == 403


# Uploads that are not right


def test_an_empty_file_gets_its_sentence_and_the_other_is_kept(client):
    answer = client.post(ADD, {"uploads": [SimpleUploadedFile("vide.pdf", b""), pdf(name="bon.pdf")]}, follow=True)
    assert begun().files.get().stored_file.versions.get().original_name == "bon.pdf"
    assert "vide.pdf" in text(answer)


def test_a_file_that_is_too_large_gets_its_sentence_is_not_kept_and_the_other_is(client, settings):
    settings.FILES_MAX_BYTES = 50_000
    answer = client.post(
        ADD, {"uploads": [SimpleUploadedFile("lourd.pdf", b"x" * 60_000), pdf(name="bon.pdf")]}, follow=True
    )
    assert "lourd.pdf" in text(answer) and "48.8" in text(answer)
    assert [version.original_name for version in FileVersion.objects.all()] == ["bon.pdf"]


PROGRAM = b"MZ\x90\x00\x03\x00\x00\x00" + b"\x00" * 100


def test_a_damaged_doc_costs_none_of_the_good_files_of_its_form(client, worker):
    with worker():
        answer = client.post(
            ADD,
            {
                "uploads": [
                    pdf(name="un.pdf"),
                    pdf(name="deux.pdf"),
                    SimpleUploadedFile("lettre.doc", hostile.DAMAGED_DOC),
                ]
            },
        )
    assert answer.status_code == 302
    found = {version.original_name: version.state for version in FileVersion.objects.all()}
    assert found == {"un.pdf": "read", "deux.pdf": "read", "lettre.doc": "broken"}


@pytest.mark.parametrize(
    ("language", "word"), [("fr", "C’est un programme"), ("nl", "Dit is een programma"), ("en", "This is a program")]
)
def test_a_program_is_told_beside_its_field_and_the_other_files_are_taken(author, language, word):
    client = logged_in(author)
    add = address("add", language=language)
    alone = client.post(add, {"uploads": [SimpleUploadedFile("jeu.exe", PROGRAM)], "title": ""})
    assert {"fr": "jeu.exe\xa0: "}.get(language, "jeu.exe: ") + word in alone.context["form"].errors["uploads"][0]
    with_others = client.post(
        add, {"uploads": [SimpleUploadedFile("jeu.exe", PROGRAM), pdf(name="bon.pdf")]}, follow=True
    )
    assert word in text(with_others)
    assert [version.original_name for version in FileVersion.objects.all()] == ["bon.pdf"]


def test_a_program_that_was_kept_when_the_session_ended_is_refused_then_and_the_good_file_taken(client, author):
    ticket = client.get(ADD).context["ticket"]
    end_sessions()
    sent = client.post(
        ADD, {"ticket": ticket, "uploads": [SimpleUploadedFile("jeu.exe", PROGRAM), pdf(name="bon.pdf")]}, follow=True
    )
    client.force_login(author, backend=BACKEND)
    back = client.get(sent.context["redirect_field_value"])
    assert "jeu.exe: This is a program" in text(back)
    assert list(back.context["form"].kept.names.values()) == ["bon.pdf"]
    client.post(ADD, {"ticket": ticket_for(author), "kept": back.context["form"].kept.words})
    assert [version.original_name for version in FileVersion.objects.all()] == ["bon.pdf"]


def test_a_program_in_the_place_of_a_better_file_loses_nothing_of_the_form(client):
    give(client, uploads=[pdf()])
    data = {
        "open": "title",
        "title": "Écrit à la main",
        "upload": SimpleUploadedFile("jeu.exe", PROGRAM),
        "readers": "group",
        "do": "save",
    }
    answer = client.post(page_of(begun()), data)
    assert "This is a program" in answer.context["form"].errors["upload"][0]
    assert answer.context["form"]["title"].value() == "Écrit à la main"
    assert FileVersion.objects.count() == 1


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
def test_the_pages_of_a_contribution_are_there_before_anybody_said_what_its_file_is(client, author, language):
    give(
        client,
        uploads=[SimpleUploadedFile("page.html", b"<!doctype html><html><body>Le logement</body></html>"), pdf()],
        together="on",
    )
    reference = begun()
    assert set(FileVersion.objects.values_list("media_type", "state")) == {("", "waiting")}
    page = client.get(page_of(reference, language))
    shown = page.context["page"].files
    assert [(file.facts, file.odd_name, file.state.icon) for file in shown] == [
        ("HTML", "", "clock"),
        ("PDF", "", "clock"),
    ]
    assert client.get(shown[1].open_url)["Content-Type"] == "application/octet-stream"
    assert client.get(address("contributions", language=language)).status_code == 200
    handling.propose(reference, author, held=held_by(author, second_factor=False))
    handling.accept(reference, author, held=frozenset({STAFF}))
    for name in ("reference", "read"):
        place = [reference.mark_slug] if name == "reference" else [reference.mark_slug, 1, 1, 1]
        assert client.get(address(name, *place, language=language)).status_code == 200


def test_three_hundred_files_at_once_the_first_fifty_are_taken_and_the_others_are_told(client, settings):
    settings.FILES_MAX_AT_ONCE = 5
    answer = client.post(
        ADD, {"uploads": [SimpleUploadedFile(f"n{number}.txt", b"texte") for number in range(300)]}, follow=True
    )
    assert answer.status_code == 200
    assert Reference.objects.count() == 5
    assert "n299.txt" in text(answer)


class Endless:
    """A body of so many bytes that is made while it is read, so that the test holds none of it."""

    def __init__(self, head: bytes, size: int, tail: bytes) -> None:
        self.parts, self.left, self.tail = head, size, tail

    def read(self, size: int = -1) -> bytes:
        if self.parts:
            part, self.parts = self.parts[:size], self.parts[size:]
            return part
        if self.left:
            count = min(size, self.left)
            self.left -= count
            return b"x" * count
        part, self.tail = self.tail[:size], self.tail[size:]
        return part

    readline = read


def test_two_gigabytes_are_answered_with_a_sentence_and_fill_no_disk(author, monkeypatch, settings):
    """Really two gigabytes through the parser; what would be written to the temporary folder is counted."""
    settings.FILES_MAX_BYTES = settings.FILES_REQUEST_MAX_BYTES = 5_000_000
    written = []
    keep = TemporaryFileUploadHandler.receive_data_chunk
    monkeypatch.setattr(
        TemporaryFileUploadHandler,
        "receive_data_chunk",
        lambda self, raw, at: (written.append(len(raw)), keep(self, raw, at))[1],
    )
    size = 2_000_000_000
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="title"\r\n\r\nUn titre\r\n'
    head += (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="uploads"; '
        f'filename="film.pdf"\r\nContent-Type: application/pdf\r\n\r\n'
    )
    tail = f"\r\n--{BOUNDARY}--\r\n".encode()
    client = logged_in(author)
    environment = {
        "PATH_INFO": ADD,
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": MULTIPART_CONTENT,
        "CONTENT_LENGTH": str(len(head) + size + len(tail)),
        "wsgi.input": Endless(head.encode(), size, tail),
    }
    answer = client.request(**environment)
    assert sum(written) <= settings.FILES_MAX_BYTES
    assert answer.status_code == 200
    assert "film.pdf" in text(answer) and "1.9" in text(answer)
    assert "Un titre" in text(answer)


@pytest.fixture
def worker(django_capture_on_commit_callbacks):
    """`with worker():` what the worker does after the commit: reads, then drafts."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def bomb() -> SimpleUploadedFile:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("[Content_Types].xml", "<Types/>")
        made.writestr("word/document.xml", b"<w>" + b"0" * 400_000_000)
    return SimpleUploadedFile("bombe.docx", packed.getvalue())


def test_a_zip_bomb_is_not_read_is_told_and_is_completed_by_hand(client, worker):
    with worker():
        give(client, uploads=[bomb()])
    page = client.get(page_of(begun()))
    assert page.context["page"].files[0].state.is_unread
    assert "could not read the text" in text(page)
    answer = client.post(
        page_of(begun()), {"open": "title", "title": "Écrit à la main", "readers": "group", "do": "confirm"}
    )
    assert answer.status_code == 302 and (begun().state, begun().title) == (S.PROPOSED, "Écrit à la main")


def test_a_web_page_named_pdf_is_told_read_as_what_it_is_and_served_as_text(client, worker):
    html = (
        b"<!doctype html><html><head><title>Une page</title></head><body><h1>Une "
        b"page</h1><script>alert(1)</script><p>Du texte.</p></body></html>"
    )
    with worker():
        give(client, uploads=[SimpleUploadedFile("rapport.pdf", html)])
    page = client.get(page_of(begun()))
    assert page.context["page"].files[0].odd_name == "HTML"
    assert client.get(page.context["page"].files[0].open_url)["Content-Type"].startswith("text/plain")


def test_a_better_file_becomes_the_next_version_and_takes_the_place_of_what_nobody_could_cite(client, worker):
    with worker():
        give(client, uploads=[SimpleUploadedFile("abime.pdf", b"%PDF-1.4 cut off")])
    reference = begun()
    assert client.get(page_of(reference)).context["page"].files[0].state.is_unread
    with worker():
        client.post(
            page_of(reference), {"upload": pdf(name="entier.pdf"), "upload_as": "1", "readers": "group", "do": "save"}
        )
    assert list(reference.files.get().stored_file.versions.values_list("number", "original_name")) == [
        (2, "entier.pdf")
    ]
    assert client.get(page_of(reference)).context["page"].files[0].state.code == "read"


# Moment 2


@pytest.fixture
def drafted(client, worker):
    page = (
        "Nieuwkomers op de Brusselse huurmarkt: een verkenning van de obstakels die zij "
        "ontmoeten bij de huurwaarborg en de huisvesting"
    )
    with worker():
        give(client, uploads=[pdf(page, page)])
    return begun()


def lines(answer):
    page = answer.context["page"]
    return {line.name: line for line in (*page.lines, *page.aside)}


def test_each_line_says_where_it_was_read_and_a_missing_one_is_open(client, drafted):
    shown = lines(client.get(page_of(drafted)))
    assert shown["title"].value and shown["title"].where and shown["title"].field is None
    assert shown["language"].value == "Dutch" and shown["language"].where == "recognised in the text"
    assert shown["creators"].is_missing and shown["creators"].field is not None
    assert "You may leave it empty" in text(client.get(page_of(drafted)))


def test_correct_opens_that_one_field_without_javascript(client, drafted):
    shown = lines(client.get(page_of(drafted), {"edit": "title"}))
    assert shown["title"].field is not None and not shown["title"].is_missing
    assert shown["language"].field is None
    answer = client.post(
        page_of(drafted), {"missing": ["creators"], "creators": "De Schakel vzw", "readers": "group", "edit": "title"}
    )
    assert answer["Location"] == f"{page_of(drafted)}?edit=title#line-title"
    assert [one.name for one in drafted.creators.all()] == ["De Schakel vzw"]


def stamp(client, reference) -> str:
    """What the page shows, as its hidden field says it."""
    return (client.get(page_of(reference)).context or {}).get("stamp", "")


def rights_shown(reference) -> str:
    """What the form that stands on the page now says of the rights that it shows."""
    fresh = Reference.objects.get(pk=reference.pk)
    form = RecordForm(user=fresh.created_by, held=frozenset(), reference=fresh, opened=(), missing=(), files=())
    return form[STAMP].value()


def correct(client, reference, **data):
    data[STAMP] = rights_shown(reference)
    if data.get("do") in ("accept", "return", "refuse"):
        data["stamp"] = stamp(client, reference)
    opened = [
        name
        for name in data
        if name
        not in {
            *("readers", "do", "publish_reason", "permission_date", "own_production", "missing", "word", "stamp"),
            STAMP,
        }
    ]
    return client.post(page_of(reference), {"open": opened, "readers": "group", "do": "save", **data})


def names(count: int) -> str:
    return "\n".join(f"Nom{number}, P" for number in range(count))


def seconds_and_queries_of(act) -> tuple[float, int]:
    with CaptureQueriesContext(connection) as queries:
        began = time.process_time()
        act()
        return time.process_time() - began, len(queries)


def test_the_largest_form_is_saved_quickly_and_with_as_many_queries_as_a_small_one(client, drafted):
    correct(client, drafted, creators=names(1), abstract="Un mot.")
    _, few = seconds_and_queries_of(lambda: correct(client, drafted, creators=names(2), abstract="Deux mots."))
    largest = names(MOST_NAMES).replace("Nom", "Autre")
    seconds, many = seconds_and_queries_of(
        lambda: correct(client, drafted, creators=largest, abstract="é" * LONGEST_TEXT)
    )
    assert list(Creator.objects.filter(reference=drafted).values_list("name", flat=True)) == largest.splitlines()
    assert len(Reference.objects.get().abstract["en"]) == LONGEST_TEXT
    assert many <= few + 10 and seconds < 2


TOO_MUCH = {
    "names": ("creators", names(MOST_NAMES + 1), "There are 101 names here: give 100 at most"),
    "letters": ("abstract", "é" * (LONGEST_TEXT + 1), "at most 20000 characters"),
}


@pytest.mark.parametrize("case", TOO_MUCH)
def test_one_more_is_refused_with_a_sentence_and_nothing_is_lost(client, drafted, case):
    name, typed, sentence = TOO_MUCH[case]
    before = list(Creator.objects.values_list("name", flat=True))
    answer = correct(client, drafted, **{name: typed, "publisher": "Tapé avec"}, do="confirm")
    form = answer.context["form"]
    assert form.errors.keys() == {name} and sentence in form.errors[name][0] and sentence in text(answer)
    assert (form[name].value(), form["publisher"].value()) == (typed, "Tapé avec")
    assert (begun().state, list(Creator.objects.values_list("name", flat=True)), begun().abstract) == (
        S.DRAFT,
        before,
        drafted.abstract,
    )


def test_a_form_with_thousands_of_names_is_refused_before_anything_is_written(client, drafted):
    seconds, _ = seconds_and_queries_of(lambda: correct(client, drafted, creators=names(4000)))
    assert seconds < 2 and Creator.objects.count() < MOST_NAMES


def test_no_more_concepts_than_a_document_can_be_about(client, drafted):
    form = correct(client, drafted, concepts=[str(number) for number in range(101)]).context["form"]
    assert form.errors["concepts"] == ["There are 101 themes here: choose 100 at most."]


def test_who_stays_on_the_list_of_names_stays_as_an_editor_wrote_them(client, drafted):
    correct(client, drafted, creators="Un, A.\nDeux, B.")
    Creator.objects.filter(name="Un, A.").update(role="editor")
    used = Authority.objects.create(kind="creator", name="Trois vzw")
    OtherName.objects.create(authority=used, kind="creator", name="3 vzw")
    correct(client, drafted, creators="3 vzw\nUn, A.")
    found = Creator.objects.filter(reference=drafted).values_list("name", "role", "is_organisation")
    assert list(found) == [("Trois vzw", "author", True), ("Un, A.", "editor", False)]


def test_what_is_corrected_is_kept_and_no_later_reading_touches_it(client, drafted, worker):
    correct(client, drafted, title="Un titre corrigé", date_text="2011", creators="De Schakel vzw\nPeeters, A.")
    drafted.refresh_from_db()
    assert (drafted.title, drafted.year) == ("Un titre corrigé", 2011)
    assert list(Creator.objects.filter(reference=drafted).values_list("name", "is_organisation")) == [
        ("De Schakel vzw", True),
        ("Peeters, A.", False),
    ]
    assert {"title", "date_text", "creators"} <= set(Contribution.objects.get().corrected)
    with worker():
        client.post(
            page_of(drafted), {"upload": pdf("Un tout autre titre"), "upload_as": "1", "readers": "group", "do": "save"}
        )
    drafted.refresh_from_db()
    assert drafted.title == "Un titre corrigé"
    assert lines(client.get(page_of(drafted)))["title"].where == "as the contributor wrote it"


def test_a_missing_line_left_empty_does_not_wipe_what_was_read_meanwhile(client, drafted):
    Reference.objects.filter(pk=drafted.pk).update(date_text="2011")
    client.post(
        page_of(drafted),
        {"missing": ["date_text", "language"], "date_text": "", "language": "", "readers": "group", "do": "save"},
    )
    drafted.refresh_from_db()
    assert (drafted.date_text, drafted.language) == ("2011", "nl")


def test_only_the_title_is_needed(client):
    give(client, title="Une brochure")
    assert correct(client, begun(), title="", do="confirm").context["form"].errors.keys() == {"title"}
    assert begun().state == S.DRAFT
    assert client.post(page_of(begun()), {"readers": "group", "do": "confirm"}).status_code == 302
    assert begun().state == S.PROPOSED


def test_bad_input_gets_a_sentence_by_the_field_and_loses_nothing_not_even_the_file(client, drafted):
    data = {"date_text": "l’an dernier", "publisher": "Maison d’édition", "creators": "Une personne"}
    answer = correct(client, drafted, **data, do="confirm", upload=pdf(name="mieux.pdf"), upload_as="1")
    form = answer.context["form"]
    assert form.errors.keys() == {"date_text"}
    shown = text(answer)
    assert "l’an dernier" in shown and "Maison d’édition" in shown and "Une personne" in shown
    assert list(form.kept.names.values()) == ["mieux.pdf"]
    drafted.refresh_from_db()
    assert (drafted.state, drafted.publisher) == (S.DRAFT, "")
    data["date_text"] = "2011"
    correct(client, drafted, **data, kept=form.kept.words, upload_as="1")
    assert list(drafted.files.get().stored_file.versions.values_list("number", "original_name")) == [(2, "mieux.pdf")]


def test_a_half_finished_draft_is_in_my_contributions(client, author, drafted):
    assert drafted.title in text(logged_in(author).get(LIST))
    with override("fr"):
        (row,) = own(author, frozenset(), 5)
    assert (row.state, row.title, row.url) == ("draft", drafted.full_title, page_of(drafted, "fr"))


def test_the_state_of_the_reading_is_asked_in_small(client):
    give(client, uploads=[pdf()])  # nobody reads it here
    assert client.get(page_of(begun()), {"state": ""}).json() == {"reading": True}
    assert "We are reading the document" in text(client.get(page_of(begun())))
    FileVersion.objects.update(state="read")
    assert client.get(page_of(begun()), {"state": ""}).json() == {"reading": False}


# Readers


@pytest.mark.parametrize(
    ("choice", "reason", "notice", "file"),
    [
        ("group", "unknown", ["body:PA"], ["body:PA"]),
        ("members", "unknown", ["body:PA", "members"], ["body:PA", "members"]),
        ("everyone", "unknown", ["public"], ["body:PA", "members"]),
        ("everyone", "open-licence", ["public"], ["public"]),
    ],
)
def test_the_choice_of_readers_is_given_to_the_notice_and_its_file(client, drafted, choice, reason, notice, file):
    assert correct(client, drafted, readers=choice, publish_reason=reason).status_code == 302
    drafted.refresh_from_db()
    assert (drafted.audiences, drafted.files.get().audiences) == (notice, file)


def test_a_permission_wants_its_date(client, drafted):
    answer = correct(client, drafted, readers="everyone", publish_reason="permission")
    assert answer.context["form"].errors.keys() == {"permission_date"}
    correct(client, drafted, readers="everyone", publish_reason="permission", permission_date="2012-05-03")
    assert drafted.files.get().audiences == ["public"]


def test_own_work_for_everyone_is_refused_with_the_sentence(client, drafted):
    answer = correct(client, drafted, readers="everyone", publish_reason="own", own_production="on", do="confirm")
    assert answer.context["form"].errors.keys() == {"own_production"}
    assert "Steering Committee must agree" in text(answer)
    assert Reference.objects.get().state == S.DRAFT
    correct(client, drafted, readers="members", own_production="on", do="confirm")
    assert Reference.objects.get().own_production == make.body("PA")
    assert Reference.objects.get().state == S.PROPOSED


def test_what_was_proposed_as_own_work_stays_so_whoever_asks(client, author):
    reference = make.reference(
        state=S.RETURNED, created_by=author, audiences=("body:PA",), own_production=make.body("PA")
    )
    answer = correct(client, reference, readers="everyone", do="confirm")
    assert answer.context["form"].errors.keys() == {"own_production"}
    Reference.objects.update(state=S.PROPOSED)
    answer = correct(logged_in(referent()), reference, readers="everyone", do="accept")
    assert answer.context["form"].errors.keys() == {"own_production"}
    assert "it stays so" in text(answer)
    editor = Client()
    people.log_in(editor, people.editor())
    answer = correct(editor, reference, readers="everyone", do="accept")
    assert answer.context["form"].errors.keys() == {"own_production"}
    reference.refresh_from_db()
    assert (reference.state, reference.own_production) == (S.PROPOSED, make.body("PA"))


# Similar documents


def test_a_similar_document_is_shown_before_confirming_and_an_unseen_twin_to_editors_alone(client, author, worker):
    seen = make.reference("Le même titre exactement", doi="10.1000/182")
    hidden = make.reference("Un secret d’un autre groupe", code="LO", audiences=("body:LO",), doi="10.1000/182")
    give(client, link="10.1000/182")
    mine = Reference.objects.get(state=S.DRAFT)
    shown = text(client.get(page_of(mine)))
    assert seen.title in shown and hidden.title not in shown and hidden.mark not in shown
    with worker():
        client.post(page_of(mine), {"open": "title", "title": "Le mien", "readers": "group", "do": "confirm"})
    assert list(Resemblance.objects.values_list("reference", "other")) == [(mine.pk, hidden.pk)]
    assert hidden.mark not in text(client.get(page_of(mine)))


# A session that ended


def kept_address(response) -> str:
    """Where the log-in leads on to."""
    return parse_qs(urlsplit(response["Location"]).query)["next"][0]


def end_sessions() -> None:
    UserSession.objects.update(expire_date=timezone.now() - timedelta(seconds=1))


def test_what_was_typed_and_dropped_after_the_session_ended_is_there_after_the_log_in(client, author):
    ticket = client.get(ADD).context["ticket"]
    author.set_password(people.PASSWORD)
    author.save()
    end_sessions()
    sent = client.post(ADD, {"ticket": ticket, "title": "Tapé avant", "uploads": [pdf(name="donne.pdf")]}, follow=True)
    assert "kept" in text(sent) and not Reference.objects.exists()
    back = sent.context["redirect_field_value"]
    assert back.startswith(f"{ADD}?resume=")
    with override("en"):
        answer = client.post(
            reverse("account_login"), {"login": author.email, "password": people.PASSWORD, "next": back}, follow=True
        )
    form = answer.context["form"]
    assert "Tapé avant" in text(answer) and list(form.kept.names.values()) == ["donne.pdf"]
    client.post(ADD, {"ticket": answer.context["ticket"], "title": "Tapé avant", "kept": form.kept.words})
    assert begun().title == "Tapé avant" and begun().files.count() == 1


def test_corrections_sent_after_the_session_ended_are_there_after_the_log_in(client, author, drafted):
    shown = client.get(page_of(drafted)).context
    end_sessions()
    written = {"open": "publisher", "publisher": "Tapé avant", "readers": "members", "do": "confirm"}
    sent = client.post(page_of(drafted), {**written, "ticket": shown["ticket"], STAMP: shown["form"][STAMP].value()})
    back = logged_in(author)
    answer = back.get(kept_address(sent))
    assert "Tapé avant" in text(answer) and answer.context["form"]["readers"].value() == "members"
    assert Reference.objects.get().publisher == ""


def test_what_was_kept_opens_for_no_other_person(client, author):
    ticket = client.get(ADD).context["ticket"]
    end_sessions()
    sent = client.post(ADD, {"ticket": ticket, "title": "Secret de l’autrice"})
    other = logged_in(make.member("PA"))
    assert "Secret de l’autrice" not in text(other.get(kept_address(sent)))
    assert "Secret de l’autrice" in text(logged_in(author).get(kept_address(sent)))


def test_a_form_of_one_person_sent_by_another_adds_nothing_in_the_name_of_the_other(client, author):
    ticket = client.get(ADD).context["ticket"]
    other = logged_in(make.member("PA"))
    answer = other.post(ADD, {"ticket": ticket, "title": "À l’autrice", "uploads": [pdf()]})
    assert answer.status_code == 409 and not Reference.objects.exists()
    back = answer.context["back"]
    assert "À l’autrice" in text(logged_in(author).get(back))
    assert "À l’autrice" not in text(other.get(back))


def test_a_document_kept_for_one_person_comes_in_with_no_other_persons_form(client, author, drafted):
    word = (
        give(client, uploads=[pdf(name="un.pdf"), pdf(name="deux.pdf")], title="Lequel ?").context["form"].kept.words[0]
    )
    other = logged_in(make.member("PA"))
    own = make.reference("À l’autre", state=S.DRAFT, created_by=make.member("PA"))
    answer = give(other, kept=word)
    assert answer.status_code == 200 and not answer.context["form"].kept.names and "un.pdf" not in text(answer)
    logged_in(own.created_by).post(page_of(own), {"kept": word, "readers": "group"})
    assert not own.files.exists()
    give(client, kept=word, title="Pour moi")
    assert Reference.objects.get(title="Pour moi").files.count() == 1


def test_the_address_of_a_form_that_waits_brings_no_document_in(client, author):
    ticket = client.get(ADD).context["ticket"]
    end_sessions()
    sent = client.post(ADD, {"ticket": ticket, "title": "Secret de l’autrice"})
    word = parse_qs(urlsplit(kept_address(sent)).query)["resume"][0]
    for person in (make.member("PA"), author):
        answer = give(logged_in(person), kept=word)
        assert answer.status_code == 200 and not Reference.objects.exists()
    assert "Secret de l’autrice" in text(logged_in(author).get(kept_address(sent)))


@pytest.mark.parametrize("ticket", ["", "forged", "old", "of a closed account"])
def test_a_stranger_stores_nothing(author, ticket, monkeypatch):
    word = {"": "", "forged": "abc:def:ghi"}.get(ticket)
    if ticket == "old":
        now = time.time
        monkeypatch.setattr(time, "time", lambda: now() - 90_000)
        word = ticket_for(author)
        monkeypatch.setattr(time, "time", now)
    if ticket == "of a closed account":
        word = ticket_for(author)
        author.is_active = False
        author.save()
    stored = private_storage().listdir("incoming")[1] if private_storage().exists("incoming") else []
    answer = Client().post(ADD, {"ticket": word, "title": "Un titre", "uploads": [pdf()]})
    assert answer.status_code == 302 and "resume" not in answer["Location"]
    assert (private_storage().listdir("incoming")[1] if private_storage().exists("incoming") else []) == stored


# Lists


def test_my_contributions_say_where_each_stands_and_the_last_word(client, author):
    for state in S:
        make.reference(
            f"Étude {state}",
            state=state,
            created_by=author,
            state_reason="Il manque l’année." if state == S.RETURNED else "",
        )
    make.reference("À une autre personne", state=S.DRAFT, created_by=make.member("PA"))
    shown = text(client.get(LIST))
    assert all(f"Étude {state}" in shown for state in S)
    assert "Il manque l’année." in shown and "À une autre personne" not in shown


def referent(code="PA"):
    user = make.member(code)
    Mandate.objects.filter(user=user).update(is_referent=True)
    return user


def test_a_referent_finds_what_is_to_be_accepted_and_a_member_no_such_list(client, author):
    make.reference("À accepter", state=S.PROPOSED, created_by=author, code="PA")
    make.reference("Ailleurs", state=S.PROPOSED, code="LO")
    shown = text(logged_in(referent()).get(LIST))
    assert "À accepter" in shown and "Ailleurs" not in shown
    assert "to-accept" not in text(client.get(LIST))


def test_an_editor_filters_by_body():
    make.reference("De PA", state=S.PROPOSED, code="PA")
    make.reference("De LO", state=S.PROPOSED, code="LO")
    client = Client()
    people.log_in(client, people.editor())
    assert "De PA" in text(client.get(LIST)) and "De LO" in text(client.get(LIST))
    assert "De PA" not in text(client.get(LIST, {"body": "LO"}))


def test_the_lists_cost_the_same_with_two_and_with_more_than_a_page(author, django_assert_num_queries):
    client = logged_in(author)
    Mandate.objects.filter(user=author).update(is_referent=True)

    def some(count):
        for _ in range(count):
            make.reference(state=S.PROPOSED, created_by=author)

    some(2)
    client.get(LIST)
    with CaptureQueriesContext(connection) as few:
        client.get(LIST)
    some(25)
    with CaptureQueriesContext(connection) as many:
        answer = client.get(LIST)
    assert len(many) == len(few)
    assert len(answer.context["rows"]) == 20


# Whose page it is

READERS = ["anyone", "member", "other", "consultant", "referent", "author", "editor", "half"]


@pytest.fixture
def everyone(readers, author):
    readers.referent = logged_in(referent())
    readers.author = logged_in(author)
    readers.half = logged_in(people.editor("half@cass.example"))
    return readers


SEEN = {
    S.DRAFT: {"author", "editor"},
    S.PROPOSED: {"author", "referent", "editor"},
    S.RETURNED: {"author", "referent", "editor"},
    S.REFUSED: {"author", "referent", "editor"},
}


@pytest.mark.parametrize("state", SEEN)
@pytest.mark.parametrize("reader", READERS)
def test_a_contribution_is_there_for_its_author_and_who_handles_it(everyone, author, state, reader):
    reference = make.reference("Secret mélisse", state=state, created_by=author, audiences=("public",))
    answer = everyone.named(reader).get(page_of(reference))
    if reader == "anyone":
        assert answer.status_code == 302 and "mélisse" not in answer["Location"]
        return
    assert answer.status_code == (200 if reader in SEEN[state] else 404)


@pytest.mark.parametrize("reader", ["member", "other", "consultant", "half", "referent"])
@pytest.mark.parametrize("method", ["get", "post", "head"])
def test_another_persons_draft_answers_as_what_does_not_exist(everyone, author, reader, method):
    client = everyone.named(reader)
    reference = make.reference("Secret mélisse", state=S.DRAFT, created_by=author)
    there = getattr(client, method)(page_of(reference))
    nothing = getattr(client, method)(page_of(reference).replace("2012-1", "2012-9"))
    assert there.status_code == nothing.status_code == 404
    assert there.content.replace(b"2012-1", b"2012-9").replace(b"2012 1", b"2012 9") == nothing.content


@pytest.mark.parametrize("step", ["save", "confirm", "accept", "return", "refuse", "take_back", "delete"])
@pytest.mark.parametrize("reader", READERS)
def test_each_step_is_taken_by_those_who_may_and_by_nobody_else(everyone, author, reader, step):
    state = S.DRAFT if step in ("save", "confirm", "delete") else S.PROPOSED
    allowed = {"author"} if step in ("save", "confirm", "delete", "take_back") else {"referent", "editor"}
    reference = make.reference(state=state, created_by=author, audiences=("body:PA",))
    shown = stamp_of(Reference.objects.get(pk=reference.pk))
    everyone.named(reader).post(
        page_of(reference),
        {"do": step, "word": "Un mot.", "readers": "members", "stamp": shown, STAMP: rights_shown(reference)},
    )
    after = Reference.objects.filter(pk=reference.pk).first()
    changed = after is None or after.state != state or after.audiences != ["body:PA"]
    assert changed == (reader in allowed)


def test_a_referent_corrects_a_line_and_accepts_in_one_go(author):
    reference = make.reference("Un titre fauttif", state=S.PROPOSED, created_by=author, audiences=("body:PA",))
    client = logged_in(referent())
    with override("en"):
        contributed = f"Contributed by {author.shown_name} for"
    assert contributed in text(client.get(page_of(reference))).replace("\u00a0", " ")
    answer = correct(client, reference, title="Un titre juste", readers="members", do="accept")
    assert answer["Location"] == address("reference", reference.mark_slug)
    reference.refresh_from_db()
    assert (reference.title, reference.state) == ("Un titre juste", S.ACCEPTED)


def test_sending_back_without_a_word_is_asked_by_the_field(author):
    reference = make.reference(state=S.PROPOSED, created_by=author, audiences=("body:PA",))
    answer = correct(logged_in(referent()), reference, do="return", word="")
    assert answer.status_code == 200 and answer.context["form"].errors.keys() == {"word"}


def test_the_second_referent_reads_who_came_first(author):
    reference = make.reference(state=S.PROPOSED, created_by=author, audiences=("body:PA",))
    first, second = logged_in(referent()), logged_in(referent())
    second.get(page_of(reference))
    correct(first, reference, do="accept")
    answer = second.post(page_of(reference), {"readers": "group", "do": "refuse", "word": "Non."}, follow=True)
    assert "This was not done" in text(answer)
    assert Reference.objects.get().state == S.ACCEPTED


def test_readers_that_an_editor_chose_otherwise_stay_when_the_referent_accepts(author):
    reference = make.reference(state=S.PROPOSED, created_by=author, audiences=("body:LO", "body:PA"))
    correct(logged_in(referent()), reference, readers="", do="accept")
    reference.refresh_from_db()
    assert (reference.state, reference.audiences) == (S.ACCEPTED, ["body:LO", "body:PA"])


def test_what_was_accepted_leads_to_its_page(client, author):
    reference = make.reference(state=S.ACCEPTED, created_by=author, audiences=("body:PA",))
    assert client.get(page_of(reference))["Location"] == address("reference", reference.mark_slug)


@pytest.mark.parametrize(
    ("state", "reader"), [(S.ACCEPTED, "author"), (S.ACCEPTED, "referent"), (S.WITHDRAWN, "referent")]
)
@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"word": "x" * 501},
        {"open": "title", "title": ""},
        {"do": "accept", "readers": "everyone"},
        {"do": "delete"},
    ],
)
def test_what_is_decided_shows_nothing_to_who_sends_its_form_and_may_not_read_it(author, state, reader, sent):
    reference = make.reference("Secret mélisse", state=state, created_by=author, audiences=("body:LO",))
    make.file(reference, "Page mélisse", audiences=("body:LO",), name="melisse.pdf")
    client = logged_in(author if reader == "author" else referent())
    Mandate.objects.filter(user=author).delete()
    answer = client.post(page_of(reference), sent, follow=True)
    assert "mélisse" not in text(answer) and "melisse" not in text(answer)
    reference.refresh_from_db()
    assert (reference.state, reference.audiences) == (state, ["body:LO"])


def test_the_list_is_narrowed_to_a_body_that_is_followed_and_to_nothing_else(author):
    make.reference("Étude citronnier", state=S.PROPOSED, created_by=author)
    client = logged_in(referent())
    for code in ("PA", "LO", "", "\x00", "PA' OR 1=1"):
        answer = client.get(LIST, {"body": code})
        assert answer.context["chosen"] == ("PA" if code == "PA" else "")
        assert "citronnier" in text(answer)


# Found


@pytest.mark.parametrize("state", [S.DRAFT, S.PROPOSED])
def test_a_file_is_found_by_its_author_and_its_referents_before_it_is_accepted(index, everyone, author, state):
    reference = make.reference("Étude gingembre", state=state, created_by=author, audiences=("public",))
    make.file(reference, "Cette page parle de gingembre.")
    index()
    with override("fr"):
        search = reverse("search:results")
    found = {
        reader
        for reader in READERS
        if everyone.named(reader).get(f"{search}?q=gingembre").context["answer"].results.total
    }
    assert found == ({"author", "editor"} if state == S.DRAFT else {"author", "referent", "editor"})


def test_others_find_it_after_acceptance(index, everyone, author):
    reference = make.reference("Étude gingembre", state=S.PROPOSED, created_by=author, audiences=("body:PA",))
    make.file(reference, "Cette page parle de gingembre.", audiences=("body:PA",))
    correct(everyone.referent, reference, readers="members", do="accept")
    index()
    with override("fr"):
        search = reverse("search:results")
    found = {
        reader
        for reader in READERS
        if everyone.named(reader).get(f"{search}?q=gingembre").context["answer"].results.total
    }
    assert found == set(READERS) - {"anyone", "half"}


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
def test_the_pages_are_there_in_each_language(author, language):
    client = logged_in(author)
    for name in ("add", "contributions"):
        answer = client.get(address(name, language=language))
        assert answer.status_code == 200 and f'<html lang="{language}"' in text(answer)
        assert answer["Cache-Control"] == "private, no-store"


def test_starting_with_everything_keeps_everything(author):
    reference = start(author, make.body("PA"), link=Link(doi="10.1000/182"), title="Un titre")
    assert (reference.title, reference.doi, reference.created_by) == ("Un titre", "10.1000/182", author)
    assert held_by(author, second_factor=False) & reference.effective_audiences


def test_the_way_in_is_shown_to_those_who_may_contribute_alone(everyone, index):
    with override("en"):
        library = reverse("library:list")
    shown = {reader for reader in READERS if ADD in text(everyone.named(reader).get(library))}
    assert shown == set(READERS) - {"anyone", "half"}


def test_the_page_of_a_proposal_leads_to_where_it_is_handled(client, author):
    reference = make.reference(state=S.PROPOSED, created_by=author)
    assert page_of(reference) in text(client.get(address("reference", reference.mark_slug)))
    accepted = make.reference(state=S.ACCEPTED, created_by=author)
    assert page_of(accepted) not in text(client.get(address("reference", accepted.mark_slug)))


def test_a_withdrawn_reference_says_why_to_those_who_could_see_it(everyone):
    reference = make.reference("Un titre disparu", audiences=("members",))
    reference.state, reference.state_reason = S.WITHDRAWN, "Remplacée par l’édition de 2013."
    reference.save()
    assert "l’édition de 2013" in text(everyone.member.get(address("reference", reference.mark_slug)))
    assert everyone.anyone.get(address("reference", reference.mark_slug)).status_code == 404


@pytest.mark.parametrize("change", ["another version", "another title", "no stamp"])
def test_nobody_accepts_what_their_page_did_not_show(client, author, worker, change):
    give(client, uploads=[pdf()])
    client.post(page_of(begun()), {"readers": "group", "do": "confirm"})
    reader = logged_in(referent())
    seen = stamp(reader, begun()) if change != "no stamp" else ""
    client.post(page_of(begun()), {"readers": "group", "do": "take_back"})
    if change == "another version":
        correct(client, begun(), upload=pdf("Tout autre chose"), upload_as="1")
    if change == "another title":
        correct(client, begun(), title="Un tout autre titre")
    client.post(page_of(begun()), {"readers": "group", "do": "confirm"})
    answer = reader.post(page_of(begun()), {"readers": "group", "do": "accept", "word": "Merci.", "stamp": seen})
    assert begun().state == S.PROPOSED
    assert "changed since you opened it" in text(answer) and answer.context["form"]["word"].value() == "Merci."
    assert (
        reader.post(
            page_of(begun()), {"readers": "group", "do": "accept", "stamp": answer.context["stamp"]}
        ).status_code
        == 302
    )
    assert begun().state == S.ACCEPTED
