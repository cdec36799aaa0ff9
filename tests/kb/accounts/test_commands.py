"""The commands of the accounts, as typed."""

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from kb.accounts.models import User
from kb.accounts.sessions.second_factor import has_second_factor
from kb.demonstration.accounts import NotADemonstration, make_demonstration_accounts
from tests.kb.accounts.builders import PASSWORD, editor, url
from tests.kb.groups.builders import body

pytestmark = pytest.mark.django_db

DEMONSTRATION = [
    {"email": "redaction@demo.example", "name": "Coordination", "language": "fr", "is_staff": True, "mandates": []},
    {
        "email": "lid@demo.example",
        "name": "Lid",
        "language": "nl",
        "is_staff": False,
        "mandates": [{"body": "LOG", "organisation": None, "role": "member"}],
    },
]


def _said(*command: str) -> str:
    out = StringIO()
    call_command(*command, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_demo_code_gives_the_code_that_logs_the_demonstration_editor_in(client, settings):
    settings.DEBUG = True
    body("LOG")
    make_demonstration_accounts(DEMONSTRATION, PASSWORD)
    client.post(url("account_login"), {"login": "redaction@demo.example", "password": PASSWORD})
    client.post(url("mfa_authenticate"), {"code": _said("demo_code").strip()})
    assert client.get("/admin/").status_code == 200


def test_demonstration_accounts_can_be_made_again_and_hold_their_mandates(settings):
    settings.DEBUG = True
    body("LOG")
    for _time in range(2):
        make_demonstration_accounts(DEMONSTRATION, PASSWORD)
    assert [user.mandates.count() for user in User.objects.order_by("email")] == [1, 0]


def test_where_debug_is_off_there_is_no_demonstration(settings):
    settings.DEBUG = False
    with pytest.raises(NotADemonstration):
        make_demonstration_accounts(DEMONSTRATION, PASSWORD)
    with pytest.raises(CommandError, match="DEBUG"):
        _said("demo_code")
    assert not User.objects.exists()


def test_create_editor_makes_one_and_its_link_leads_to_choosing_a_password(client):
    said = _said("create_editor", "Premiere@cass.example")
    user = User.objects.get(email="premiere@cass.example")
    assert user.is_staff
    assert user.is_superuser
    assert not user.has_usable_password()
    link = re.search(r"http://[^/]+(/\S+)", said)[1]
    assert "form" in client.get(link, follow=True).context


def test_a_lost_telephone_takes_factor_and_sessions_away(client):
    user = editor()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    _said("create_editor", user.email, "--reset-second-factor")
    assert not has_second_factor(user)
    assert client.get("/admin/")["Location"].startswith(url("account_login"))


@pytest.mark.parametrize("arguments", [["pas une adresse"], ["personne@cass.example", "--reset-second-factor"]])
def test_create_editor_says_what_it_cannot_do(arguments):
    with pytest.raises(CommandError):
        _said("create_editor", *arguments)
