"""The values of a page as its readers see them: the words of its fields, its blocks one after the other, which pictures
it shows. The rows of a manifest are made of them, and a vote shows them.

Words drawn from a record, the title and the line of a reference that is linked to, are those of the moment in which it
was asked about: the page shows them until the next agreement (`ContentPage.agreed_record`), whatever the record says.
What lives on is outside: whether a reader may see that reference, where a page that is linked to stands now, pages
below, the day of the last review.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from django.core.cache import cache
from django.utils.translation import override
from wagtail.images import get_image_model
from wagtail.images.models import AbstractImage
from wagtail.rich_text import RichText

from home.models import KIND, ContentPage
from kb.accounts.audiences import PUBLIC
from kb.pages import references
from kb.pages.agreements import Shown

PICTURE = "home.picture"
_DAY = 24 * 3600  # seconds
_KEY = re.compile(r' data-block-key="[^"]*"')
# {(language, shelf mark): the words of that reference, {} for one that not everyone saw}
Drawn = Mapping[tuple[str, str], Mapping[str, str]]
WORDS = ("title", "seo_title", "search_description", "slug", "intro", "place")


def rows_of(pages: Collection[ContentPage], *, drawn: Drawn | None = None) -> tuple[Shown, ...]:
    """A row for each page, a row for each picture that they show. One query, and one for each picture.

    drawn: the words of records as an agreement has them, None: as everyone sees them now.
    """
    told = [Shown(f"{KIND}:{page.pk}", page.locale.language_code, page.title, values_of(page, drawn)) for page in pages]
    return (*told, *_picture_rows(pictures_in(told)))


def values_of(page: ContentPage, drawn: Drawn | None = None) -> dict[str, Any]:
    """Its words and its blocks as JSON. One query for the pictures, one for each reference where nothing is drawn."""
    words = {name: getattr(page, name) for name in WORDS}
    day = page.date.isoformat() if page.date else ""
    blocks = [
        {"number": number, "type": block.block_type, **_BLOCKS[block.block_type](block.value)}
        for number, block in enumerate(page.body, 1)
    ]
    for told in blocks:
        if told["type"] == "reference":
            told["record"] = _record(page.locale.language_code, told["mark"], drawn)
    return {**words, "date": day, "by": page.own_production_id, "body": blocks}


def drawn_in(rows: Iterable[Shown]) -> Drawn:
    """The words of records in these rows."""
    return {
        (row.language, block["mark"]): block.get("record", {})
        for row in rows
        for block in row.values.get("body", ())
        if block["type"] == "reference"
    }


def _record(language: str, mark: str, drawn: Drawn | None) -> Mapping[str, str]:
    if drawn is not None:
        return drawn.get((language, mark), {})
    with override(language):
        found = references.found([mark], audiences=frozenset({PUBLIC}), language=language).get(mark) if mark else None
        return {"title": found.title, "language": found.language, "meta": found.meta} if found else {}


def pictures_in(rows: Iterable[Shown]) -> list[int]:
    """The ids of the pictures in these rows, each once, in the order of the blocks."""
    shown = (block["picture"] for row in rows for block in row.values.get("body", ()) if block.get("picture"))
    return list(dict.fromkeys(shown))


def sha256_of(image: AbstractImage) -> str:
    """Of its bytes, 64 hexadecimal digits; "" where they are gone. The file is read once a day at most: Wagtail knows
    by its own fingerprint whether it is another.
    """

    def read() -> str:
        with image.file.storage.open(image.file.name) as content:
            return hashlib.file_digest(content, "sha256").hexdigest()

    try:
        return cache.get_or_set(f"{PICTURE}:{image.pk}:{image.get_file_hash()}", read, _DAY) or ""
    except FileNotFoundError:
        return ""


def _picture_rows(ids: Collection[int]) -> Iterator[Shown]:
    images = get_image_model().objects.in_bulk(ids) if ids else {}
    for pk in ids:
        if image := images.get(pk):
            values = {"picture": pk, "sha256": sha256_of(image), "width": image.width, "height": image.height}
            yield Shown(f"{PICTURE}:{pk}", "", image.title, values)


def _picture(value: Mapping[str, Any]) -> dict[str, Any]:
    image = value["image"]
    if image is None:
        return {"picture": None, "alternative": "", "caption": value["caption"] or ""}
    alternative = "" if image.decorative else image.contextual_alt_text or ""
    return {"picture": image.pk, "alternative": alternative, "caption": value["caption"] or ""}


def _table(value: Any) -> dict[str, Any]:
    columns = [{"heading": one["heading"] or "", "kind": one["block"].name} for one in value.columns]
    return {"caption": value.caption or "", "columns": columns, "rows": [row["values"] for row in value.row_data]}


def _html(value: RichText | None) -> str:
    """As it is stored, without the keys by which the editor knows a paragraph again: no reader sees them."""
    return _KEY.sub("", value.source) if value else ""


_BLOCKS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "text": lambda value: {"html": _html(value)},
    "image": _picture,
    "quotation": lambda value: {"text": value["text"] or "", "source": value["source"] or ""},
    "table": _table,
    "reference": lambda value: {"mark": value["mark"] or "", "note": value["note"] or ""},
    "callout": lambda value: {"title": value["title"] or "", "html": _html(value["text"])},
}
