"""Who gets a file, and how it goes out: rights, ranges, ETags, headers."""

import pytest
from allauth.account.internal.flows.login import record_authentication
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.http import Http404
from django.test import RequestFactory

from kb.accounts import audiences
from kb.files.serving import serve_page_image, serve_version
from tests.kb.files.builders import TEXTS, pdf, stored

pytestmark = pytest.mark.django_db
CONTENT = pdf([TEXTS["fr"]])

MEMBER_OF = {
    "member": {"members", "body:LOGEMENT"},
    "other": {"members", "body:SANTE"},
    "consultant": {"body:LOGEMENT"},
}


@pytest.fixture
def reader():
    """`reader("member")` makes a request of that person."""

    def request(who="anonymous", method="get", **headers):
        made = getattr(RequestFactory(), method)(
            "/", headers={name.replace("_", "-"): value for name, value in headers.items()}
        )
        made.session = {}
        made.user = AnonymousUser()
        if who != "anonymous":
            made.user, _ = get_user_model().objects.get_or_create(
                email=f"{who.split()[0]}@example.test", defaults={"is_staff": who.startswith("editor")}
            )
        if who == "editor":
            record_authentication(made, made.user, method="mfa", type="totp")
        return made

    with audiences.PROVIDERS.temporarily() as providers:
        providers.register("here", lambda user: MEMBER_OF.get(user.email.split("@")[0], ()))
        yield request


@pytest.fixture
def version(committed):
    with committed():
        version = stored(CONTENT, "Règlement.pdf")
    version.refresh_from_db()
    return version


def read(committed, content: bytes, name: str):
    """A version that was read."""
    with committed():
        version = stored(content, name)
    version.refresh_from_db()
    return version


def body(response) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


READERS = ("anonymous", "member", "other", "consultant", "editor", "editor without second factor")
OPEN_TO = {
    ("public",): set(READERS),
    ("members",): {"member", "other", "editor"},
    ("body:LOGEMENT",): {"member", "consultant", "editor"},
    ("body:LOGEMENT", "body:SANTE"): {"member", "other", "consultant", "editor"},
    ("staff",): {"editor"},
    (): {"editor"},
}


@pytest.mark.parametrize("who", READERS)
@pytest.mark.parametrize("given_to", OPEN_TO, ids=lambda given: "+".join(given) or "nobody")
def test_a_file_and_its_page_images_go_to_those_they_are_given_to_and_to_nobody_else(reader, version, given_to, who):
    ways = (
        lambda: serve_version(reader(who), version, audiences=given_to),
        lambda: serve_version(reader(who), version, audiences=given_to, download=True),
        lambda: serve_version(reader(who, "head"), version, audiences=given_to),
        lambda: serve_version(reader(who, If_None_Match=f'"{version.sha256}"'), version, audiences=given_to),
        lambda: serve_page_image(reader(who), version, 1, audiences=given_to),
    )
    for way in ways:
        if who in OPEN_TO[given_to]:
            assert way().status_code in (200, 304)
        else:
            with pytest.raises(Http404):
                way()


def test_a_pdf_opens_in_the_browser_and_is_downloaded_when_asked(reader, version):
    shown = serve_version(reader(), version, audiences={"public"})
    saved = serve_version(reader(), version, audiences={"public"}, download=True)
    assert body(shown) == CONTENT
    assert shown["Content-Type"] == "application/pdf"
    assert shown["Content-Disposition"] == "inline; filename=\"Reglement.pdf\"; filename*=UTF-8''R%C3%A8glement.pdf"
    assert saved["Content-Disposition"].startswith("attachment;")


@pytest.mark.parametrize(
    ("name", "media_type", "sent_name"),
    [
        ("setup.exe", "application/pdf", "setup.exe.pdf"),
        ("rapport", "application/pdf", "rapport.pdf"),
        ("x.hta", "application/octet-stream", "x.hta.bin"),
        ("x.jar", "", "x.jar.bin"),
    ],
)
def test_what_was_taken_under_the_name_of_a_program_goes_out_under_another(
    reader, version, name, media_type, sent_name
):
    version.original_name, version.media_type = name, media_type
    response = serve_version(reader(), version, audiences={"public"})
    assert f'filename="{sent_name}"' in response["Content-Disposition"]


def test_headers_keep_a_hostile_file_from_doing_anything(reader, version):
    response = serve_version(reader(), version, audiences={"public"})
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert response["Content-Length"] == str(len(CONTENT))


@pytest.mark.parametrize(
    ("content", "name", "sent_name"),
    [
        (b"<!doctype html><html><script>alert(1)</script></html>", "rapport.pdf", "rapport.pdf.txt"),
        (b"<!doctype html><html><body>x</body></html>", "page.html", "page.html.txt"),
    ],
)
def test_html_goes_out_as_a_download_of_plain_text_whatever_its_name(reader, committed, content, name, sent_name):
    response = serve_version(reader(), read(committed, content, name), audiences={"public"})
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["Content-Disposition"] == f"attachment; filename=\"{sent_name}\"; filename*=UTF-8''{sent_name}"
    assert response["Content-Security-Policy"].startswith("sandbox")


@pytest.mark.parametrize(
    ("content", "name"),
    [(b"\x89PNG\r\n\x1a\n" + b"\x01" * 40, "x.pdf"), (b"\x00\x01\x02\x03", "x.pdf"), (b"Loyer et bail\n", "x.txt")],
    ids=["png", "nothing known", "txt"],
)
def test_everything_but_a_pdf_is_a_download(reader, committed, content, name):
    response = serve_version(reader(), read(committed, content, name), audiences={"public"})
    assert response["Content-Disposition"].startswith("attachment;")
    assert "script" not in response["Content-Type"]
    assert "html" not in response["Content-Type"]


@pytest.mark.parametrize(
    ("content", "name", "sent_name"),
    [
        (CONTENT, "rapport.pdf", "rapport.pdf"),
        (b"<!doctype html><html><script>alert(1)</script></html>", "page.HTML", "page.HTML.txt"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "plan.svg", "plan.svg.txt"),
    ],
    ids=["pdf", "html", "svg"],
)
def test_a_file_of_which_nobody_has_said_yet_what_it_is_goes_out_as_a_download_of_unknown_type(
    reader, content, name, sent_name
):
    response = serve_version(reader(), stored(content, name), audiences={"public"})
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"] == f"attachment; filename=\"{sent_name}\"; filename*=UTF-8''{sent_name}"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"].startswith("sandbox")


def test_a_copy_kept_before_the_type_was_known_is_not_said_to_be_still_good(reader, committed):
    with committed():
        version = stored(CONTENT, "rapport.pdf")
        early = serve_version(reader(), version, audiences={"public"})["ETag"]
        assert serve_version(reader(If_None_Match=early), version, audiences={"public"}).status_code == 304
    version.refresh_from_db()
    assert serve_version(reader(If_None_Match=early), version, audiences={"public"}).status_code == 200


@pytest.mark.parametrize(("given_to", "cache"), [({"public"}, "public, no-cache"), ({"members"}, "private, no-store")])
def test_caches_ask_again_each_time_for_rights_may_change_and_keep_nothing_closed(reader, version, given_to, cache):
    assert serve_version(reader("editor"), version, audiences=given_to)["Cache-Control"] == cache
    assert serve_page_image(reader("editor"), version, 1, audiences=given_to)["Cache-Control"] == cache


SIZE = len(CONTENT)
RANGES = {
    "first bytes": ("bytes=0-9", 206, CONTENT[:10], f"bytes 0-9/{SIZE}"),
    "from a place": ("bytes=100-", 206, CONTENT[100:], f"bytes 100-{SIZE - 1}/{SIZE}"),
    "last bytes": ("bytes=-7", 206, CONTENT[-7:], f"bytes {SIZE - 7}-{SIZE - 1}/{SIZE}"),
    "more than there is": ("bytes=5-999999999", 206, CONTENT[5:], f"bytes 5-{SIZE - 1}/{SIZE}"),
    "longer end than there is": ("bytes=-999999999", 206, CONTENT, f"bytes 0-{SIZE - 1}/{SIZE}"),
    "after the end": (f"bytes={SIZE}-", 416, b"", f"bytes */{SIZE}"),
    "no bytes at all": ("bytes=-0", 416, b"", f"bytes */{SIZE}"),
    "several": ("bytes=0-1,4-5", 200, CONTENT, None),
    "backwards": ("bytes=9-2", 200, CONTENT, None),
    "nonsense": ("bytes=a-b", 200, CONTENT, None),
    "nothing said": ("bytes=-", 200, CONTENT, None),
    "another unit": ("pages=1-2", 200, CONTENT, None),
}


@pytest.mark.parametrize(("asked", "status", "content", "content_range"), RANGES.values(), ids=RANGES)
def test_ranges(reader, version, asked, status, content, content_range):
    response = serve_version(reader(Range=asked), version, audiences={"public"})
    assert (response.status_code, body(response), response.headers.get("Content-Range")) == (
        status,
        content,
        content_range,
    )
    if status == 206:
        assert response["Content-Length"] == str(len(content))


def test_a_range_of_another_state_of_the_file_gives_the_whole(reader, version):
    same = serve_version(reader(Range="bytes=0-9", If_Range=f'"{version.sha256}"'), version, audiences={"public"})
    other = serve_version(reader(Range="bytes=0-9", If_Range='"another"'), version, audiences={"public"})
    assert (same.status_code, other.status_code) == (206, 200)
    for response in (same, other):
        response.close()


@pytest.mark.parametrize(
    ("known", "status"), [('"{tag}"', 304), ('W/"{tag}"', 304), ('"x", "{tag}"', 304), ("*", 304), ('"x"', 200)]
)
def test_what_the_browser_has_is_not_sent_again(reader, version, known, status):
    response = serve_version(reader(If_None_Match=known.format(tag=version.sha256)), version, audiences={"public"})
    assert (response.status_code, response["ETag"]) == (status, f'"{version.sha256}"')


def test_head_gives_the_headers_without_opening_the_file(reader, version, private_folder):
    (private_folder / version.content.name).unlink()
    response = serve_version(reader(method="head"), version, audiences={"public"})
    assert (response.status_code, response.content, response["Content-Length"]) == (200, b"", str(SIZE))


def test_other_methods_are_refused(reader, version):
    assert serve_version(reader(method="post"), version, audiences={"public"}).status_code == 405


def test_a_page_image_is_a_webp_with_an_etag_of_its_own(reader, version):
    response = serve_page_image(reader(), version, 1, audiences={"public"})
    assert body(response)[8:12] == b"WEBP"
    assert response["Content-Type"] == "image/webp"
    assert response["ETag"] != f'"{version.sha256}"'
    again = serve_page_image(reader(If_None_Match=response["ETag"]), version, 1, audiences={"public"})
    assert again.status_code == 304


@pytest.mark.parametrize("number", [0, 2])
def test_a_page_without_image_is_not_found(reader, version, number):
    with pytest.raises(Http404):
        serve_page_image(reader(), version, number, audiences={"public"})


def test_bytes_lost_by_the_storage_are_not_found(reader, version, private_folder):
    (private_folder / version.content.name).unlink()
    with pytest.raises(Http404):
        serve_version(reader(), version, audiences={"public"})


@pytest.mark.parametrize("name", ['a"b.pdf', "a\r\nX-Evil: 1.pdf", "é" * 300 + ".pdf", "\u202efdp.exe"])
def test_a_hostile_name_stays_inside_its_header(reader, name):
    version = stored()
    version.original_name = name
    response = serve_version(reader(), version, audiences={"public"})
    assert "X-Evil" not in response.headers
    assert response["Content-Disposition"].isascii()
    response.close()
