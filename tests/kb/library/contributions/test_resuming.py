"""What is kept of a form whose session ended: all of an ordinary one, and no more than anybody's share of the disk."""

from __future__ import annotations

from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from kb.files.intake.keeping import kept_bytes
from kb.files.models import private_storage
from kb.languages import CODES
from kb.library.contributions.forms import LINES, SENT
from kb.library.contributions.resuming import FORM_MAX_BYTES, FORMS_KEPT, resumed, ticket_for
from tests.kb.library import builders as make

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
ADDRESSES = {"fr": "/fr/bibliotheque/ajouter/", "nl": "/nl/bibliotheek/toevoegen/", "en": "/en/library/add/"}
ADD = ADDRESSES["en"]
# At least as long as any of these may be.
LONG = {"abstract": "é" * 20_000, "creators": "Nom, Prénom\n" * 100, "title": "T" * 500, "word": "m" * 500}

_TOO_LONG = {"fr": "trop long", "nl": "te lang", "en": "it is too long"}
WHY = {
    "too long": _TOO_LONG,
    "together too long": _TOO_LONG,
    "the disk is full": {
        "fr": "plus de place en ce moment",
        "nl": "op dit moment geen plaats",
        "en": "no room at this moment",
    },
    "no room left": {"fr": "Mes contributions", "nl": "Mijn bijdragen", "en": "My contributions"},
}


@pytest.fixture(autouse=True)
def empty_folder(monkeypatch, tmp_path):
    """What other tests kept for persons of the same numbers is not counted."""
    for name in ("base_location", "location"):
        monkeypatch.setitem(vars(private_storage()), name, str(tmp_path / "private"))


@pytest.fixture
def author():
    return make.member("PA", email="auteur@cass.example")


def waiting(person) -> int:
    folder = private_storage()
    names = folder.listdir("incoming")[1] if folder.exists("incoming") else []
    return sum(name.endswith(f".form.{person.pk}") for name in names)


def sent_late(author, address=ADD, **data):
    return Client().post(address, {"ticket": ticket_for(author), **data})


def word_of(answer) -> str:
    """The word of the form that waits; "" where none does."""
    back = parse_qs(urlsplit(answer["Location"]).query)["next"][0]
    return parse_qs(urlsplit(back).query).get("resume", [""])[0]


def test_every_line_of_both_forms_is_there_again_as_long_as_it_may_be(author):
    lines = {name: LONG.get(name, f"valeur de {name}") for name in LINES}
    others = {
        "open": list(LINES),
        "missing": ["isbn"],
        "readers": "group",
        "publish_reason": "own",
        "permission_date": "2026-01-01",
    }
    typed = {
        **lines,
        **others,
        "own_production": "on",
        "upload_as": "1",
        "word": LONG["word"],
        "body": "3",
        "link": "10.1000/182",
        "together": "on",
    }

    found = resumed(word_of(sent_late(author, **typed)), author, ADD)

    assert {name: found.getlist(name) for name in typed} == {
        name: value if isinstance(value, list) else [value] for name, value in typed.items()
    }


def test_only_the_fields_of_the_two_forms_are_kept(author):
    strange = {f"champ{number}": "a" * 2_000 for number in range(400)}
    answer = sent_late(author, title="Un titre", strange=SimpleUploadedFile("x.pdf", b"x" * 9_000), **strange)

    assert set(resumed(word_of(answer), author, ADD)) == {"title"} <= SENT
    assert kept_bytes(author.pk) < 1_000


@pytest.mark.parametrize("language", CODES)
@pytest.mark.parametrize("why", WHY)
def test_what_is_too_much_is_not_kept_and_the_log_in_page_says_so(author, settings, why, language):
    typed = {"title": "Un titre", "uploads": SimpleUploadedFile("x.pdf", b"%PDF-1.4")}
    if why == "too long":
        typed["title"] = "a" * FORM_MAX_BYTES
    elif why == "together too long":
        typed["abstract"] = ["a" * 30_000] * 8
    elif why == "the disk is full":
        settings.CLOCK_DISK_FREE_BYTES = 1 << 60
    else:
        settings.FILES_PERSON_MAX_BYTES = 0
    browser = Client()
    answer = browser.post(ADDRESSES[language], {"ticket": ticket_for(author), **typed})

    assert answer.status_code == 302 and not word_of(answer)
    assert kept_bytes(author.pk) == 0
    said = unescape(browser.get(answer["Location"]).content.decode()).replace("\xa0", " ")
    assert {"fr": "n’a pas pu être gardé", "nl": "kon niet worden bewaard", "en": "could not be kept"}[language] in said
    assert WHY[why][language] in said


@pytest.mark.parametrize("language", CODES)
def test_a_document_for_which_there_was_no_room_is_named_at_the_log_in_and_the_others_are_kept(
    author, settings, language
):
    settings.FILES_PERSON_MAX_BYTES = 60_000
    uploads = [SimpleUploadedFile("un.pdf", b"%PDF-1.4" * 100), SimpleUploadedFile("deux.pdf", b"%PDF-1.4" * 9_000)]
    browser = Client()
    answer = browser.post(ADDRESSES[language], {"ticket": ticket_for(author), "title": "Un titre", "uploads": uploads})
    said = unescape(browser.get(answer["Location"]).content.decode()).replace("\xa0", " ")

    assert {"fr": "deux.pdf : Ce que vous", "nl": "deux.pdf: Wat u", "en": "deux.pdf: What you gave"}[language] in said
    assert "un.pdf" not in said
    found = resumed(word_of(answer), author, ADDRESSES[language])
    assert found["title"] == "Un titre" and len(found.getlist("kept")) == 1


def test_another_person_reads_which_document_was_not_kept_and_no_figure_of_its_owner(author, settings):
    settings.FILES_PERSON_MAX_BYTES = 60_000
    browser = Client()
    browser.force_login(make.member("PA"), backend=BACKEND)
    answer = browser.post(
        ADD, {"ticket": ticket_for(author), "uploads": SimpleUploadedFile("deux.pdf", b"%PDF-1.4" * 9_000)}
    )

    assert "“deux.pdf” was not kept." in answer.content.decode()
    assert "58" not in answer.content.decode().partition("deux.pdf")[2][:200]


def test_another_person_on_the_same_computer_is_told_that_nothing_was_kept(author):
    browser = Client()
    browser.force_login(make.member("PA"), backend=BACKEND)
    answer = browser.post(ADD, {"ticket": ticket_for(author), "title": "a" * FORM_MAX_BYTES})

    assert answer.status_code == 409 and "could not be kept" in answer.content.decode()
    assert "resume=" not in answer.content.decode() and kept_bytes(author.pk) == 0


def test_of_many_forms_of_a_person_the_last_ones_wait_and_those_of_others_too(author):
    other = make.member("PA")
    of_other = word_of(sent_late(other, title="D’une autre"))
    words = [word_of(sent_late(author, title=f"Titre {number}")) for number in range(FORMS_KEPT + 3)]

    assert waiting(author) == FORMS_KEPT and waiting(other) == 1
    assert [resumed(word, author, ADD) is not None for word in words] == [False] * 3 + [True] * FORMS_KEPT
    assert resumed(of_other, other, ADD)["title"] == "D’une autre"


def test_signs_that_are_no_text_make_no_error(author):
    content = f'--x\r\nContent-Disposition: form-data; name="ticket"\r\n\r\n{ticket_for(author)}\r\n'
    content += '--x\r\nContent-Disposition: form-data; name="title"\r\n\r\n\\ud800\r\n--x--\r\n'
    answer = Client().post(
        ADD, content.encode(), content_type="multipart/form-data; boundary=x; charset=raw_unicode_escape"
    )

    assert answer.status_code == 302
