import pytest
from django.template.loader import render_to_string
from django.utils import translation

from kb.files.choices import State
from kb.files.models import FileVersion
from kb.files.states import shown_state, state_sentence


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
@pytest.mark.parametrize("state", State.values)
def test_every_state_says_what_it_means_in_every_language(state, language):
    with translation.override(language):
        shown = shown_state(FileVersion(state=state))
        html = render_to_string("parts/file_state.html", {"state": shown})
    assert shown.sentence.endswith(".")
    assert len(shown.sentence.split()) >= 3
    assert f"state--{state}" in html
    assert "<svg" in html


def test_the_limit_is_said_where_a_file_is_too_large(settings):
    settings.FILES_MAX_BYTES = 42 * 1024 * 1024
    with translation.override("en"):
        assert "42 MB" in state_sentence(FileVersion(state=State.TOO_LARGE))


def test_what_is_to_be_completed_is_amber_and_what_is_read_or_waits_is_not():
    amber = {state for state in State.values if shown_state(FileVersion(state=state)).is_unread}
    assert amber == {"scan", "encrypted", "broken", "too_large", "unsupported"}
