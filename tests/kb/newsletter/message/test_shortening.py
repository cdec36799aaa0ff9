from __future__ import annotations

import pytest

from kb.newsletter.message.shortening import cleaned, one_line, shortened, wrapped

LONG_URL = "https://www.example.org/" + "een-lang-adres/" * 60


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("Trois mots ici", None, "Trois mots ici"),
        ("Trois mots ici", 14, "Trois mots ici"),
        ("Trois mots ici", 12, "Trois mots…"),
        ("Trois mots, ici", 12, "Trois mots…"),
        ("Trois", 4, "Tro…"),
        ("", 4, ""),
        ("你好世界你好世界", 5, "你好世界…"),
    ],
    ids=["no limit", "fits", "at a word", "no comma before the dots", "one word", "nothing", "no spaces"],
)
def test_text_is_cut_at_a_word_and_says_so(text, limit, expected):
    assert shortened(text, limit) == expected


def test_a_sign_is_not_torn_from_its_marks():
    family = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}"

    for limit in range(14, 30):
        cut = shortened(family * 40, limit).rstrip("…")

        assert cut == family * (len(cut) // len(family)), limit


def test_control_characters_go_and_every_line_break_is_the_same():
    assert cleaned("Un\r\ndeux\rtrois\u2028quatre\x00\x07\x1b[31m\x85cinq\ud800") == "Un\ndeux\ntrois\nquatre[31m\ncinq"


def test_one_line_has_no_line_break_of_any_kind():
    assert one_line("Titre\r\nBcc: x@y\u2029fin\x0b.\tX") == "Titre Bcc: x@y fin . X"


@pytest.mark.parametrize(
    "sign", ["mot ", "a", "你", "ع", "😀", "é"], ids=["words", "one word", "chinese", "arabic", "emoji", "accents"]
)
def test_lines_are_short_and_nothing_is_lost(sign):
    text = (sign * 5000).strip()

    lines = wrapped(text).split("\n")

    assert max(len(line.encode()) for line in lines) < 998
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_words_are_wrapped_at_72_columns():
    assert max(map(len, wrapped("Une phrase de quelques mots, " * 40).split("\n"))) <= 72


def test_wide_signs_count_for_two_columns():
    assert {len(line) for line in wrapped("漢" * 360).split("\n")} == {36}


def test_an_address_stays_whole():
    assert wrapped(f"Voir\n{LONG_URL}\nou ({LONG_URL})").split("\n") == ["Voir", LONG_URL, "ou", f"({LONG_URL})"]
