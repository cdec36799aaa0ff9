"""Found words are marked whole and as written; passages are cut at edges; HTML is escaped."""

from itertools import islice, pairwise, product
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search import highlight as highlighting
from search.entries import LanguageSpan, Section
from search.highlight import LONGEST, LONGEST_PLACE, Highlighted, highlight, opening, passages, spans_in
from search.query import MOST_PHRASES, parse


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
TEXT = (
    f"{SENTENCES}Le logement social manque à Schaerbeek depuis longtemps. {SENTENCES}Un "
    f"logement.\n\n{SENTENCES}Le logement social des familles."
)


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
    assert [
        p.language
        for p in passages(section("De woningen zijn duur.", spans=(LanguageSpan(0, 22, "nl"),)), parse("woning", "nl"))
    ] == ["nl"]
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


REPEATED = "Xylofoonwijk is mooi. " * 90_000  # 2 MB on one page


@pytest.mark.parametrize("page_number", [0, 1])
def test_passages_of_a_long_repeated_text_cost_little(page_number):
    began = process_time()
    found = passages(Section("1.1/1", page_number, "", REPEATED), parse("xylofoonwijk", "nl"))

    assert process_time() - began < 2
    assert [passage.text[start:end] for passage in found for start, end in passage.spans[:1]] == ["Xylofoonwijk"] * 3
    assert found[0].text.startswith("Xylofoonwijk is mooi. ")


def test_twenty_thousand_forms_of_a_word_are_marked_for_little():
    forms = [
        "".join(letters) + "wijk"
        for letters in islice(product("bcdfghklmnprst", "aeiou", "bcdfghklmnprst", "aeiou", "bdgk"), 20_000)
    ]
    text = " ".join(forms)
    began = process_time()
    found = marked(text, "wijk", "nl")

    assert process_time() - began < 2
    assert len(forms) > 19_000 and found == forms


def test_a_phrase_that_overlaps_itself_is_marked_in_pieces():
    began = process_time()
    spans = spans_in("ha " * 20_000, parse('"ha ha"', "nl"))
    (passage, *_others) = passages(section("ha " * 20_000), parse('"ha ha"', "nl"))

    assert process_time() - began < 2
    assert (spans[0][0], spans[-1][1]) == (0, 59_999) and max(end - start for start, end in spans) <= LONGEST_PLACE
    assert len(passage.text) <= LONGEST_PLACE + LONGEST and passage.spans


@pytest.mark.parametrize(
    ("text", "typed"),
    [("logement" + " " * 500_000 + "social", '"logement social"'), ("huurwijk" + "a" * 500_000, "huur")],
)
def test_a_place_without_end_gives_a_short_passage(text, typed):
    (passage,) = passages(section(text), parse(typed, "nl"))

    assert len(passage.text) <= LONGEST_PLACE + LONGEST
    assert passage.spans and all(start < end <= len(passage.text) for start, end in passage.spans)


def test_what_stands_far_in_a_long_text_is_marked_and_shown():
    text = "Rien de rien ici. " * 10_000 + "Le logement social. " + "Rien du tout. " * 10_000
    (passage,) = passages(section(text), parse('"logement social"', "fr"))

    assert [passage.text[start:end] for start, end in passage.spans] == ["logement social"]
    assert marked(text, "logement", "fr") == ["logement"]


def test_words_at_the_edges_of_blocks_are_marked_whole(monkeypatch):
    text = "l'huurwaarborg de woningen C.P.A.S. re\u0301union titre de séjour " * 20
    typed = 'CPAS reunion huurwaarborg "titre de séjour"'
    expected = marked(text, typed, "fr")
    for length in (1, 7, 30):
        monkeypatch.setattr(highlighting, "_BLOCK", length)
        assert marked(text, typed, "fr") == expected
    assert len(expected) == 80


@pytest.mark.parametrize(
    "typed", [" ".join(f'"the {one}{two}"' for one in "abcdefgh" for two in "abcdefgh")[:499], '"aa ba" "zwanzeke aa"']
)
def test_many_phrases_cost_little_more_than_one(typed):
    text = "the cat zwanzeke aa ba the dog " * 6_000
    query = parse(typed, "fr")
    assert len(query.phrases) <= MOST_PHRASES
    began = process_time()
    spans_in(text, query, default="fr")
    assert process_time() - began < 2


@pytest.mark.parametrize(
    ("typed", "marked"),
    [('"a b c"', ["a b c"]), ('"b"', ["b"]), ('"a b" "b c"', ["a b c"]), ('"b c" "a"', ["a", "b c"]), ('"c d"', [])],
)
def test_phrases_of_any_length_are_found(typed, marked):
    text = "x a b c"
    assert [text[start:end] for start, end in spans_in(text, parse(typed, "en"), default="en")] == marked
