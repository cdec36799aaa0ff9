import pytest

from kb.clock.mail.sealing import CannotOpen, seal, unseal


def test_what_is_sealed_says_nothing_and_opens_again():
    sealed = seal(b"le mot de passe")
    assert b"mot" not in sealed
    assert unseal(sealed).decode() == "le mot de passe"


def test_an_older_key_opens_while_it_is_among_the_fallbacks_and_not_afterwards(settings):
    settings.SECRET_KEY = "the old key"
    sealed = seal(b"x")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the new key", ["the old key"]
    assert unseal(sealed) == b"x"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(CannotOpen):
        unseal(sealed)


def test_what_is_damaged_or_empty_cannot_be_opened():
    for damaged in (b"", b"x", seal(b"x")[:-4]):
        with pytest.raises(CannotOpen):
            unseal(damaged)
