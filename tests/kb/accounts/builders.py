"""People with and without a second factor, and a log-in as a browser does it."""

import pytest
from django.urls import reverse
from django.utils.translation import override

from kb.accounts import editors
from kb.accounts.models import User
from kb.demonstration.accounts import give_second_factor, present_code

PASSWORD = "une phrase assez longue"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def member(email="membre@cass.example", **values) -> User:
    return User.objects.create_user(email, PASSWORD, **values)


def editor(email="redaction@cass.example", *, second_factor=True, **values) -> User:
    user = member(email, **values)
    editors.join(user)
    if second_factor:
        give_second_factor(user, SECRET)
    return user


def url(name: str, language: str = "fr", **kwargs) -> str:
    with override(language):
        return reverse(name, kwargs=kwargs or None)


def log_in(client, user: User, *, language: str = "fr", code: bool = True):
    """Types address and password, then the code when one is asked (and `code` says so). The last answer."""
    answer = client.post(url("account_login", language), {"login": user.email, "password": PASSWORD})
    if code and answer.status_code == 302 and answer["Location"] == url("mfa_authenticate", language):
        answer = client.post(url("mfa_authenticate", language), {"code": present_code(SECRET)[0]})
    return answer


def open_session_without_second_factor(client, user: User) -> None:
    """A session as it was before the second factor was set up."""
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")


@pytest.fixture(autouse=True)
def fresh_limits():
    """Attempts counted by another test count for nothing here."""
    from django.core.cache import cache

    cache.clear()
