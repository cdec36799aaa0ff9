"""The demonstration is loaded only where nobody works yet, and only where DEBUG is on."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from kb.accounts.models import User
from kb.demonstration.accounts import NotADemonstration
from kb.demonstration.loading import is_empty, load, log_ins
from kb.groups.models import Body

pytestmark = pytest.mark.django_db


def test_without_debug_nothing_is_loaded(settings):
    settings.DEBUG = False

    with pytest.raises(NotADemonstration):
        load()
    with pytest.raises(CommandError):
        call_command("load_demonstration")

    assert is_empty()
    assert list(log_ins()) == []


def test_a_database_somebody_works_in_is_left_alone(settings):
    settings.DEBUG = True
    User.objects.create_user("redaction@cass.example")

    with pytest.raises(CommandError, match="empty database only"):
        call_command("load_demonstration")

    assert not Body.objects.exists()
