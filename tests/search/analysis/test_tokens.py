"""Text into words, stems, pairs and pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.analysis import tokens as tokens_module
from search.analysis.tokens import (
    LONGEST_WORD,
    forms,
    is_function_word,
    joined_terms,
    joined_words,
    pieces,
    plain_words,
    slices,
    stem,
    terms,
    tokens,
)
from search.entries import LanguageSpan


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("L'accueil des primo-arrivants", ["l", "accueil", "des", "primo", "arrivants"]),
        ("Le C.P.A.S. d'Anvers", ["le", "cpas", "d", "anvers"]),
        ("œuvre ŒUVRE cæcum", ["oeuvre", "oeuvre", "caecum"]),
        ("ﬁnance e\u0301te\u0301 loge\u00adment", ["finance", "été", "logement"]),
        ("rapport_annuel_2012.pdf", ["rapport", "annuel", "2012", "pdf"]),
        ("m² n° 5", ["m2", "n", "5"]),
        ("fin. A.B suite", ["fin", "a", "b", "suite"]),
        ("… — «»", []),
    ],
)
def test_words_are_cut_and_normalised(text, words):
    assert [token.word for token in tokens(text)] == words


@given(st.text())
def test_tokens_say_where_they_stand(text):
    for token in tokens(text):
        assert text[token.start : token.end].strip() == text[token.start : token.end] != ""
        assert 0 < len(token.word) <= LONGEST_WORD


def test_plain_words_have_no_accents():
    assert plain_words("Les Réunions d'ÉTÉ") == ["les", "reunions", "d", "ete"]


@pytest.mark.parametrize(
    ("language", "one", "other", "tag"),
    [
        ("fr", "logements", "logement", "f:"),
        ("nl", "woningen", "woning", "n:"),
        ("en", "houses", "house", "e:"),
        ("fr", "réunions", "reunion", "f:"),
    ],
)
def test_forms_of_a_word_share_a_tagged_stem(language, one, other, tag):
    assert stem(one, language) == stem(other, language)
    assert stem(one, language).startswith(tag)


@pytest.mark.parametrize(
    ("language", "text", "content"),
    [
        ("fr", "Qu'est-ce que l'accueil d’un enfant ?", ["accueil", "enfant"]),
        ("fr", "Existe-t-il un plan D ?", ["existe", "plan", "d"]),
        ("fr", "il a été en été", ["ete", "ete"]),
        ("nl", "De foto's van 's avonds", ["foto", "avonds"]),
        ("en", "It's the council's house", ["council", "house"]),
        ("en", "The car and the die", ["car", "die"]),
    ],
)
def test_function_words_and_leaning_letters_are_not_kept(language, text, content):
    assert [form.folded for form in forms(text, language)] == content


def test_a_function_word_of_one_language_is_a_word_in_another():
    assert is_function_word("car", "fr") and not is_function_word("car", "en")
    assert is_function_word("ÊTRE", "fr")


def test_pieces_have_edges():
    assert pieces("bail") == ["^bai", "bail", "ail$"]
    assert pieces("a") == ["^a$"]
    assert pieces("gt") == ["^gt$"]


def test_terms_follow_the_languages_of_the_text():
    french, dutch = "l'article 57 de la loi\n", "de wet en de woningen"
    found = terms(
        french + dutch, (LanguageSpan(0, len(french), "fr"), LanguageSpan(len(french), len(french + dutch), "nl")), "fr"
    )
    assert found.stems == ["f:articl", "f:57", "f:loi", stem("wet", "nl"), stem("woning", "nl")]
    assert found.pairs == ["f:articl_57", "f:57_loi", "n:wet_" + stem("woning", "nl")[2:]]
    assert "^loi loi$" in found.pieces


def test_a_span_of_no_known_language_is_read_in_the_default_one():
    assert terms("logements", (LanguageSpan(0, 9, ""),), "fr").stems == terms("logements", (), "fr").stems


def test_an_endless_word_is_cut():
    assert len(forms("x" * 10_000, "fr")[0].folded) == LONGEST_WORD


@pytest.mark.parametrize("size", [1, 3, 7, 20, 10_000])
def test_terms_joined_slice_by_slice_are_those_of_the_whole(monkeypatch, size):
    """Wherever a text is cut: between the words of a pair, in languages that change, beside apostrophes, acronyms and
    blanks of all kinds.
    """
    text = (
        "L'accueil des C.P.A.S.\u00a0: qu'a-t-il dit\n\n de  de la  garantie locative?\tHet is "
        "aujourd’hui\u2003een huurwaarborg, e\u0301te\u0301 "
    )
    spans = (
        LanguageSpan(0, 40, "fr"),
        LanguageSpan(40, 41, ""),
        LanguageSpan(41, 70, "nl"),
        LanguageSpan(70, len(text), "fr"),
    )
    wanted = terms(text, spans, "fr")
    words = plain_words(text)
    monkeypatch.setattr(tokens_module, "_SLICE", size)
    found = joined_terms(text, spans, "fr")
    assert (found.stems, found.pairs, found.pieces) == tuple(
        " ".join(some) for some in (wanted.stems, wanted.pairs, wanted.pieces)
    )
    assert joined_words(text) == " ".join(words)
    assert "".join(slices(text)) == text
