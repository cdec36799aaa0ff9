import json

import pytest
from django.urls import reverse
from django.utils import translation

from search import registry
from search.engines.base import EngineUnavailable
from search.indexing import rebuild
from search.models import QueryLog
from search.registry import Note, Suggestion


def address(language="fr", name="search:results"):
    with translation.override(language):
        return reverse(name)


@pytest.fixture
def library(db, engine, slips):
    slips.put(
        1,
        "L'accueil des primo-arrivants",
        "Le logement est la première démarche.",
        "Rien ici.",
        "Sans logement, pas d'adresse <b>.",
        year=2012,
    )
    slips.put(
        2,
        "Nieuwkomers en hun huurwaarborg",
        "De huurwaarborg van drie maanden.",
        language="nl",
        year=2010,
        themes=("housing",),
    )
    slips.put(3, "Le logement social", "Les loyers.", year=2008, audiences=frozenset({"body:GT"}), themes=("closed",))
    rebuild()
    return slips


def page(client, query, language="fr"):
    response = client.get(address(language) + "?" + query)
    return response, response.content.decode()


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
def test_a_document_is_shown_with_its_pages_and_the_words_marked(client, library, language):
    response, html = page(client, "q=logement", language)
    assert response.status_code == 200
    assert "L&#x27;accueil des primo-arrivants" in html
    assert "Le <mark>logement</mark> est la première démarche." in html
    assert "/slips/test.slip:1/1.1/3?q=logement" in html
    assert "pas d&#x27;adresse &lt;b&gt;." in html


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fr", "La recherche est en cours de renouvellement."),
        ("nl", "De zoekfunctie wordt vernieuwd."),
        ("en", "The search is being renewed."),
    ],
)
def test_an_index_of_an_earlier_version_answers_and_the_page_says_so(client, library, settings, language, said):
    (made_by,) = settings.SEARCH_INDEX_DIR.glob("gen-*/made-by.json")
    made_by.write_text(json.dumps({**json.loads(made_by.read_text()), "schema": 1}))
    response, html = page(client, "q=logement", language)
    assert (response.status_code, response.context["answer"].results.total) == (200, 1)
    assert said in html
    rebuild()
    assert said not in page(client, "q=logement", language)[1]


def test_who_may_not_see_a_document_finds_no_trace_of_it(client, library):
    _, html = page(client, "q=loyers")
    assert "Le logement social" not in html and "closed" not in html


def test_a_stale_index_shows_nothing_of_what_was_closed_since(client, library):
    library.slips[1].audiences = frozenset({"body:GT"})
    _, html = page(client, "q=logement")
    assert "primo-arrivants" not in html and "première démarche" not in html


@pytest.mark.parametrize("query", ["", "q=", "q=%20&page=3"])
def test_without_a_question_the_page_says_how_to_ask(client, library, query):
    response, html = page(client, query)
    assert response.status_code == 200 and response.context["answer"] is None
    assert "<kbd>" in html


def test_filters_alone_list(client, library):
    response, html = page(client, "lang=nl")
    assert response.context["answer"].results.total == 1
    assert "Nieuwkomers en hun huurwaarborg" in html


def test_a_chosen_filter_is_a_chip_that_removes_it(client, library):
    response, html = page(client, "q=logement&lang=fr&year=2012&page=1")
    chips = response.context["answer"].chips
    assert [chip.address for chip in chips] == ["?q=logement&year=2012", "?q=logement&lang=fr"]
    assert 'href="?q=logement&amp;year=2012"' in html


def test_nothing_found_says_what_is_true_and_what_to_try(client, library):
    registry.register_contact(lambda: "/fr/contact/")
    response, html = page(client, "q=xylophone&lang=fr")
    assert response.status_code == 200
    assert "«" in html or "“xylophone”" in html
    assert 'href="?q=xylophone"' in html and 'href="/fr/contact/"' in html


def test_a_page_past_the_last_one_shows_the_last(client, library):
    for number in range(20, 45):
        library.put(number, f"Rapport {number}", "La santé.")
    rebuild()
    response, html = page(client, "q=santé&page=99")
    answer = response.context["answer"]
    assert (answer.form.page, len(answer.rows)) == (3, 5)
    assert 'rel="prev"' in html and 'rel="next"' not in html


def test_two_layers_of_one_reference_are_one_row(client, library, settings):
    library.put(
        5,
        "Le surendettement",
        closed_pages=["Le règlement collectif de dettes."],
        closed_to=frozenset({"body:A", "body:B"}),
    )
    rebuild()
    settings.SEARCH_AUDIENCES = "tests.search.public.test_views.audiences_of_a"
    response, html = page(client, "q=surendettement dettes")
    assert [row.card.subject for row in response.context["answer"].rows] == ["test.slip:5"]
    assert "collectif de <mark>dettes</mark>" in html


def audiences_of_a(request):
    return frozenset({"public", "body:A"})


def test_a_file_without_text_says_so_in_place_of_passages(client, library):
    library.put(6, "Se loger à Bruxelles", note=Note("scan", "Numérisé sans texte : trouvé par son titre"))
    rebuild()
    _, html = page(client, "q=loger")
    assert "Numérisé sans texte" in html


@pytest.mark.parametrize("name", ["search:results", "search:suggestions"])
def test_answers_are_for_one_reader(client, library, name):
    response = client.get(address(name=name) + "?q=logement")
    assert response["Cache-Control"] == "private, no-cache"
    assert "Cookie" in response["Vary"]
    assert response["X-Robots-Tag"] == "noindex"


def test_the_first_page_of_an_answer_is_logged_once(client, library):
    page(client, "q=logement")
    page(client, "q=logement&page=2")
    page(client, "lang=fr")
    assert [(row.words, row.language, row.results) for row in QueryLog.objects.all()] == [("logement", "fr", 1)]


def test_an_engine_that_does_not_answer_is_said(client, library, monkeypatch):
    from search.engines.embedded import EmbeddedEngine

    def refuse(*_, **__):
        raise EngineUnavailable("down")

    monkeypatch.setattr(EmbeddedEngine, "search", refuse)
    monkeypatch.setattr(EmbeddedEngine, "suggest", refuse)
    response, html = page(client, "q=logement")
    assert response.status_code == 503 and response["Retry-After"] == "60"
    assert 'role="alert"' in html
    assert client.get(address(name="search:suggestions") + "?q=log").json() == {"suggestions": []}
    assert not QueryLog.objects.exists()


def test_a_damaged_index_is_said(client, library, index):
    from search.opening import close_engines

    close_engines()
    for path in index.glob("gen-*/documents/meta.json"):
        path.write_text("{not json")
    response, _ = page(client, "q=logement")
    assert response.status_code == 503


def test_an_index_being_made_is_said(client, db, engine, slips):
    slips.put(1, "Le logement")
    response, html = page(client, "q=logement")
    assert response.status_code == 200
    assert 'class="message message--missing" role="status"' in html


@pytest.mark.parametrize(
    "query",
    [
        "q=%22",
        "q=-",
        "q=%22%22%20-%22",
        "q=%00",
        "q=theme:",
        "q=" + "a%20" * 250,
        "q=%F0%9F%98%80",
        "q=%ff",
        "q=AND+OR+NOT+%28",
        "q=%27;drop",
        "year=9999-0000",
    ],
)
def test_no_question_breaks_the_page(client, library, query):
    response, _ = page(client, query)
    assert response.status_code == 200


def test_suggestions_are_concepts_then_titles_the_reader_may_see(client, library):
    registry.register_suggester(lambda typed, *, audiences, language, count: [Suggestion("logement", "fr")])
    found = client.get(address(name="search:suggestions") + "?q=log").json()["suggestions"]
    assert [(each["kind"], each["text"]) for each in found] == [("concept", "logement")]
    found = client.get(address(name="search:suggestions") + "?q=nieuw").json()["suggestions"]
    assert {
        "text": "Nieuwkomers en hun huurwaarborg",
        "language": "nl",
        "url": "/slips/test.slip:2",
        "kind": "title",
    } in found


def test_a_page_of_results_costs_a_fixed_number_of_queries(client, library, django_assert_max_num_queries):
    for number in range(20, 40):
        library.put(number, f"Rapport {number}", "La santé.", "La santé publique.")
    rebuild()
    page(client, "q=santé&page=2")  # what is asked once a process
    with django_assert_max_num_queries(10):
        page(client, "q=santé&page=2")


def test_a_word_before_a_colon_that_is_a_label_filters(client, library):
    registry.register_filter_names("themes", lambda: [("Wonen", "housing"), ("Logement", "housing")])
    response, _ = page(client, 'q=theme:"logement"')
    assert [row.card.subject for row in response.context["answer"].rows] == ["test.slip:2"]
