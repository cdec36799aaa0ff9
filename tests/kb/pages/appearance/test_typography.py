import pytest

from kb.pages.appearance.typography import SOFT_HYPHEN, dutch_hyphens, french_spaces

N = "\u00a0"


@pytest.mark.parametrize(
    ("plain", "spaced"),
    [
        ("Que cherchez-vous ?", f"Que cherchez-vous{N}?"),
        ("« Ici » : oui", f"«{N}Ici{N}»{N}: oui"),
        ("de 9 h 30 à 12 h", f"de 9{N}h{N}30 à 12{N}h"),
        ("75 €, p. 12, 90 %", f"75{N}€, p.{N}12, 90{N}%"),
        ("un mot: collé", "un mot: collé"),
        ("Rien à changer.", "Rien à changer."),
    ],
)
def test_french_spaces_stand_before_the_double_signs(plain, spaced):
    assert french_spaces(plain) == spaced


def test_tags_and_attributes_keep_their_spaces():
    html = '<a title="a : b" href="/x?y=1">Voir : ici</a>'
    assert french_spaces(html) == f'<a title="a : b" href="/x?y=1">Voir{N}: ici</a>'


def test_long_dutch_word_may_break_but_never_near_its_ends():
    word = "huurwaarborgtussenkomst"
    hyphenated = dutch_hyphens(word)
    pieces = hyphenated.split(SOFT_HYPHEN)
    assert "".join(pieces) == word
    assert len(pieces) > 1
    assert len(pieces[0]) >= 4
    assert len(pieces[-1]) >= 4


@pytest.mark.parametrize("word", ["huisvesting", "samenwerkingen", "maatschappelijk"])
def test_word_of_sixteen_letters_or_fewer_is_left_whole(word):
    assert dutch_hyphens(word) == word
