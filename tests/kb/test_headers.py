"""What the headers tell browsers, on public pages and in the admin."""

import pytest

from tests.kb.accounts.builders import editor, log_in, url

pytestmark = pytest.mark.django_db


def _policy(answer) -> dict[str, str]:
    return dict(part.strip().partition(" ")[::2] for part in answer["Content-Security-Policy"].split(";"))


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
def test_a_public_page_runs_and_shows_only_what_comes_from_this_site(client, language):
    policy = _policy(client.get(url("account_login", language)))
    assert policy["script-src"] == policy["style-src"] == policy["default-src"] == policy["form-action"] == "'self'"
    assert policy["img-src"] == "'self' data:"
    assert policy["frame-ancestors"] == policy["object-src"] == "'none'"


def test_a_page_that_is_not_there_is_under_the_same_policy(client):
    assert _policy(client.get("/fr/nulle-part/"))["script-src"] == "'self'"


def test_the_pages_comply_with_it_themselves(client):
    page = client.get(url("account_login")).content.decode()
    assert " style=" not in page
    assert " onclick=" not in page
    assert "<style" not in page
    assert "<script>" not in page


def test_the_admin_has_a_looser_policy_of_its_own_and_shows_no_page_to_other_sites(client):
    log_in(client, editor())
    policy = _policy(client.get("/admin/"))
    assert policy["script-src"] == "'self' 'unsafe-inline'"
    assert policy["frame-ancestors"] == "'self'"


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    ],
)
def test_every_page_carries_the_other_headers(client, header, value):
    answer = client.get(url("account_login"))
    assert answer[header] == value
    assert "camera=()" in answer["Permissions-Policy"]
