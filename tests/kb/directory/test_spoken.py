"""Languages spoken: written by name in any of the three languages, kept as codes, shown in the reader's."""

from __future__ import annotations

import re

import pytest
from django.core.exceptions import ValidationError
from django.utils.translation import override

from kb.directory import spoken
from kb.directory.models import Organisation


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("français, néerlandais, turc", ["fr", "nl", "tr"]),
        ("Turks; Arabisch", ["tr", "ar"]),
        ("francais\nTURKISH", ["fr", "tr"]),
        ("tr, turc, Turks", ["tr"]),
        ("", []),
    ],
)
def test_names_in_any_language_are_read_in_the_order_written(text, codes):
    assert spoken.read_spoken(text) == codes


def test_what_is_no_language_is_refused_with_a_sentence_and_a_guess():
    with override("en"), pytest.raises(ValidationError) as refused:
        spoken.read_spoken("French, turkisch")
    assert "turkisch" in refused.value.messages[0] and "Turkish" in refused.value.messages[0]
    with override("en"), pytest.raises(ValidationError) as refused:
        spoken.read_spoken("xyzzy")
    assert "xyzzy" in refused.value.messages[0] and "French, Dutch" in refused.value.messages[0]


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
def test_every_language_is_read_by_its_own_name(language):
    for name in spoken.all_names(language):
        assert spoken.name_of(spoken.read_spoken(name)[0], language) == name


def test_codes_are_of_iso_639_and_names_are_told_apart():
    assert all(re.fullmatch(r"[a-z]{2,3}", code) for code in spoken._NAMES)
    for language in ("fr", "nl", "en"):
        names = spoken.all_names(language)
        assert len(set(map(spoken.folded, names))) == len(names) > 60


def test_a_free_code_is_refused_by_the_record_itself():
    with override("en"), pytest.raises(ValidationError) as refused:
        Organisation(code="x", name="X", spoken=["fr", "klingon"]).clean()
    assert "klingon" in str(refused.value.message_dict["spoken"])
