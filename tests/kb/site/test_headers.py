"""What the headers tell browsers, on public pages and in the admin."""

import re
from contextlib import suppress

import pytest
from django.http import HttpResponse
from django.urls import NoReverseMatch, get_resolver

from kb.accounts.session_rows import SessionStore
from kb.site.headers import PrivateMiddleware
from tests.kb.accounts.builders import editor, log_in, url
from tests.kb.test_access_log import addresses

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


# What browsers and caches keep


OWN_PAGES = (
    *(
        "account_index",
        "account_addresses",
        "account_sessions",
        "account_my_data",
        "account_my_data_file",
        "account_change_password",
    ),
    *(
        "mfa_index",
        "mfa_view_recovery_codes",
        "mfa_generate_recovery_codes",
        "mfa_download_recovery_codes",
        "mfa_list_webauthn",
        "home:members",
    ),
    *(
        "library:list",
        "search:results",
        "newsletter:own",
        "processing_register",
        "directory:list",
        "library:contributions",
    ),
)


def _addresses(names) -> list[str]:
    found = []
    for name in names:
        with suppress(NoReverseMatch):
            found.append(url(name))
    return found


def test_nothing_that_somebody_who_is_logged_in_sees_is_kept(client):
    user = editor()
    log_in(client, user)
    for address in [*_addresses(OWN_PAGES), "/admin/", "/fr/", "/fr/nulle-part/"]:
        answer = client.get(address)
        assert "no-store" in answer["Cache-Control"], (address, answer.status_code, answer["Cache-Control"])
    assert len(_addresses(OWN_PAGES)) > 12


@pytest.mark.parametrize("address", ["/fr/", "/fr/bibliotheque/", "/fr/chercher/", "/fr/echos/"])
def test_public_pages_are_kept_by_the_browser_of_whoever_reads_them_without_a_log_in(client, address):
    assert client.get(address)["Cache-Control"] == "private, no-cache"


def every_address() -> list[str]:
    """Each route once, with a one for whatever stands in it; most lead nowhere, or to the log-in."""
    found = []
    for address in addresses(get_resolver().url_patterns):
        plain = re.sub(r"\(\?P<\w+>(?:[^()]|\([^()]*\))*\)|<[^>]+>", "1", address)
        found.append("/" + re.sub(r"\\[AZ]|[\^$]|\(\?:[^)]*\)|\\", "", plain))
    return sorted(set(found))


def test_every_answer_says_whether_it_is_kept(client):
    """Of what says nothing, caches keep what they like, for as long as they like."""
    found = every_address()
    assert {"/sitemap.xml", "/robots.txt", "/health", "/fr/plan/"} <= set(found)
    silent = [
        address
        for address in [*found, "/", "/fr", "/fr/nulle-part/"]
        if "Cache-Control" not in client.get(address).headers
    ]
    assert silent == []
    assert {
        client.get(address)["Cache-Control"] for address in ("/sitemap.xml", "/robots.txt", "/sitemap-pages.xml")
    } == {"no-cache"}


def test_recovery_codes_are_kept_by_no_browser(client):
    log_in(client, editor())
    for name in ("mfa_view_recovery_codes", "mfa_download_recovery_codes"):
        answer = client.get(url(name))
        assert (answer.status_code, "no-store" in answer["Cache-Control"]) == (200, True)


def test_an_answer_that_looked_at_no_session_reads_none(rf, django_assert_num_queries):
    request = rf.get("/")
    request.session = SessionStore("a" * 32)
    with django_assert_num_queries(0):
        answer = PrivateMiddleware(lambda asked: HttpResponse(headers={"Vary": "Cookie"}))(request)
    assert answer["Cache-Control"] == "private, no-cache"
