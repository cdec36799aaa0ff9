import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import translation


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
def test_a_short_password_is_answered_with_the_length_it_needs(language):
    with translation.override(language), pytest.raises(ValidationError) as refused:
        validate_password("cerises")
    assert any("12" in message for message in refused.value.messages)
