"""What is not yours is not there: one table of every way out of the search, for each kind of reader, on real
references.

A new way out (a feed, an export, a page of files) is one function more in WAYS: it is asked by each reader for words
that stand only in one document, and gives everything it shows as text.
"""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import translation

from kb.accounts.models import User
from kb.library.models import Reference
from search import opening
from search.indexing import rebuild
from search.opening import site_engine, site_finder
from search.query import parse
from tests.kb.library import builders as make
from tests.kb.library.conftest import readers  # noqa: F401

READERS = ("anyone", "member", "other", "editor")  # other: a member of another group

# document -> (a word of its title, a word of its file alone, who finds the title, who finds the file's word)
DOCUMENTS = {
    "public": ("abricot", "agrume", {"anyone", "member", "other", "editor"}, {"anyone", "member", "other", "editor"}),
    "members": ("bouleau", "brocoli", {"member", "other", "editor"}, {"member", "other", "editor"}),
    "group": ("citronnier", "concombre", {"member", "editor"}, {"member", "editor"}),
    "closed file": ("dahlia", "digitale", {"anyone", "member", "other", "editor"}, {"member", "editor"}),
    "draft": ("edelweiss", "epinard", {"editor"}, {"editor"}),
    "proposal": ("fuchsia", "framboise", {"editor"}, {"editor"}),
}


@pytest.fixture
def references(db, settings, tmp_path):
    """One reference of each sort, indexed; each has a theme and a year of its own, which facets would betray."""
    settings.SEARCH_INDEX_DIR = tmp_path / "index"
    opening.close_engines()
    audiences = {name: ("public",) for name in DOCUMENTS} | {"members": ("members",), "group": ("body:PA",)}
    states = {"draft": "draft", "proposal": "proposed"}
    for number, (name, (title, word, _, _)) in enumerate(DOCUMENTS.items()):
        found = make.reference(
            f"Étude {title}",
            audiences=audiences[name],
            state=states.get(name, "accepted"),
            concepts=(make.concept(f"theme-{title}", f"Thème {title}"),),
            date_text=str(1990 + number),
        )
        file_audiences = ("body:PA",) if name == "closed file" else audiences[name]
        make.file(
            found,
            f"Cette page parle de {word} et de rien.",
            "Une autre page commune.",
            audiences=file_audiences,
            name=f"{word}.pdf",
        )
    rebuild()
    yield
    opening.close_engines()


def results(client, words, more=""):
    with translation.override("fr"):
        address = reverse("search:results")
    return client.get(f"{address}?q={words}{more}")


def total(client, user, words):
    return "found" * results(client, words).context["answer"].results.total


def _rows(rows):
    return " ".join(f"{row.card.title} {row.card.meta} {[each.passage.text for each in row.passages]}" for row in rows)


def hits(client, user, words):
    return _rows(results(client, words).context["answer"].rows)


def sorted_by_date(client, user, words):
    return _rows(results(client, words, "&sort=date").context["answer"].rows)


def second_page(client, user, words):
    return _rows(results(client, words, "&page=2").context["answer"].rows)


def facets(client, user, words):
    return " ".join(
        f"{facet.name}: {row.value}"
        for facet in results(client, words).context["answer"].facets
        for row in facet.rows
        if row.count
    )


def passages(client, user, words):
    return " ".join(each.passage.text for row in results(client, words).context["answer"].rows for each in row.passages)


def command(client, user, words):
    out = StringIO()
    call_command("search", words, "--json", stdout=out, **({"email": user.email} if user else {}))
    return "found" * json.loads(out.getvalue())["total"]


def all_passages(client, user, words):
    held = opening.audiences_of(results(client, words).wsgi_request)
    finder, found = site_finder(), []
    for subject, layer in {tuple(key.rpartition("/")[::2]) for key, _ in site_engine().stored()}:
        found += finder.section_hits(parse(words, "fr"), subject, layer, audiences=held)
    return " ".join(f"section {anchor}" for anchor in found)


def suggestions(client, user, words):
    with translation.override("fr"):
        address = reverse("search:suggestions")
    return " ".join(
        each["text"] for each in client.get(f"{address}?q={words[:5]}").json()["suggestions"] if each["kind"] == "title"
    )


WAYS = [total, hits, sorted_by_date, second_page, facets, passages, command, all_passages]


@pytest.mark.parametrize("reader", READERS)
def test_every_way_out_shows_what_a_reader_may_see_and_nothing_else(references, readers, reader):  # noqa: F811
    client = readers.named(reader)
    user = (
        User.objects.filter(pk=client.session.get("_auth_user_id")).first()
        if client.session.get("_auth_user_id")
        else None
    )
    for name, (title, word, of_title, of_file) in DOCUMENTS.items():
        for words, seen_by in ((title, of_title), (word, of_file)):
            for way in WAYS:
                shown = way(client, user, words)
                if way is passages and words == title and not shown:
                    continue  # found by its notice: a passage is welcome, not owed
                assert bool(shown) == (reader in seen_by), (
                    f"{way.__name__} of {words!r} ({name}) for {reader}: {shown!r}"
                )


@pytest.mark.parametrize("reader", READERS)
def test_what_was_just_closed_goes_out_by_no_way_before_any_drain(references, readers, reader):  # noqa: F811
    client = readers.named(reader)
    user = (
        User.objects.filter(pk=client.session.get("_auth_user_id")).first()
        if client.session.get("_auth_user_id")
        else None
    )
    closed = Reference.objects.get(title="Étude abricot")
    closed.audiences = ["body:LO"]
    closed.save()
    title, word, *_ = DOCUMENTS["public"]
    for way in WAYS:
        assert not way(client, user, title), f"{way.__name__} of its title for {reader}"
        assert not way(client, user, word), f"{way.__name__} of its file for {reader}"
    assert title not in suggestions(client, user, title)
    assert f"theme-{title}" not in str(results(client, "", "&lang=fr&lang=nl&lang=en").context["answer"].facets)
    assert title not in client.get("/fr/bibliotheque/").content.decode()
    other = "dahlia"  # what waits for nothing is where it was
    assert other in suggestions(client, user, other)
    assert total(client, user, other)


@pytest.mark.parametrize("reader", READERS)
def test_titles_are_suggested_to_those_who_may_see_them(references, readers, reader):  # noqa: F811
    for title, _, of_title, _ in DOCUMENTS.values():
        assert (title in suggestions(readers.named(reader), None, title)) == (reader in of_title)


@pytest.mark.parametrize("reader", READERS)
def test_facets_of_a_list_count_no_closed_theme_or_year(references, readers, reader):  # noqa: F811
    answer = results(readers.named(reader), "", "&lang=fr&lang=nl&lang=en").context["answer"]
    shown = str(answer.facets)
    for title, _, of_title, _ in DOCUMENTS.values():
        assert (f"theme-{title}" in shown) == (reader in of_title)


@pytest.mark.parametrize("reader", READERS)
def test_similar_words_show_no_closed_document(references, readers, reader):  # noqa: F811
    for title, word, of_title, of_file in DOCUMENTS.values():
        for words, seen_by in ((title, of_title), (word, of_file)):
            if reader not in seen_by:
                shown = _rows(results(readers.named(reader), words[:-1] + "x").context["answer"].similar)
                assert words not in shown
