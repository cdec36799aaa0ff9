"""Found words are marked whole and as written; passages are cut at edges; HTML is escaped."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.entries import LanguageSpan, Section
from search.highlight import LONGEST, Highlighted, highlight, opening, passages, spans_in
from search.query import parse


def marked(text, typed, language, **more):
    return [text[start:end] for start, end in spans_in(text, parse(typed, language), default=language, **more)]


@pytest.mark.parametrize(
    ("language", "typed", "text", "expected"),
    [
        ("fr", "logement", "Les logements, un LOGEMENT.", ["logements", "LOGEMENT"]),
        ("fr", "reunion", "La réunion, la re\u0301union", ["réunion", "re\u0301union"]),
        ("fr", "hôpital", "à l'hôpital", ["hôpital"]),
        ("fr", "CPAS", "le C.P.A.S. et le CPAS", ["C.P.A.S.", "CPAS"]),
        ("fr", "œuvre", "une oeuvre, des ŒUVRES", ["oeuvre", "ŒUVRES"]),
        ("nl", "huurwaarborg", "een huurwaarborglening", ["huurwaarborglening"]),
        ("nl", "waarborg", "de huurwaarborg en de waarborgen", ["huurwaarborg", "waarborgen"]),
        ("nl", "waarborglening", "een lening met waarborg", ["lening", "waarborg"]),
        ("en", "house", "houses and housing", ["houses", "housing"]),
        ("fr", '"titre de séjour"', "le titre de sejour, un titre", ["titre de sejour"]),
        ("fr", '"titre de séjour" titre', "le titre de séjour, un titre", ["titre de séjour", "titre"]),
        ("fr", "le de la", "le chat de la voisine", ["le", "de", "la"]),
        ("fr", "comment trouver un logement", "comment trouver un logement", ["logement"]),
        ("fr", "-logement emploi", "logement emploi", ["emploi"]),
        ("fr", "port", "un rapport important", []),
        ("fr", "", "un logement", []),
    ],
)
def test_words_are_marked_whole_as_written(language, typed, text, expected):
    assert marked(text, typed, language) == expected


def test_each_span_is_read_in_its_language():
    french, dutch = "Les logements sociaux. ", "De sociale woningen."
    spans = (LanguageSpan(0, len(french), "fr"), LanguageSpan(len(french), len(french + dutch), "nl"))
    assert marked(french + dutch, "logement woning", "fr", spans=spans) == ["logements", "woningen"]


def test_html_is_escaped_inside_and_outside_marks():
    text = '<b>logement</b> & "logement"'
    html = highlight(text, parse("logement", "fr")).to_html()
    assert html == "&lt;b&gt;<mark>logement</mark>&lt;/b&gt; &amp; &quot;<mark>logement</mark>&quot;"
    assert html.__html__() == html
    assert Highlighted("<script>", ((0, 8),)).to_html() == "<mark>&lt;script&gt;</mark>"


SENTENCES = "Voici une phrase qui ne dit rien du sujet et qui est longue. " * 6
TEXT = f"{SENTENCES}Le logement social manque à Schaerbeek depuis longtemps. {SENTENCES}Un logement.\n\n{SENTENCES}Le logement social des familles."


def section(text, **more):
    return Section("1.1/3", 3, "p. 3", text, **more)


def test_passages_hold_the_most_of_what_is_asked():
    (passage,) = passages(section(TEXT), parse("logement social schaerbeek", "fr"), count=1)
    assert passage.text.startswith("Le logement social manque à Schaerbeek")
    assert [passage.text[start:end] for start, end in passage.spans] == ["logement", "social", "Schaerbeek"]
    assert (passage.anchor, passage.page_number, passage.label) == ("1.1/3", 3, "p. 3")


def test_passages_stand_apart_in_the_order_of_the_text_and_are_cut_between_words():
    shown = passages(section(TEXT), parse("logement", "fr"), count=3, default="fr")
    assert len(shown) == 3
    for passage in shown:
        bare = passage.text.removeprefix("… ").removesuffix(" …")
        assert 20 <= len(bare) <= LONGEST
        assert " ".join(bare.split()) in " ".join(TEXT.split())
        assert all(passage.text[start:end].lower() == "logement" for start, end in passage.spans)
        assert bare.split()[0] in TEXT.split() and bare.split()[-1] in TEXT.split()
    places = [" ".join(TEXT.split()).index(" ".join(passage.text.removeprefix("… ").split())[:40]) for passage in shown]
    assert places == sorted(places)


def test_line_ends_become_blanks_and_marks_stay_right():
    (passage,) = passages(section("Le\nlogement\r\nsocial"), parse("logement social", "fr"))
    assert passage.text == "Le logement  social"
    assert [passage.text[start:end] for start, end in passage.spans] == ["logement", "social"]


def test_a_passage_says_its_language():
    text = "Les logements. \n\nDe woningen zijn duur."
    spans = (LanguageSpan(0, 17, "fr"), LanguageSpan(17, len(text), "nl"))
    assert [p.language for p in passages(section("De woningen zijn duur.", spans=(LanguageSpan(0, 22, "nl"),)), parse("woning", "nl"))] == ["nl"]
    assert spans_in(text, parse("woning", "nl"), spans) == ((20, 28),)


def test_nothing_found_gives_no_passage_but_there_is_an_opening():
    assert passages(section("Rien ici."), parse("logement", "fr")) == []
    assert passages(section(""), parse("logement", "fr")) == []
    shown = opening(section(f"  {SENTENCES}"), default="fr")
    assert shown is not None and shown.text.startswith("Voici") and shown.spans == () and shown.language == "fr"
    assert opening(section(" \n ")) is None


def test_a_text_without_blanks_is_cut_all_the_same():
    (passage,) = passages(section("x" * 1000 + " logement " + "y" * 1000), parse("logement", "fr"))
    assert [passage.text[start:end] for start, end in passage.spans] == ["logement"]
    assert len(passage.text) <= LONGEST + 4


@settings(max_examples=200, deadline=None)
@given(st.text(), st.text(max_size=30), st.sampled_from(["fr", "nl", "en"]))
def test_marks_lie_in_the_text_in_order_and_apart(text, typed, language):
    query = parse(typed, language)
    spans = spans_in(text, query, default=language)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(left[1] <= right[0] for left, right in pairwise(spans))
    for passage in passages(section(text), query):
        assert all(0 <= start < end <= len(passage.text) for start, end in passage.spans)
        assert passage.spans


def test_a_passage_of_a_notice_stays_in_its_paragraph():
    notice = Section("", 0, "", "Le logement des familles.\n\nDe huisvesting van gezinnen.\n\nCPAS", ())

    found = passages(notice, parse("logement", "fr"))

    assert [passage.text for passage in found] == ["Le logement des familles."]


def test_a_passage_of_a_page_goes_on_into_the_next_paragraph():
    page = Section("1.1/2", 2, "p. 2", "Le logement des familles.\n\nUne aide existe.", ())

    found = passages(page, parse("logement", "fr"))

    assert [passage.text for passage in found] == [
        "Le logement des familles.  Une aide existe."
    ]  # one blank for each sign, so that marks stay in place


@pytest.mark.parametrize("typed", ["famille endettee", "familles endettees", "famille endettée"])
def test_a_question_without_accents_marks_the_words_with_them(typed):
    assert marked("Les familles endettées demandent une médiation.", typed, "fr") == ["familles", "endettées"]
