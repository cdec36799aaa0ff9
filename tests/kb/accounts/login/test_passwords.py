import time
from contextlib import suppress

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import translation

from kb.accounts.login.passwords import common_words


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
def test_a_short_password_is_answered_with_the_length_it_needs(language):
    with translation.override(language), pytest.raises(ValidationError) as refused:
        validate_password("cerises")
    assert any("12" in message for message in refused.value.messages)


COMMON = [
    "motdepasse123",
    "MotDePasse2026!",
    "m0td3p4ss3!!",
    "mot de passe 12",
    "wachtwoord123",
    "W@chtw00rd2026",
    "Wachtwoord-Wachtwoord",
    "azertyuiop12",
    "123azerty456789",
    "qsdfghjklm1234",
    "bonjourbonjour",
    "Bonjour-2026-!",
    "schaerbeek2026",
    "Schaarbeek1030!",
    "cpasschaerbeek",
    "OCMW-Schaarbeek1",
    "cass2026cass2026",
    "coordination2026",
    "jetaimejetaime",
    "ikhouvanjou123",
    "septembre2026",
    "bruxelles1030",
    "anderlecht2026",
    "password2026!!",
    "aaaaaaaaaaaaaa",
    "abababababab12",
]
OWN = [
    "une phrase assez longue",
    "encore une longue phrase",
    "le chat de ma voisine dort",
    "de kat van de buren slaapt",
    "bonjour les amis de la rue",
    "vier paarden in de sneeuw",
    "Kx7#vQ2!mR9z",
    "parapluie-trottoir",
]


@pytest.mark.parametrize("password", COMMON)
def test_a_password_that_everybody_chooses_is_refused(password):
    with pytest.raises(ValidationError) as refused:
        validate_password(password)
    assert "password_too_common" in [error.code for error in refused.value.error_list]


@pytest.mark.parametrize("password", OWN)
def test_a_sentence_of_one_s_own_is_taken_though_it_holds_common_words(password):
    validate_password(password)


@pytest.mark.parametrize(
    ("language", "sentence"), [("fr", "Beaucoup de gens"), ("nl", "Veel mensen"), ("en", "Many people")]
)
def test_the_refusal_is_said_in_the_language_of_the_page(language, sentence):
    with translation.override(language), pytest.raises(ValidationError) as refused:
        validate_password("motdepasse123")
    assert any(message.startswith(sentence) for message in refused.value.messages)


def test_the_words_are_written_as_they_are_compared():
    assert all(word == word.lower() and word.isascii() and len(word) > 1 for word in common_words())


@pytest.mark.parametrize("letter", ["schaerbeek", "é", "a1"])
@pytest.mark.parametrize("size", [900, 200_000])
def test_a_very_long_password_is_looked_at_in_no_time(letter, size):
    started = time.process_time()
    with suppress(ValidationError):
        validate_password(letter * (size // len(letter)))
    assert time.process_time() - started < 1.0
