"""Editors keeping references in the admin: adding with a file, errors that lose nothing, lists, filters, bulk actions."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kb.groups.models import Body
from kb.library.models import Creator, Reference, ReferenceFile
from kb.vocabulary.models import Concept, Keyword
from tests.kb.accounts import builders

pytestmark = pytest.mark.django_db

TEXT = "La garantie locative est bloquée sur un compte. De huurwaarborg staat op een geblokkeerde rekening.".encode()


@pytest.fixture
def body():
    return Body.objects.create(code="LOG", name={"fr": "GT Logement"})


@pytest.fixture(autouse=True)
def editor(client):
    cache.clear()  # a code typed by another test counts for nothing here
    user = builders.editor()
    builders.log_in(client, user)
    return user


def form(body, **changes) -> dict:
    values = {
        "type": "report",
        "language": "fr",
        "title": "Le guide du locataire",
        "subtitle": "",
        "translated_titles_0": "",
        "translated_titles_1": "Gids voor huurders",
        "translated_titles_2": "",
        "abstract_0": "",
        "abstract_1": "",
        "abstract_2": "",
        "publisher": "",
        "container_title": "",
        "date_text": "2012-05",
        "pages": "",
        "url": "",
        "doi": "",
        "isbn": "",
        "force": "",
        "superseded_by": "",
        "source": "",
        "keywords_fr": "loyer, garantie locative",
        "keywords_nl": "huur",
        "keywords_en": "",
        "body": body.pk,
        "own_production": "",
        "audiences": ["public"],
        "state": "accepted",
        "state_reason": "",
        "creators-TOTAL_FORMS": "1",
        "creators-INITIAL_FORMS": "0",
        "creators-MIN_NUM_FORMS": "0",
        "creators-MAX_NUM_FORMS": "1000",
        "creators-0-name": "Union des locataires",
        "creators-0-role": "author",
        "creators-0-is_organisation": "on",
        "creators-0-organisation": "",
        "creators-0-ORDER": "1",
        "files-TOTAL_FORMS": "1",
        "files-INITIAL_FORMS": "0",
        "files-MIN_NUM_FORMS": "0",
        "files-MAX_NUM_FORMS": "1000",
        "files-0-title": "",
        "files-0-language": "",
        "files-0-audiences": ["members"],
        "files-0-publish_reason": "unknown",
        "files-0-permission_date": "",
        "files-0-kept_upload": "",
        "files-0-ORDER": "1",
    }
    values.update(changes)
    return values


def add_url() -> str:
    return reverse(Reference.snippet_viewset.get_url_name("add"))


def list_url() -> str:
    return reverse(Reference.snippet_viewset.get_url_name("list"))


def upload(name: str = "guide_du_locataire.txt", content: bytes = TEXT) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def test_an_editor_adds_a_reference_with_its_file(client, editor, body):
    response = client.post(add_url(), form(body) | {"files-0-upload": upload()})

    assert response.status_code == 302, re.findall(r"error-message[^>]*>\s*([^<]+)", response.content.decode())
    assert response.url == list_url()
    reference = Reference.objects.get()
    file = reference.files.get()
    assert (reference.mark, reference.created_by, reference.year) == (f"LOG {reference.mark_year}/1", editor, 2012)
    assert [creator.name for creator in reference.creators.all()] == ["Union des locataires"]
    assert file.title == "guide du locataire"
    assert file.stored_file.versions.get().content.read() == TEXT


def test_keywords_keep_their_language(client, body):
    client.post(add_url(), form(body) | {"files-0-upload": upload()})

    assert set(Keyword.objects.values_list("name", "language")) == {("loyer", "fr"), ("garantie locative", "fr"), ("huur", "nl")}


def test_a_form_with_an_error_keeps_the_file(client, body):
    response = client.post(add_url(), form(body, title="") | {"files-0-upload": upload()})
    assert response.status_code == 200
    word = re.search(r'name="files-0-kept_upload"[^>]*value="([^"]+)"', response.content.decode())[1]
    assert "guide_du_locataire.txt" in response.content.decode()

    again = client.post(add_url(), form(body, **{"files-0-kept_upload": word}))

    assert again.status_code == 302
    assert Reference.objects.get().files.get().stored_file.versions.get().content.read() == TEXT


def test_a_forged_word_for_a_kept_file_is_refused(client, body):
    response = client.post(add_url(), form(body, **{"files-0-kept_upload": "files/ab/someone-else"}))

    assert response.status_code == 200
    assert not Reference.objects.exists()


def test_a_file_wider_than_its_notice_is_refused_with_a_sentence(client, body):
    values = form(body, audiences=["members"], **{"files-0-audiences": ["public"], "files-0-publish_reason": "own"})

    response = client.post(add_url(), values | {"files-0-upload": upload()})

    assert response.status_code == 200
    assert not Reference.objects.exists()
    assert 'name="files-0-kept_upload" value="ey' in response.content.decode() or "files-0-kept_upload" in response.content.decode()


def test_refusing_wants_a_reason(client, body):
    response = client.post(add_url(), form(body, state="refused") | {"files-0-upload": upload()})

    assert response.status_code == 200
    assert not Reference.objects.exists()


def make(body, count: int) -> list[Reference]:
    found = []
    for number in range(count):
        reference = Reference(body=body, title=f"Référence {number}", state="proposed", audiences=["public"])
        reference.creators = [Creator(name="CPAS")]
        reference.save()
        found.append(reference)
    return found


def test_the_list_costs_the_same_whatever_its_rows(client, body):
    make(body, 2)
    client.get(list_url())
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(list_url())
    make(body, 30)
    with CaptureQueriesContext(connection) as many:
        response = client.get(list_url())

    assert response.status_code == 200
    assert len(many) == len(few)


@pytest.mark.parametrize(
    ("question", "found"),
    [("?state=proposed", True), ("?state=accepted", False), ("?without_file=true", True), ("?reading=scan", False), ("?year=2010", False)],
)
def test_filters_narrow_the_list(client, body, question, found):
    make(body, 1)

    response = client.get(list_url() + question)

    assert ("Référence 0" in response.content.decode()) is found


def test_a_shelf_mark_finds_its_reference(client, body):
    first, second = make(body, 2)

    content = client.get(list_url(), {"q": first.mark}).content.decode()

    assert first.title in content
    assert second.title not in content


def bulk(action: str, references) -> str:
    query = "&".join(f"id={reference.pk}" for reference in references)
    return reverse("wagtail_bulk_action", args=["library", "reference", action]) + f"?next={list_url()}&{query}"


def test_many_are_accepted_at_once(client, body):
    references = make(body, 3)
    assert client.get(bulk("accept", references)).status_code == 200

    client.post(bulk("accept", references))

    assert set(Reference.objects.values_list("state", flat=True)) == {"accepted"}
    assert all(reference.accepted_at for reference in Reference.objects.all())


def test_many_are_withdrawn_with_a_reason(client, body):
    references = make(body, 2)

    client.post(bulk("withdraw", references), {"reason": "Remplacé par l'édition 2013"})

    assert set(Reference.objects.values_list("state", "state_reason")) == {("withdrawn", "Remplacé par l'édition 2013")}


def test_many_get_a_concept_beside_theirs(client, body):
    references = make(body, 2)
    housing = Concept.objects.create(code="housing", label_fr="Logement", label_nl="Huisvesting", label_en="Housing")
    rent = Concept.objects.create(code="rent", label_fr="Loyer", label_nl="Huur", label_en="Rent", broader=housing)
    references[0].concepts.add(housing)
    references[0].save()

    client.post(bulk("concepts", references), {"concepts": [rent.pk]})

    assert set(Reference.objects.get(pk=references[0].pk).concepts.all()) == {housing, rent}
    assert set(Reference.objects.get(pk=references[1].pk).concepts.all()) == {rent}


def test_changing_readers_of_many_narrows_their_files(client, body):
    client.post(add_url(), form(body, **{"files-0-audiences": ["public"], "files-0-publish_reason": "own"}) | {"files-0-upload": upload()})
    reference = Reference.objects.get()

    client.post(bulk("audiences", [reference]), {"audiences": ["members"]})

    file = ReferenceFile.objects.get()
    assert Reference.objects.get().audiences == ["members"]
    assert "public" not in file.effective_audiences


def test_history_shows_who_changed_what(client, editor, body):
    references = make(body, 1)
    client.post(bulk("accept", references))

    content = client.get(reverse(Reference.snippet_viewset.get_url_name("history"), args=[references[0].pk])).content.decode()

    assert editor.email in content


def test_the_chooser_finds_by_shelf_mark(client, body):
    first, second = make(body, 2)

    content = client.get(reverse(Reference.snippet_viewset.chooser_viewset.get_url_name("choose_results")), {"q": first.mark}).content.decode()

    assert first.title in content
    assert second.title not in content
