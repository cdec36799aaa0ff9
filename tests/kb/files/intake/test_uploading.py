"""Uploads beyond the limits: read to the end, not kept, and still there for their form to say a sentence."""

from __future__ import annotations

import re
import tempfile
from html import unescape
from ipaddress import ip_address
from pathlib import Path

import pytest
from django.conf import settings as site
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import RequestDataTooBig
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import URLPattern, get_resolver, reverse
from django.utils.translation import override
from wagtail.models import Locale, Page
from wagtail_localize.models import Translation, TranslationSource

from kb.accounts.models import User
from kb.files.intake.forms import UploadsField
from kb.files.intake.keeping import keep
from kb.files.intake.uploading import (
    FULL,
    QUOTA,
    STRANGER,
    TOGETHER,
    TOO_MANY,
    FileNotKept,
    NoUploadHere,
    RefusedUpload,
    WeightMiddleware,
    left_for,
)
from kb.languages import CODES
from kb.library.contributions.resuming import ticket_for
from tests.kb.accounts.builders import editor, log_in, member
from tests.kb.library import builders as make

ADD = "/fr/bibliotheque/ajouter/"


@pytest.fixture
def limits(settings):
    settings.FILES_MAX_BYTES = 1_000
    settings.FILES_MAX_AT_ONCE = 3
    settings.FILES_REQUEST_MAX_BYTES = 2_500
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 10_000


def sent_to(address: str, *sizes: int, user: User | None = None, **fields: str) -> HttpRequest:
    files = [SimpleUploadedFile(f"n{number}.pdf", b"x" * size) for number, size in enumerate(sizes)]
    request = RequestFactory().post(address, {**fields, "uploads": files, "title": "Un titre"})
    request.user = user or AnonymousUser()
    return request


def arrived(*sizes: int) -> list:
    return sent_to(ADD, *sizes, user=User(email="membre@cass.example")).FILES.getlist("uploads")


def told(uploads: list) -> list[str | None]:
    return [one.refusal if isinstance(one, RefusedUpload) else None for one in uploads]


CASES = {
    "within the limits": ((900, 900), [None, None]),
    "one too large, the next is kept": ((1_001, 900), ["", None]),
    "too many": ((1, 1, 1, 1), [None, None, None, TOO_MANY]),
    "too much together": ((900, 900, 900), [None, None, TOGETHER]),
    "a large one that was not kept counts for nothing": ((2_000, 900, 900), ["", None, None]),
    "hopeless from the start": ((9_000, 10, 2_000), ["", TOGETHER, ""]),
}


@pytest.mark.parametrize(("sizes", "refusals"), CASES.values(), ids=CASES)
def test_each_file_is_kept_or_refused_by_itself(limits, sizes, refusals):
    uploads = arrived(*sizes)
    assert told(uploads) == refusals
    assert [one.size for one in uploads] == list(sizes)
    for one in uploads:
        if isinstance(one, RefusedUpload):
            with pytest.raises(FileNotKept):
                one.read()


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
def test_the_field_takes_the_good_ones_and_has_a_sentence_for_each_of_the_others(limits, language):
    uploads = arrived(900, 1_001, 0, 900, 5)
    with override(language):
        found = UploadsField(required=False).clean(uploads)
    assert [one.name for one in found.taken] == ["n0.pdf"]
    assert [one.name for one in found.refused] == ["n1.pdf", "n2.pdf", "n3.pdf", "n4.pdf"]
    assert all(one.sentence for one in found.refused)


# Where


def routes(patterns=None, spaces: tuple[str, ...] = (), before: str = ""):
    """Every route of the site: (its name, an address of it with sample values)."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        here = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield ":".join((*spaces, pattern.name or "")), "/" + sample(here)
        else:
            yield from routes(pattern.url_patterns, (*spaces, pattern.namespace) if pattern.namespace else spaces, here)


def sample(route: str) -> str:
    """ "admin/images/<int:image_id>/" -> "admin/images/1/"."""
    route = re.sub(r"<mark:\w+>", "PA-2012-147", route)
    route = re.sub(r"\(\?P<\w+>[^)]*\)|<(int|number|uuid):\w+>", "1", route)
    return re.sub(r"<[^>]+>", "x", route).replace("^", "").replace("$", "").replace("\\", "")


def nginx_counts_for(address: str, name: str) -> bytes:
    """What nginx counts a sender for: a map of the bytes of the network address, the first pattern that fits."""
    conf = (Path(site.BASE_DIR) / "docs/systemd/nginx.conf").read_text(encoding="utf-8")
    rules = re.search(rf"map \$binary_remote_addr \${name} {{(.*?)\n}}", conf, re.DOTALL)[1]
    packed = ip_address(address).packed
    for pattern, group in re.findall(r'"~(.+)" \$(\w+);', rules):
        if found := re.search(pattern.replace("(?<", "(?P<").replace(r"\z", r"\Z").encode(), packed):
            return found[group]
    return packed


def test_nginx_counts_a_network_as_one_however_its_addresses_are_written():
    one = ["2001:db8:1:0:a:b:c:d", "2001:db8:1::5", "2001:db8:1:0:ffff::1"]
    assert len({nginx_counts_for(address, "cass_place") for address in one}) == 1
    assert len({nginx_counts_for(address, "cass_around") for address in [*one, "2001:db8:1:2::5"]}) == 1
    assert nginx_counts_for(one[0], "cass_place") != nginx_counts_for("2001:db8:1:2::5", "cass_place")
    assert nginx_counts_for(one[0], "cass_around") != nginx_counts_for("2001:db8:2::5", "cass_around")
    four = ["192.0.2.10", "::ffff:192.0.2.10"]
    assert {nginx_counts_for(address, "cass_place") for address in four} == {b"\xc0\x00\x02\x0a"}
    assert {nginx_counts_for(address, "cass_around") for address in [*four, "192.0.2.13"]} == {b"\xc0\x00\x02"}


def nginx_takes(address: str) -> str:
    """The client_max_body_size at an address, by the rules of nginx: the first pattern that fits,
    else the longest beginning.
    """
    conf = (Path(site.BASE_DIR) / "docs/systemd/nginx.conf").read_text(encoding="utf-8")
    general = conf.partition("location")[0]
    blocks = re.findall(r'location (~ )?"?(\S+?)"? \{(.*?)\n    \}', conf, re.DOTALL)
    fitting = [block for is_regex, place, block in blocks if is_regex and re.search(place, address)]
    beginnings = sorted(
        (place, block) for is_regex, place, block in blocks if not is_regex and address.startswith(place)
    )
    found = re.search(r"client_max_body_size (\w+);", fitting[0] if fitting else beginnings[-1][1])
    return (found or re.search(r"client_max_body_size (\w+);", general))[1]


@pytest.mark.parametrize("language", CODES)
def test_the_web_server_lets_large_requests_through_where_files_are_taken_and_nowhere_else(language):
    with override(language):
        everything = list(routes())
    named = {name for name, _address in everything}
    large = {name for name, address in everything if name and nginx_takes(address) == "520m"}

    assert named >= site.FILES_UPLOAD_ROUTES
    assert large == site.FILES_UPLOAD_ROUTES
    assert {nginx_takes(address) for name, address in everything if name not in {*large, ""}} == {"256k", "2m", "10m"}
    short = {name for name, address in everything if nginx_takes(address) == "256k"}
    for_all = {
        name
        for name, address in everything
        if name.startswith(("account_", "mfa_", "newsletter:")) and not address.startswith("/admin/")
    }
    assert short == for_all - {"newsletter:archive", "newsletter:issue", "newsletter:feed"}


@pytest.mark.parametrize(
    ("name", "is_taken"),
    [("account_login", False), ("search:results", False), ("library:add", True), ("wagtailadmin_home", True)],
)
def test_long_texts_are_read_in_the_admin_and_beside_documents_alone(rf, name, is_taken):
    """Refused before a field is read: a second of the interpreter for each megabyte otherwise."""
    read = []
    middleware = WeightMiddleware(lambda request: read.append(len(request.POST)) or HttpResponse())
    for length in (1 << 20, (1 << 20) + 1):
        request = rf.post(reverse(name), b"a=" + b"a" * (length - 2), content_type="application/x-www-form-urlencoded")
        if length > 1 << 20 and not is_taken:
            with pytest.raises(RequestDataTooBig):
                middleware(request)
        else:
            middleware(request)
    assert read == ([1, 1] if is_taken else [1])


def test_every_form_with_a_file_stands_at_an_address_that_takes_one():
    """A module with a field for files names its routes here."""
    holders = {
        "kb/files/intake/forms.py": set(),  # the fields themselves
        "kb/library/contributions/forms.py": {"library:add", "library:contribution"},
        "kb/library/admin/forms.py": {f"wagtailsnippets_library_reference:{name}" for name in ("add", "edit", "copy")},
        "kb/sheets/views.py": {"sheetimport:add"},
    }
    root = Path(site.BASE_DIR)
    sources = [path for folder in ("kb", "home", "search") for path in (root / folder).rglob("*.py")]
    field = re.compile(r"forms\.(File|Image)Field|\bUploads?Field\(")
    with_files = {str(path.relative_to(root)) for path in sources if field.search(path.read_text(encoding="utf-8"))}

    assert with_files == set(holders)
    assert set().union(*holders.values()) <= site.FILES_UPLOAD_ROUTES


@pytest.fixture
def written(monkeypatch, settings):
    """Temporary files made for uploads, counted; every upload is written at once."""
    made = []
    make = tempfile.NamedTemporaryFile
    monkeypatch.setattr(
        "django.core.files.uploadedfile.tempfile.NamedTemporaryFile",
        lambda **options: made.append(1) or make(**options),
    )
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0
    return made


ELSEWHERE = (
    "/fr/compte/connexion/",
    "/nl/account/aanmelden/",
    "/fr/bibliotheque/",
    "/fr/chercher/",
    "/admin/pages/",
    "/health",
)


@pytest.mark.django_db
@pytest.mark.parametrize("address", ELSEWHERE)
@pytest.mark.parametrize("has_token", [False, True])
def test_a_file_sent_to_an_address_that_takes_none_is_never_written(written, address, has_token):
    client = Client(enforce_csrf_checks=True)
    token = client.get("/fr/compte/connexion/").cookies["csrftoken"].value
    fields = {"csrfmiddlewaretoken": token} if has_token else {}

    answer = client.post(address, {**fields, "login": "a", "file": SimpleUploadedFile("x.bin", b"x" * 200_000)})

    assert not written
    assert answer.status_code in (302, 400, 403, 405)
    if "connexion" in address or "aanmelden" in address:
        assert answer.status_code == 400
        assert "aucun fichier" in answer.content.decode() or "geen bestand" in answer.content.decode()


def test_the_refusal_comes_before_the_body_is_read():
    request = sent_to("/fr/compte/connexion/", 5_000_000)
    with pytest.raises(NoUploadHere):
        request.POST.get("login")
    assert len(request.read()) > 4_000_000


# From whom


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["nobody", "a forged ticket", "a ticket behind the file"])
def test_what_nobody_answers_for_is_not_written(written, who):
    ticket = {"a forged ticket": "abc:def", "a ticket behind the file": ""}.get(who, "")
    request = sent_to(ADD, 70_000, 70_000, ticket=ticket)

    assert told(request.FILES.getlist("uploads")) == [STRANGER, STRANGER]
    assert not written


@pytest.mark.django_db
def test_a_ticket_before_the_file_answers_for_it(written):
    request = sent_to(ADD, 70_000, ticket=ticket_for(member()))

    assert told(request.FILES.getlist("uploads")) == [None]
    assert written


@pytest.mark.django_db
def test_the_admin_takes_files_of_those_who_work_in_it(written):
    address = reverse("wagtailimages:add")
    some = [sent_to(address, 70_000, user=person) for person in (None, member(), editor())]

    assert [told(request.FILES.getlist("uploads")) for request in some] == [[STRANGER], [STRANGER], [None]]
    assert len(written) == 1


# In forms of others, which know nothing of refusals


def looked_into(answer) -> str:
    """The words of an answer, or of the piece of page in its JSON."""
    content = (
        " ".join(map(str, answer.json().values())) if "json" in answer["Content-Type"] else answer.content.decode()
    )
    return unescape(content).replace("\xa0", " ")


FORMS = {
    "sheetimport:add": {"kind": "trial", "content": "liste.xlsx"},
    "wagtailimages:add": {"title": "Une image", "collection": "1", "file": "image.png"},
    "wagtailimages:add_multiple": {"files[]": "image.png"},
    "wagtailimages_chooser:create": {
        "image-chooser-upload-title": "Une image",
        "image-chooser-upload-file": "image.png",
    },
}
SENTENCES = {
    "fr": "Il n’y a plus de place pour des documents en ce moment",
    "nl": "Er is op dit moment geen plaats voor documenten",
}


@pytest.mark.django_db
@pytest.mark.parametrize("language", SENTENCES)
@pytest.mark.parametrize("name", FORMS)
def test_a_picture_or_a_sheet_that_was_not_kept_says_why_as_a_document_does(client, settings, name, language):
    log_in(client, editor(language=language))
    settings.CLOCK_DISK_FREE_BYTES = 1 << 60
    values = {
        field: SimpleUploadedFile(value, b"x" * 500) if "." in value else value for field, value in FORMS[name].items()
    }

    answer = client.post(
        reverse(name), values, headers={"X-Requested-With": "XMLHttpRequest"} if "multiple" in name else {}
    )

    assert SENTENCES[language] in looked_into(answer)
    assert "corrompu" not in looked_into(answer) and "beschadigd" not in looked_into(answer)


@pytest.mark.django_db
@pytest.mark.parametrize("language", SENTENCES)
def test_where_no_form_stands_in_between_a_page_says_why_a_file_was_not_kept(client, settings, language):
    settings.CLOCK_DISK_FREE_BYTES = 1 << 60
    home = Page.objects.filter(depth=2).first()
    target = Locale.objects.get_or_create(language_code="nl")[0]
    source, _made = TranslationSource.get_or_create_from_instance(home)
    translation = Translation.objects.create(source=source, target_locale=target)
    log_in(client, editor(language=language))

    answer = client.post(
        reverse("wagtail_localize:upload_pofile", args=[translation.pk]),
        {"file": SimpleUploadedFile("a.po", b"x" * 500)},
    )

    assert answer.status_code == 400
    assert SENTENCES[language] in looked_into(answer)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/fr/compte/connexion/", "Le fichier n’a pas été gardé"),
        ("/nl/account/aanmelden/", "Het bestand is niet bewaard"),
    ],
)
def test_an_address_that_takes_no_file_says_so_on_a_page_of_the_site(client, address, said):
    answer = client.post(address, {"login": "a", "file": SimpleUploadedFile("x.bin", b"x" * 500)})

    assert f"<h1>{said}</h1>" in looked_into(answer)
    assert answer["Cache-Control"] == "no-store"
    assert client.post(address, {"file": SimpleUploadedFile("x.bin", b"x")}, headers={"Accept": "application/json"})[
        "Content-Type"
    ].startswith("text/plain")


# How much


@pytest.mark.django_db
def test_nothing_is_taken_below_the_free_space_that_health_watches(written, settings):
    settings.CLOCK_DISK_FREE_BYTES = 1 << 60
    request = sent_to(ADD, 70_000, user=member())

    (upload,) = request.FILES.getlist("uploads")

    assert upload.refusal == FULL and not written
    assert request.POST["title"] == "Un titre"
    assert "place" in UploadsField(required=False).clean([upload]).refused[0].sentence


@pytest.mark.django_db
@pytest.mark.parametrize("language", CODES)
def test_what_one_person_parks_is_limited_and_the_sentence_says_what_is_left(settings, language):
    settings.FILES_PERSON_MAX_BYTES = 300_000
    person = member()
    keep(ContentFile(b"x" * 200_000), "un.pdf", whose=f".{person.pk}")
    keep(ContentFile(b"x" * 200_000), "un.pdf", whose=f".{person.pk}9")  # somebody else's

    uploads = sent_to(ADD, 90_000, 90_000, user=person).FILES.getlist("uploads")

    assert told(uploads) == [None, QUOTA]
    with override(language):
        said = UploadsField(required=False).clean(uploads).refused[0].sentence
    assert {"fr": "97,7 ko", "nl": "97,7 kB", "en": "97.7 KB"}[language].replace(" ", "\xa0") in said


@pytest.mark.django_db
def test_drafts_count_in_what_a_person_parks_and_what_was_accepted_does_not(settings):
    settings.FILES_PERSON_MAX_BYTES = 300_000
    person = member()
    for state in ("draft", "accepted"):
        file = make.file(make.reference(state, state=state, created_by=person), "Texte")
        file.stored_file.versions.update(created_by=person, size_bytes=250_000)

    assert left_for(person.pk, has_session=True) == 50_000


@pytest.mark.django_db
def test_a_ticket_without_a_session_parks_one_form_at_most(settings):
    settings.FILES_REQUEST_MAX_BYTES = 250_000
    person = member()
    keep(ContentFile(b"x" * 200_000), "un.pdf", whose=f".{person.pk}")

    assert left_for(person.pk, has_session=False) == 50_000
    assert told(sent_to(ADD, 70_000, ticket=ticket_for(person)).FILES.getlist("uploads")) == [QUOTA]
