"""Every block that a body can hold, filled and empty, on a published page; and every template of the site compiles."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.files.base import ContentFile
from django.template.loader import get_template
from PIL import Image as Drawn
from wagtail.fields import StreamField
from wagtail.images import get_image_model

from home.models import ContentPage, HomePage
from kb.accounts.audiences import PUBLIC
from kb.pages.blocks import BodyBlock
from tests.home import builders

TEMPLATES = Path(settings.BASE_DIR) / "templates"
COLUMNS = [{"type": "words", "heading": "Groupe"}, {"type": "number", "heading": "Participants"}]

FILLED = {
    "text": "<h2>Un titre</h2><p>Des mots.</p>",
    "image": {"image": {"image": "PICTURE", "decorative": False, "alt_text": "Une maison"}, "caption": "La maison"},
    "quotation": {"text": "Tout commence ici.", "source": "Le rapport"},
    "table": {"caption": "Les groupes", "columns": COLUMNS, "rows": [{"values": ["Logement", 13]}]},
    "reference": {"mark": "PA 2012/147", "note": "À lire"},
    "callout": {"title": "À savoir", "text": "<p>Ouvert le lundi.</p>"},
}
# What older pages, imports and deleted pictures leave behind.
EMPTY = {
    "text": [""],
    "image": [
        {"image": {"image": None, "decorative": True, "alt_text": ""}, "caption": ""},
        {"image": None, "caption": "Seule"},
        {},
    ],
    "quotation": [{"text": "", "source": ""}, {}],
    "table": [{"caption": "", "columns": [], "rows": []}, {"columns": COLUMNS, "rows": [{"values": ["", None]}]}],
    "reference": [{"mark": "", "note": ""}, {}],
    "callout": [{"title": "", "text": ""}, {}],
}


def stream_fields() -> list[StreamField]:
    return [
        field for model in apps.get_models() for field in model._meta.get_fields() if isinstance(field, StreamField)
    ]


def test_every_stream_of_the_site_is_the_body_that_is_tried_here():
    assert {field.model for field in stream_fields() if field.model.__module__.startswith(("kb.", "home."))} == {
        HomePage,
        ContentPage,
    }
    assert all(
        isinstance(field.stream_block, BodyBlock)
        for field in (model._meta.get_field("body") for model in (HomePage, ContentPage))
    )
    assert set(FILLED) == set(EMPTY) == set(BodyBlock().child_blocks)


@pytest.fixture
def picture():
    drawn = BytesIO()
    Drawn.new("RGB", (1200, 40), "#8E1538").save(drawn, "PNG")
    return get_image_model().objects.create(title="Maison", file=ContentFile(drawn.getvalue(), name="maison.png"))


def published(name: str, values: list) -> ContentPage:
    field = ContentPage._meta.get_field("body")
    body = field.stream_block.to_python([{"type": name, "value": value} for value in values])
    return builders.page("Un article", slug="un-article", audiences=[PUBLIC], body=body)


def shown(client, page: ContentPage) -> str:
    answer = client.get(page.url)
    assert answer.status_code == 200
    return answer.content.decode().partition("<main")[2].partition("</main>")[0]


@pytest.mark.django_db
@pytest.mark.parametrize("name", FILLED)
def test_a_published_page_shows_every_block_to_everyone(client, picture, name):
    value = FILLED[name]
    if name == "image":
        value = {**value, "image": {**value["image"], "image": picture.pk}}

    html = shown(client, published(name, [value]))

    words = {
        "text": "Des mots.",
        "image": 'alt="Une maison"',
        "quotation": "Tout commence ici.",
        "table": "Logement",
        "callout": "À savoir",
    }
    assert words.get(name, "") in html
    if name == "image":
        assert 'loading="lazy"' in html and "La maison" in html


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in EMPTY.items() for value in values])
def test_a_published_page_with_an_empty_block_is_shown_to_everyone(client, name, value):
    html = shown(client, published(name, [value]))

    assert "None" not in html
    assert 'src=""' not in html


@pytest.mark.django_db
def test_a_picture_deleted_since_leaves_the_page_and_its_words(client, picture):
    page = published("image", [{**FILLED["image"], "image": {**FILLED["image"]["image"], "image": picture.pk}}])
    picture.delete()

    assert "<img" not in shown(client, page)


@pytest.mark.parametrize("name", sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.*")))
def test_every_template_compiles(name):
    """A tag with arguments it does not take is refused here, before a reader meets it."""
    get_template(name)
