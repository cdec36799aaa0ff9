import json
from io import StringIO

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from search import indexing
from search.indexing import drain, rebuild
from search.models import Outbox


def run(name, *arguments, **options):
    out = StringIO()
    call_command(name, *arguments, stdout=out, **options)
    return out.getvalue()


@pytest.fixture
def library(db, engine, slips):
    slips.put(
        1, "L'accueil des primo-arrivants", "Le logement est la première démarche.", "Sans logement, pas d'adresse."
    )
    slips.put(2, "Le surendettement", "Les dettes.", audiences=frozenset({"staff"}))
    rebuild()
    return slips


def test_search_gives_one_json_line_with_places_in_the_text(library):
    answer = json.loads(run("search", "logement", "--json"))
    assert (answer["total"], answer["total_all"], answer["total_passages"]) == (1, 1, 2)
    assert answer["facets"]["kinds"] == [{"value": "test.slip", "label": "Slips", "count": 1}]
    [hit] = answer["hits"]
    assert hit["url"] == "/slips/test.slip:1" and hit["language"] == "fr"
    first = hit["sections"][0]
    assert (first["page"], first["label"], first["anchor"]) == (1, "p. 1", "1.1/1")
    [[start, end]] = first["spans"]
    assert first["text"][start:end] == "logement"


def test_search_answers_for_the_reader_named(library):
    get_user_model().objects.create_user(email="editrice@exemple.be", password="x", is_staff=True)
    assert json.loads(run("search", "dettes", "--json"))["total"] == 0
    assert json.loads(run("search", "dettes", "--json", "--as", "Editrice@exemple.be"))["total"] == 1


def test_search_gives_nobody_more_than_they_may_see(library):
    make = get_user_model().objects.create_user
    own = make(email="membre@exemple.be", password="x")
    make(email="autre@exemple.be", password="x")
    library.put(4, "Les dettes, brouillon", "Les dettes.", audiences=frozenset({f"person:{own.pk}"}))
    rebuild()
    found = {
        email: json.loads(run("search", "dettes", "--json", "--as", email))["total"]
        for email in ("membre@exemple.be", "autre@exemple.be")
    }
    assert found == {"membre@exemple.be": 1, "autre@exemple.be": 0}


def test_search_as_nobody_known_is_said(library):
    get_user_model().objects.create_user(email="personne@exemple.be", password="x", is_active=False)
    with pytest.raises(CommandError, match=r"personne@exemple\.be"):
        run("search", "dettes", "--as", "personne@exemple.be")


def test_search_in_words(library):
    said = run("search", "logement")
    assert "1 documents" in said and "p. 1: Le logement est" in said


def test_rebuild_index_says_what_it_did(library):
    library.put(3, "La santé")
    assert "3 records read, 3 entries in the index." in run("rebuild_index")


def test_rebuild_index_interrupted_keeps_the_index(library, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(indexing, "make_entries", interrupt)
    with pytest.raises(CommandError, match="unchanged") as stopped:
        run("rebuild_index")
    assert stopped.value.returncode == 130
    assert json.loads(run("search", "logement", "--json"))["total"] == 1


def test_check_index_is_content_when_nothing_differs(library):
    assert "0 differences" in run("check_index")


def test_check_index_ends_with_1_and_names_what_differs(library, capsys):
    library.put(3, "La santé")
    Outbox.objects.create(subject="test.slip:3")
    del library.slips[2]
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("check_index", stdout=out)
    assert ended.value.code == 1
    assert "missing test.slip:3/ waiting\n" in out.getvalue() and "left over test.slip:2/\n" in out.getvalue()
    Outbox.objects.create(subject="test.slip:2")
    drain()
    assert "0 differences" in run("check_index")


def test_check_index_says_when_there_is_no_index(db, engine, slips):
    with pytest.raises(SystemExit):
        run("check_index")
