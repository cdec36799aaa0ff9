"""Geometry only: words come as boxes, text comes out in reading order."""

from __future__ import annotations

import pytest

from search.extraction.layout import Piece, clean_word, compose, hyphen_between


def line(words: str, *, left: float, top: float, height: float = 10.0) -> list[Piece]:
    """Words of six points a sign, four points apart."""
    pieces = []
    for word in words.split():
        pieces.append(Piece(word, left, top, left + 6 * len(word), top + height))
        left = pieces[-1].right + 4
    return pieces


def text_of(*lines: list[Piece]) -> str:
    return compose([piece for pieces in lines for piece in pieces], width=600, height=800)[0]


@pytest.mark.parametrize(
    ("first", "second", "joint"),
    [
        ("huisvestings", "beleid", ""),
        ("loge", "ment", ""),
        ("zorg", "en", "- "),
        ("pré", "et", "- "),
        ("Bruxelles", "Capitale", "-"),
        ("2008", "2012,", "-"),
        ("OCMW", "medewerkers", "-"),
        ("rendez", "vous", "-"),
        ("c’est", "à-dire", "-"),
        ("Celui", "ci.", "-"),
    ],
)
def test_hyphen_at_a_line_end_is_joined_kept_or_left_hanging(first: str, second: str, joint: str) -> None:
    assert hyphen_between(first, second) == joint


def test_compound_written_with_its_hyphen_elsewhere_on_the_page_keeps_it() -> None:
    assert hyphen_between("socio", "culturel", known={"socio-culturel"}) == "-"


def test_word_cut_by_a_hyphen_has_two_boxes_on_one_range_of_the_text() -> None:
    pieces = [
        Piece("verzeke", 20, 10, 60, 20, hyphen=True),
        Piece("ring", 20, 22, 40, 32),
        Piece("geldt", 44, 22, 70, 32),
    ]
    text, boxes = compose(pieces, width=100, height=100)
    assert text == "verzekering geldt"
    assert [(text[box.start : box.end], box.left, box.top) for box in boxes] == [
        ("verzekering", 0.2, 0.1),
        ("verzekering", 0.2, 0.22),
        ("geldt", 0.44, 0.22),
    ]


def test_columns_written_line_by_line_across_come_out_one_after_the_other() -> None:
    rows = [
        ("Le logement social manque encore", "De sociale huisvesting ontbreekt nog"),
        ("dans la commune et les loyers", "in de gemeente en de huurprijzen"),
        ("montent chaque année davantage ici", "stijgen elk jaar meer en meer"),
        ("selon les services sociaux présents", "volgens de aanwezige sociale diensten"),
    ]
    lines = [
        line(words, left=left, top=20 + 12 * number)
        for number, row in enumerate(rows)
        for words, left in zip(row, (20, 320), strict=True)
    ]
    french, dutch = text_of(*lines).split("\n\n")
    assert french.split("\n") == [row[0] for row in rows]
    assert dutch.split("\n") == [row[1] for row in rows]


def test_cells_of_a_table_stay_in_their_row() -> None:
    rows = [("Budget", "2010", "1234"), ("Salaires", "2011", "88"), ("Loyer", "2012", "99")]
    lines = [
        line(cell, left=left, top=20 + 12 * number)
        for number, row in enumerate(rows)
        for cell, left in zip(row, (20, 200, 400), strict=True)
    ]
    assert text_of(*lines) == "Budget\t2010\t1234\nSalaires\t2011\t88\nLoyer\t2012\t99"


def test_wider_gap_indent_and_bullet_begin_a_paragraph() -> None:
    text = text_of(
        line("Premier paragraphe dont la ligne est assez longue", left=20, top=20),
        line("et une seconde ligne de ce même paragraphe", left=20, top=32),
        line("Après un blanc vient le deuxième paragraphe ici", left=20, top=60),
        line("avec sa seconde ligne qui est longue aussi", left=20, top=72),
        line("Retrait pour le troisième paragraphe de la page", left=36, top=84),
        line("et sa suite sur une ligne entière du texte", left=20, top=96),
        line("• puce", left=20, top=108),
    )
    assert [part.split()[0] for part in text.split("\n\n")] == ["Premier", "Après", "Retrait", "•"]


@pytest.mark.parametrize(
    ("word", "clean"),
    [
        ("eﬃcace", "efficace"),
        ("e\u0301cole", "école"),
        ("mani`ere", "manière"),
        ("´egal", "égal"),
        ("loge\u00adment", "logement"),
        ("\uf0b7", "•"),
        ("ĳsberg", "ijsberg"),
    ],
)
def test_word_is_cleaned_of_ligatures_and_loose_accents(word: str, clean: str) -> None:
    assert clean_word(word) == clean


def test_every_box_points_at_a_whole_word_of_the_final_text() -> None:
    pieces = [
        *line("Une ﬁche", left=20, top=20),
        Piece("-", 20, 60, 24, 70),
        *line("Bruxelles- Capitale", left=20, top=90),
    ]
    text, boxes = compose(pieces, width=600, height=800)
    assert {text[box.start : box.end] for box in boxes} == set(text.split())
