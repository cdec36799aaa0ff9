"""Editors keeping references in the admin: adding with a file, errors that lose nothing, lists,
filters, bulk actions.
"""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.contrib.staticfiles import finders
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import gettext, override
from wagtail.models import Page

from kb.files.intake.storing import receiving, store
from kb.files.models import FileVersion, StoredFile
from kb.groups.models import Body
from kb.library.admin.bulk_actions import ConceptsForm
from kb.library.contributions.stamping import CHANGED, stamps_of
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
        "translated_titles_fr": "",
        "translated_titles_nl": "Gids voor huurders",
        "translated_titles_en": "",
        "abstract_fr": "",
        "abstract_nl": "",
        "abstract_en": "",
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
        "not_ours_because": "",
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
        "holdings-TOTAL_FORMS": "0",
        "holdings-INITIAL_FORMS": "0",
        "holdings-MIN_NUM_FORMS": "0",
        "holdings-MAX_NUM_FORMS": "1000",
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
    assert (reference.mark, reference.created_by, reference.year) == (f"LOG {reference.mark_year}/1", None, 2012)
    assert [creator.name for creator in reference.creators.all()] == ["Union des locataires"]
    assert file.title == "guide du locataire"
    assert file.stored_file.versions.get().content.read() == TEXT
    assert reference.translated_titles == {"nl": "Gids voor huurders"}


def test_what_these_tests_send_has_the_names_of_the_page(client, body):
    content = client.get(add_url()).content.decode()
    names = set(re.findall(r'name="([^"]+)"', content))
    assert {re.sub(r"-\d+-", "-__prefix__-", name) for name in form(body)} <= names


def test_keywords_keep_their_language(client, body):
    client.post(add_url(), form(body) | {"files-0-upload": upload()})

    assert set(Keyword.objects.values_list("name", "language")) == {
        ("loyer", "fr"),
        ("garantie locative", "fr"),
        ("huur", "nl"),
    }


def test_a_form_with_an_error_keeps_the_file(client, body):
    response = client.post(add_url(), form(body, title="") | {"files-0-upload": upload()})
    assert response.status_code == 200
    word = re.search(r'name="files-0-kept_upload"[^>]*value="([^"]+)"', response.content.decode())[1]
    assert "guide_du_locataire.txt" in response.content.decode()

    again = client.post(add_url(), form(body, **{"files-0-kept_upload": word}))

    assert again.status_code == 302
    assert Reference.objects.get().files.get().stored_file.versions.get().content.read() == TEXT


def test_a_program_is_refused_beside_its_field_and_the_form_is_kept(client, body):
    response = client.post(add_url(), form(body) | {"files-0-upload": upload("jeu.pdf", b"MZ\x90\x00\x03\x00\x00\x00")})
    assert response.status_code == 200
    errors = response.context["form"].formsets["files"].forms[0].errors["upload"]
    assert "programme" in errors[0] or "program" in errors[0]
    assert "Le guide du locataire" in response.content.decode()
    assert not Reference.objects.exists() and not FileVersion.objects.exists()


def test_a_damaged_doc_is_taken_and_said_to_be_damaged(client, body, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(
            add_url(),
            form(body) | {"files-0-upload": upload("lettre.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\xff" * 600)},
        )
    assert response.status_code == 302
    assert FileVersion.objects.get().state == "broken"


def test_a_forged_word_for_a_kept_file_is_refused(client, body):
    response = client.post(add_url(), form(body, **{"files-0-kept_upload": "files/ab/someone-else"}))

    assert response.status_code == 200
    assert not Reference.objects.exists()


def test_a_file_wider_than_its_notice_is_refused_with_a_sentence(client, body):
    values = form(body, audiences=["members"], **{"files-0-audiences": ["public"], "files-0-publish_reason": "own"})

    response = client.post(add_url(), values | {"files-0-upload": upload()})

    assert response.status_code == 200
    assert not Reference.objects.exists()
    assert (
        'name="files-0-kept_upload" value="ey' in response.content.decode()
        or "files-0-kept_upload" in response.content.decode()
    )


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


def many_references(body, start: int, stop: int) -> None:
    """References with one file of two versions each."""
    numbers = range(start, stop)
    references = Reference.objects.bulk_create(
        Reference(
            body=body,
            title=f"Référence {number}",
            state="accepted",
            audiences=["public"],
            mark_year=2012,
            mark_number=number,
        )
        for number in numbers
    )
    stored = StoredFile.objects.bulk_create(
        StoredFile(owner_kind="library.reference", last_number=2) for _number in numbers
    )
    versions = [
        FileVersion(stored_file=file, number=number, original_name="a.pdf", state="read")
        for file in stored
        for number in (1, 2)
    ]
    FileVersion.objects.bulk_create(versions)
    pairs = zip(references, stored, strict=True)
    ReferenceFile.objects.bulk_create(
        ReferenceFile(reference=reference, stored_file=file, number=1, title="a") for reference, file in pairs
    )


def many_concepts(body, start: int, stop: int) -> None:
    theme, _made = Concept.objects.get_or_create(
        code="theme", defaults={"label_fr": "Thème", "label_nl": "Thema", "label_en": "Theme"}
    )
    Concept.objects.bulk_create(
        Concept(
            code=f"c{number}",
            label_fr=f"notion {number}",
            label_nl=f"begrip {number}",
            label_en=f"concept {number}",
            broader=theme,
        )
        for number in range(start, stop)
    )


def many_keywords(body, start: int, stop: int) -> None:
    Keyword.objects.bulk_create(
        Keyword(name=f"mot {number}", slug=f"mot-{number}", language="fr") for number in range(start, stop)
    )


def address(model, name: str) -> str:
    viewset = model.snippet_viewset
    return reverse((viewset.chooser_viewset if name.startswith("choose") else viewset).get_url_name(name))


@pytest.mark.parametrize(
    ("model", "name", "rows"),
    [
        pytest.param(Reference, "list", many_references, id="list of references"),
        pytest.param(Reference, "choose", many_references, id="chooser of references"),
        pytest.param(Reference, "choose_results", many_references, id="chooser of references, next page"),
        pytest.param(Concept, "list", many_concepts, id="list of concepts"),
        pytest.param(Concept, "choose", many_concepts, id="chooser of concepts"),
        pytest.param(Concept, "choose_results", many_concepts, id="chooser of concepts, next page"),
        pytest.param(Reference, "add", many_concepts, id="boxes of concepts"),
        pytest.param(Keyword, "list", many_keywords, id="list of keywords"),
    ],
)
def test_sixty_rows_cost_as_many_queries_as_ten(client, body, model, name, rows):
    rows(body, 1, 11)
    client.get(address(model, name))  # fills what is kept between requests
    with CaptureQueriesContext(connection) as few:
        client.get(address(model, name))
    rows(body, 11, 61)

    with CaptureQueriesContext(connection) as many:
        response = client.get(address(model, name))

    assert response.status_code == 200
    assert len(many) == len(few), "\n".join(query["sql"][:150] for query in many)


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("?state=proposed", True),
        ("?state=accepted", False),
        ("?without_file=true", True),
        ("?reading=scan", False),
        ("?year=2010", False),
    ],
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


def accept(client, references):
    """As an editor does: opens the question, answers yes."""
    asked = client.get(bulk("accept", references))
    assert asked.status_code == 200
    return client.post(bulk("accept", references), {"shown": asked.context["form"]["shown"].value()})


def edit_url(reference) -> str:
    return reverse(Reference.snippet_viewset.get_url_name("edit"), args=[reference.pk])


def put_in(client, body) -> Reference:
    assert client.post(add_url(), form(body) | {"files-0-upload": upload()}).status_code == 302
    return Reference.objects.get()


def set_state(reference: Reference, state: str, number: int = 1) -> None:
    FileVersion.objects.filter(stored_file__reference_file__reference=reference, number=number).update(state=state)


def test_the_form_of_an_old_reference_shows_each_file_with_its_state(client, body):
    reference = put_in(client, body)
    set_state(reference, "encrypted")

    content = unescape(client.get(edit_url(reference)).content.decode())

    assert "guide_du_locataire.txt" in content and f"{reference.mark_slug}/" in content
    assert "Protégé par un mot de passe" in content
    assert "state--encrypted" in content


def test_a_hidden_field_has_no_label(client, body):
    content = client.get(add_url()).content.decode()

    assert 'name="files-__prefix__-kept_upload"' in content
    assert "Kept upload" not in content


def test_files_are_read_again_when_asked_for(client, body, settings):
    reference = put_in(client, body)
    set_state(reference, "broken")
    assert client.get(bulk("read_again", [reference])).status_code == 200

    client.post(bulk("read_again", [reference]))

    assert FileVersion.objects.get().state == "waiting"


def test_unread_files_are_listed_by_their_newest_version(client, body):
    reference = put_in(client, body)
    file = reference.files.get()
    set_state(reference, "broken")
    assert reference.title in client.get(list_url(), {"reading": "unread"}).content.decode()

    store(upload("guide.txt"), original_name="guide.txt", stored_file=file.stored_file)

    assert reference.title not in client.get(list_url(), {"reading": "unread"}).content.decode()
    assert reference.title not in client.get(list_url(), {"reading": "broken"}).content.decode()
    assert reference.title in client.get(list_url(), {"reading": "waiting"}).content.decode()


def test_the_reports_menu_leads_to_the_unread_files(client, body):
    assert "reading=unread" in client.get(reverse("wagtailadmin_home")).content.decode()


def test_the_admin_loads_its_own_small_stylesheet(client):
    content = client.get(reverse("wagtailadmin_home")).content.decode()

    assert "css/admin.css" in content
    assert finders.find("css/admin.css")


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
def test_concepts_are_ticked_under_their_theme_in_the_order_of_the_alphabet(client, editor, language):
    theme = Concept.objects.create(code="work", label_fr="Travail", label_nl="Werk", label_en="Work")
    for word in ("zone", "équivalence", "emploi"):
        Concept.objects.create(code=f"c-{word}"[:6], label_fr=word, label_nl=word, label_en=word, broader=theme)

    with override(language):
        html = str(ConceptsForm()["concepts"])

    assert html.count("<fieldset") == 1
    assert html.index(theme.label(language)) < html.index("emploi") < html.index("équivalence") < html.index("zone")


def many_creators(count: int) -> dict[str, str]:
    rows = {
        f"creators-{number}-{name}": value
        for number in range(count)
        for name, value in (("name", f"Nom{number}, P"), ("role", "author"))
    }
    return (
        rows
        | {f"creators-{number}-ORDER": str(number + 1) for number in range(count)}
        | {"creators-TOTAL_FORMS": str(count)}
    )


TOO_MUCH = {
    "names": (
        many_creators(101),
        "There are too many names here: give %(num)d at most, the document itself has the others.",
    ),
    "keywords": (
        {"keywords_fr": ", ".join(f"mot{number}" for number in range(101))},
        "There are %(count)d keywords here: give %(most)d at most.",
    ),
    "letters": ({"abstract_nl": "é" * 20_001}, "au plus 20000 caractères"),
}


@pytest.mark.parametrize("case", TOO_MUCH)
def test_a_form_with_too_much_in_it_says_so_and_keeps_everything(client, body, case):
    changes, sentence = TOO_MUCH[case]
    answer = client.post(add_url(), form(body, **changes) | {"files-0-upload": upload()})
    content = unescape(answer.content.decode())
    assert answer.status_code == 200 and not Reference.objects.exists()
    with override("fr"):
        said = gettext(sentence) % {"num": 100, "count": 101, "most": 100}
    assert said in content and "guide_du_locataire.txt" in content
    assert next(iter(changes.values())) in content


def test_the_largest_form_is_saved(client, body):
    words = ", ".join(f"mot{number}" for number in range(100))
    answer = client.post(
        add_url(),
        form(body, **many_creators(100), keywords_fr=words, abstract_nl="é" * 20_000) | {"files-0-upload": upload()},
    )
    assert answer.status_code == 302 and Reference.objects.get().creators.count() == 100


def test_many_are_accepted_at_once(client, body):
    references = make(body, 3)

    accept(client, references)

    assert set(Reference.objects.values_list("state", flat=True)) == {"accepted"}
    assert all(reference.accepted_at for reference in Reference.objects.all())


@pytest.mark.parametrize("change", ["title", "version", "creator", "nothing shown"])
def test_what_changed_since_the_question_is_not_accepted_and_stops_none_of_the_others(client, body, change):
    put_in(client, body)
    Reference.objects.update(state="proposed")
    changed, other = Reference.objects.get(), make(body, 1)[0]
    shown = client.get(bulk("accept", [changed, other])).context["form"]["shown"].value()
    match change:
        case "title":
            Reference.objects.filter(pk=changed.pk).update(title="Un autre texte")
        case "version":
            file = changed.files.get()
            with receiving(upload(content=b"Ce que personne n'a lu."), original_name="autre.txt") as received:
                store(received, stored_file=file.stored_file)
        case "creator":
            changed.creators.update(name="Quelqu'un d'autre")
        case "nothing shown":
            shown = " ".join(word for word in shown.split() if not word.startswith(f"{changed.pk}:"))

    said = client.post(bulk("accept", [changed, other]), {"shown": shown}, follow=True)

    assert dict(Reference.objects.values_list("pk", "state")) == {changed.pk: "proposed", other.pk: "accepted"}
    with override("fr"):
        assert f"{changed.mark}: {CHANGED}" in unescape(said.content.decode())


def test_the_stamps_of_many_cost_as_many_queries_as_those_of_one(body):
    references = make(body, 3)
    for asked in ([references[0]], references):
        with CaptureQueriesContext(connection) as counted:
            stamps_of(asked)
        assert len(counted) == 5


def test_the_form_of_a_reference_decides_only_on_what_it_showed(client, body):
    put_in(client, body)
    Reference.objects.update(state="proposed")
    reference, file = Reference.objects.get(), ReferenceFile.objects.get()
    opened = client.get(edit_url(reference)).context["form"]
    posted = form(
        body,
        **{
            "files-INITIAL_FORMS": "1",
            "files-0-id": file.pk,
            "files-0-audiences": ["members"],
            "creators-INITIAL_FORMS": "1",
        },
        **{"creators-0-id": reference.creators.get().pk, "shown": opened["shown"].value()},
    )
    Reference.objects.update(abstract={"fr": "Ce que personne n'a lu."})

    refused = client.post(edit_url(reference), posted)
    assert refused.status_code == 200
    assert "state" in refused.context["form"].errors
    assert Reference.objects.get().state == "proposed"

    assert client.post(edit_url(reference), posted | {"state": "proposed"}).status_code == 302
    posted["shown"] = client.get(edit_url(reference)).context["form"]["shown"].value()
    assert client.post(edit_url(reference), posted).status_code == 302
    assert Reference.objects.get().state == "accepted"


def test_many_are_withdrawn_with_a_reason(client, body):
    references = make(body, 2)
    accept(client, references)

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
    client.post(
        add_url(),
        form(body, **{"files-0-audiences": ["public"], "files-0-publish_reason": "own"}) | {"files-0-upload": upload()},
    )
    reference = Reference.objects.get()

    client.post(bulk("audiences", [reference]), {"audiences": ["members"]})

    file = ReferenceFile.objects.get()
    assert Reference.objects.get().audiences == ["members"]
    assert "public" not in file.effective_audiences


def test_history_shows_who_changed_what(client, editor, body):
    references = make(body, 1)
    accept(client, references)

    content = client.get(
        reverse(Reference.snippet_viewset.get_url_name("history"), args=[references[0].pk])
    ).content.decode()

    assert editor.email in content


def test_the_chooser_finds_by_shelf_mark(client, body):
    first, second = make(body, 2)

    content = client.get(
        reverse(Reference.snippet_viewset.chooser_viewset.get_url_name("choose_results")), {"q": first.mark}
    ).content.decode()

    assert first.title in content
    assert second.title not in content


def test_deleting_says_what_goes_and_what_withdrawing_would_keep(client, body):
    reference = make(body, 1)[0]

    content = unescape(
        client.get(reverse(Reference.snippet_viewset.get_url_name("delete"), args=[reference.pk])).content.decode()
    )

    with override("fr"):
        assert (
            gettext(
                "Delete this reference with its files and all their versions? Its addresses will lead nowhere. "
                "To take it out of the library but keep what was cited, withdraw it instead."
            )
            in content
        )


def test_concepts_are_listed_by_their_label_in_the_language_of_the_editor(client):
    concept = Concept.objects.create(code="a-rent", label_fr="Loyer", label_nl="Huur", label_en="Rent")
    Concept.objects.create(code="z-help", label_fr="Aide", label_nl="Hulp", label_en="Help")

    content = client.get(address(Concept, "list")).content.decode()

    assert content.rindex("Hulp") < content.rindex("Huur")  # the Dutch labels stand in the order of the French

    link = reverse(Concept.snippet_viewset.get_url_name("edit"), args=[concept.pk])
    assert re.search(rf'href="{link}[^"]*"[^>]*>[^<]*(<span[^>]*>)?\s*Loyer', content)


def test_pages_are_saved_when_asked_and_get_addresses_without_accents(client):
    """A draft saved by itself while "Publish" is on its way would put the page back to what it was."""
    home = Page.objects.filter(depth=2).first()
    content = client.get(reverse("wagtailadmin_pages:edit", args=[home.pk])).content.decode()

    assert "data-w-autosave-interval-value" not in content
    assert "action-submit" not in content
    assert 'data-w-slug-allow-unicode-value="true"' not in content


def test_a_theme_finds_the_references_of_its_narrower_concepts(client, body):
    housing = Concept.objects.create(code="housing", label_fr="Logement", label_nl="Huisvesting", label_en="Housing")
    rent = Concept.objects.create(code="rent", label_fr="Loyer", label_nl="Huur", label_en="Rent", broader=housing)
    about, other = make(body, 2)
    about.concepts.add(rent)
    about.save()

    content = client.get(list_url(), {"theme": housing.pk}).content.decode()

    assert about.title in content
    assert other.title not in content
