"""Signs that nobody sees go from texts of one line, and the names of newcomers stay as they are written."""

import pytest
from django.core.exceptions import ValidationError

from kb.accounts.signs import without_unseen
from kb.pages.texts import TextsFormField
from tests.kb.library import builders as make

CASES = {
    "direction": ("rapport \u202efdp.exe\u202c", "rapport fdp.exe"),
    "isolates": ("\u2066a\u2069b\u200e\u200f", "ab"),
    "control": ("a\x1b[31mb\x07c\x9b", "a[31mbc"),
    "zero width": ("a\u200bb\ufeffc\u2060d\xade", "abcde"),
    "separators": ("a\u2028b\u2029c", "abc"),
    "tags": ("a\U000e0041\U000e007fb", "ab"),
    "a joiner between latin letters": ("pay\u200dpal \u200c", "paypal "),
}
KEPT = {
    "persian": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "hindi": "\u0915\u094d\u200d\u0937",
    "emoji": "\U0001f469\u200d\U0001f4bb",
    "french": "L\u2019\u00e9t\u00e9 : \u00ab\u00a0ici\u00a0\u00bb",
}


@pytest.mark.parametrize(("typed", "kept"), CASES.values(), ids=CASES)
def test_signs_that_nobody_sees_are_taken_out(typed, kept):
    assert without_unseen(typed) == kept


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT)
def test_what_a_language_needs_stays(text):
    assert without_unseen(text) == text


@pytest.mark.django_db
def test_a_saved_title_and_name_hold_no_such_sign():
    reference = make.reference("Titre \u202egnik\x1b", creators=("Auteur\u200b",))
    reference.refresh_from_db()
    assert reference.title == "Titre gnik"
    assert [one.name for one in reference.creators.all()] == ["Auteur"]


@pytest.mark.django_db
def test_texts_in_three_languages_hold_no_such_sign_however_they_are_written():
    reference = make.reference("Titre", translated_titles={"nl": "Tit\u202eel", "fr": "\u200b"})
    reference.refresh_from_db()
    assert reference.translated_titles["nl"] == "Titel"


def test_a_form_takes_a_text_of_unseen_signs_for_none():
    field = TextsFormField(required=True)
    with pytest.raises(ValidationError):
        field.clean(["\u200b\u202e", "", ""])
    assert field.clean(["Titre \u202e", "", ""]) == {"fr": "Titre"}
    assert TextsFormField(multiline=True).clean(["un\ndeux", "", ""]) == {"fr": "un\ndeux"}
