"""Signs that nobody sees go from texts of one line, and the names of newcomers stay as they are written."""

import pytest
from allauth.account.fields import PasswordField
from django import forms
from django.core.exceptions import ValidationError
from django.forms import modelform_factory
from wagtail.blocks import CharBlock
from wagtail.models import Page

from kb.groups.importing.people import NotUnderstood, address
from kb.library.admin.forms import KeywordsField
from kb.library.contributions.forms import LINES, NamesField
from kb.library.models import Authority, Reference
from kb.library.models.authorities import OtherName
from kb.pages.texts import TextsFormField
from kb.site.signs import check_address, is_seen, without_unseen
from kb.vocabulary.models import Keyword
from tests.home.builders import page
from tests.kb.library import builders as make

CASES = {
    "direction": ("rapport \u202efdp.exe\u202c", "rapport fdp.exe"),
    "isolates": ("\u2066a\u2069b\u200e\u200f", "ab"),
    "control": ("a\x1b[31mb\x07c\x9b", "a[31mbc"),
    "zero width": ("a\u200bb\ufeffc\u2060d\xade", "abcde"),
    "separators": ("a\u2028b\u2029c", "abc"),
    "letters that look like a blank": ("a\u3164b\uffa0c\u2800d\u115f\u1160e", "a b c d  e"),
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


# What is typed

NOTHING = ["\u200b\u202e", "\u3164", "\u115f\u1160", "\uffa0 \u2800", "\u00a0\u2003", "\ufe0f", "\x00", "\u034f"]
MUST_BE_THERE = {
    "a line": forms.CharField,
    "a long text": lambda: forms.CharField(widget=forms.Textarea),
    "the title of a contribution": LINES["title"],
    "the title of a page": lambda: Page._meta.get_field("title").formfield(),
    "a line of a page": CharBlock,
    "a web address": lambda: forms.URLField(assume_scheme="https"),
}


@pytest.mark.parametrize("make_field", MUST_BE_THERE.values(), ids=MUST_BE_THERE)
def test_what_must_be_there_must_be_seen(make_field):
    for text in NOTHING:
        with pytest.raises(ValidationError):
            make_field().clean(text)


def test_what_may_lack_lacks():
    assert {forms.CharField(required=False).clean(text) for text in NOTHING} == {""}
    assert not any(is_seen(text) for text in NOTHING)
    assert all(is_seen(text) for text in [*KEPT.values(), "\U0001fae8", "-", "e\u0301"])


def test_a_line_is_cleaned_and_a_text_of_many_lines_and_a_password_are_not():
    typed = "un\u202e\tdeux"
    assert forms.CharField().clean(f" {typed}\u200b ") == "un\tdeux"
    assert forms.CharField(widget=forms.Textarea).clean(typed) == typed
    assert TextsFormField(multiline=True).clean([typed, "", ""]) == {"fr": typed}
    assert PasswordField().clean(f"{typed}\u200b") == f"{typed}\u200b"


def test_names_and_keywords_are_cleaned_one_by_one():
    assert NamesField().clean("Auteur\u200b\n\u3164\nAuteur") == ["Auteur"]
    assert KeywordsField().clean("a\u200b, \u2800, a, b\u3164c") == ["a", "b c"]


@pytest.mark.parametrize(
    "typed", ["a\u202eb@cass.example", '"a\x01b"@cass.example', "a@cass\u200b.example", "a\u3164b@cass.example"]
)
def test_an_address_with_a_sign_that_nobody_sees_is_refused(typed):
    for refuse in (forms.EmailField().clean, check_address):
        with pytest.raises(ValidationError):
            refuse(typed)
    with pytest.raises(NotUnderstood):
        address(typed)


def test_what_was_copied_around_an_address_goes():
    assert forms.EmailField().clean("\u202aa@cass.example\u202c") == "a@cass.example"
    with pytest.raises(ValidationError):
        forms.URLField(assume_scheme="https").clean("https://cass.example/\u202egnp")


# What is written


@pytest.mark.django_db
def test_a_word_with_such_a_sign_is_the_word_without():
    word = Keyword.objects.create(name="a", language="fr")
    assert Keyword.objects.get_or_create(name="a\u200b", language="fr") == (word, False)
    form = modelform_factory(Keyword, fields=["name", "language", "slug"])(
        {"name": "a\u200b", "language": "fr", "slug": "a-2"}
    )
    assert not form.is_valid()


@pytest.mark.django_db
def test_many_rows_at_once_are_cleaned_too():
    reference = make.reference()
    Reference.objects.filter(pk=reference.pk).update(title="Titre\u202e", url="https://cass.example/\u200b")
    authority = Authority.objects.create(kind="creator", name="Autorité\x1b")
    OtherName.objects.bulk_create([OtherName(authority=authority, kind="creator", name="Autre\u3164nom\u200b")])
    reference.refresh_from_db()
    assert (reference.title, reference.url) == ("Titre", "https://cass.example/")
    assert (authority.name, OtherName.objects.get().name) == ("Autorité", "Autre nom")


@pytest.mark.django_db
def test_a_page_that_code_writes_has_no_such_sign_in_its_title():
    assert page("Titre \u202egnik", slug="titre").title == "Titre gnik"


@pytest.mark.django_db
def test_a_title_of_which_nothing_is_seen_is_no_title_to_the_checks_of_a_row():
    reference = make.reference()
    reference.title = "\u3164\u200b"
    with pytest.raises(ValidationError) as refused:
        reference.full_clean()
    assert "title" in refused.value.message_dict
