"""A moment as each language says it."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.utils import timezone, translation

from kb.pages.appearance.moments import moment_in_words


@pytest.mark.parametrize(
    ("language", "hour", "said"),
    [
        ("fr", (18, 0), "vendredi 1er mars 2013 à 18 h"),
        ("fr", (9, 5), "vendredi 1er mars 2013 à 9 h 05"),
        ("nl", (18, 30), "vrijdag 1 maart 2013 om 18.30 uur"),
        ("nl", (18, 0), "vrijdag 1 maart 2013 om 18 uur"),
        ("en", (18, 30), "Friday 1 March 2013 at 6.30 pm"),
        ("en", (0, 0), "Friday 1 March 2013 at 12 am"),
    ],
)
def test_a_moment_is_said_as_people_say_it(language, hour, said):
    moment = timezone.make_aware(datetime(2013, 3, 1, *hour))
    with translation.override(language):
        assert moment_in_words(moment).replace("\N{NO-BREAK SPACE}", " ").lower() == said.lower()


def test_no_moment_is_nothing():
    assert moment_in_words(None) == ""
