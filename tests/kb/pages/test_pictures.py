"""Pictures of articles go out to the readers of a page that shows them, and to nobody else."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.core.files.base import ContentFile
from PIL import Image as Drawn
from wagtail.images import get_image_model

from kb.accounts.audiences import MEMBERS, PUBLIC
from kb.groups.models import Body
from tests.home import builders
from tests.kb.accounts.builders import editor, log_in, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def image():
    drawn = BytesIO()
    Drawn.new("RGB", (60, 40), "#8E1538").save(drawn, "PNG")
    return get_image_model().objects.create(title="Maison", file=ContentFile(drawn.getvalue(), name="maison.png"))


def shown_on(image, *, audiences, live=True):
    body = [("image", {"image": image, "caption": ""})]
    return builders.page("Un article", slug="un-article", audiences=audiences, body=body, live=live)


def addresses(image) -> list[str]:
    return [f"/media/{image.file.name}", f"/media/{image.get_rendition('width-20').file.name}"]


def answers(client, image) -> set[int]:
    return {client.get(address).status_code for address in addresses(image)}


def test_a_picture_of_a_public_page_is_there_for_everyone(client, image):
    shown_on(image, audiences=[PUBLIC])

    answer = client.get(addresses(image)[0])

    assert answers(client, image) == {200}
    assert (answer["Content-Type"], answer["X-Content-Type-Options"], answer["Cache-Control"]) == (
        "image/png",
        "nosniff",
        "public, no-cache",
    )
    assert client.get(addresses(image)[0], headers={"If-None-Match": answer["ETag"]}).status_code == 304


@pytest.mark.parametrize(
    ("audiences", "live"),
    [([MEMBERS], True), (["body:LOG"], True), ([PUBLIC], False)],
    ids=["members", "a group", "a draft"],
)
def test_a_picture_of_a_closed_page_is_not_there(client, image, audiences, live):
    Body.objects.create(code="LOG", name={"fr": "GT Logement"})
    shown_on(image, audiences=audiences, live=live)

    assert answers(client, image) == {404}
    client.force_login(member(), backend="allauth.account.auth_backends.AuthenticationBackend")
    assert answers(client, image) == {404}


def test_a_picture_that_no_page_shows_is_there_for_editors_alone(client, image):
    assert answers(client, image) == {404}

    log_in(client, editor())

    assert answers(client, image) == {200}


@pytest.mark.parametrize(
    "name", ["original_images/no.png", "../db.sqlite3", "%2e%2e/db.sqlite3", "images/../../db.sqlite3"]
)
def test_other_names_give_nothing(client, name):
    assert client.get(f"/media/{name}").status_code == 404
