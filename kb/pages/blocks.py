"""The blocks a page's body is made of; their templates are in `templates/blocks/`.

wagtail-localize takes the words of text, quotation, image and call-out by itself; tables and reference links say below
which of their parts are words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.contrib.typed_table_block.blocks import TypedTable, TypedTableBlock
from wagtail.images.blocks import ImageBlock
from wagtail_localize.segments import OverridableSegmentValue, StringSegmentValue

from kb.accounts.audiences import PUBLIC, STAFF, audiences_of
from kb.languages import current_language
from kb.pages import references
from kb.pages.linking import without_closed_links
from kb.pages.models import BasePage
from kb.pages.references import FoundReference
from kb.pages.translations.originals import marked_rich_text

RICH_TEXT = ["h2", "h3", "bold", "italic", "ol", "ul", "link"]
SHORT_RICH_TEXT = ["bold", "italic", "ol", "ul", "link"]


def _audiences(context: Mapping | None) -> frozenset[str]:
    """Those of whoever a block is shown to; everyone's outside a request."""
    request = (context or {}).get("request")
    return audiences_of(request) if request is not None else frozenset({PUBLIC})


class TextBlock(blocks.RichTextBlock):
    """Running text with headings and lists; what is not translated yet carries the language of the original."""

    def __init__(self, **options) -> None:
        options.setdefault("features", RICH_TEXT)
        super().__init__(**options)

    def get_context(self, value, parent_context=None):
        context = super().get_context(value, parent_context=parent_context)
        source = without_closed_links(value.source, _audiences(parent_context))
        context["html"] = marked_rich_text(source, (parent_context or {}).get("originals"))
        return context

    class Meta:
        icon = "pilcrow"
        label = _("Text")
        template = "blocks/text.html"


class PictureBlock(blocks.StructBlock):
    image = ImageBlock(label=_("Picture"))
    caption = blocks.CharBlock(label=_("Caption"), required=False, max_length=300)

    class Meta:
        icon = "image"
        label = _("Picture")
        template = "blocks/image.html"


class QuotationBlock(blocks.StructBlock):
    text = blocks.TextBlock(label=_("Words quoted"))
    source = blocks.CharBlock(label=_("Who says so, and where"), required=False, max_length=300)

    class Meta:
        icon = "openquote"
        label = _("Quotation")
        template = "blocks/quotation.html"


class CallOutBlock(blocks.StructBlock):
    title = blocks.CharBlock(label=_("Title"), max_length=120)
    text = blocks.RichTextBlock(label=_("Text"), features=SHORT_RICH_TEXT)

    def get_context(self, value, parent_context=None):
        context = super().get_context(value, parent_context=parent_context)
        context["html"] = marked_rich_text(without_closed_links(value["text"].source, _audiences(parent_context)), None)
        return context

    class Meta:
        icon = "info-circle"
        label = _("Call-out")
        template = "blocks/callout.html"


class TableBlock(TypedTableBlock):
    """A table with words and numbers. Caption, headings and cells of words are translated; numbers are taken over."""

    def get_translatable_segments(self, value: TypedTable) -> list[StringSegmentValue]:
        segments = [StringSegmentValue("caption", value.caption or "")]
        segments += [
            StringSegmentValue(f"heading.{at}", column["heading"] or "") for at, column in enumerate(value.columns)
        ]
        for row_at, row in enumerate(value.row_data):
            for at, column in enumerate(value.columns):
                if column["block"].name == "words":
                    segments.append(StringSegmentValue(f"cell.{row_at}.{at}", row["values"][at] or ""))
        return [segment for segment in segments if not segment.is_empty()]

    def restore_translated_segments(self, value: TypedTable, segments: list[StringSegmentValue]) -> TypedTable:
        for segment in segments:
            part, *places = segment.path.split(".")
            text = segment.render_text()
            if part == "caption":
                value.caption = text
            elif part == "heading":
                value.columns[int(places[0])]["heading"] = text
            else:
                row_at, at = map(int, places)
                value.row_data[row_at]["values"][at] = text
        return value

    class Meta:
        icon = "table"
        label = _("Table")
        template = "blocks/table.html"


class MarkBlock(blocks.CharBlock):
    """A shelf mark as printed on the card; the same in every language."""

    def get_translatable_segments(self, value: str) -> list[OverridableSegmentValue]:
        return []

    def restore_translated_segments(self, value: str, segments: list) -> str:
        return value

    def clean(self, value):
        mark = " ".join((super().clean(value) or "").upper().split())
        if mark and not references.found([mark], audiences=frozenset({PUBLIC, STAFF}), language=current_language()):
            raise ValidationError(
                _("No reference has the shelf mark %(mark)s. Copy it from its card in the library.") % {"mark": mark}
            )
        return mark


class ReferenceBlock(blocks.StructBlock):
    """A link to a reference. A reader who may not see the reference sees nothing of it."""

    mark = MarkBlock(
        label=_("Shelf mark"), max_length=40, help_text=_("As printed on the card, for example PA 2012/147.")
    )
    note = blocks.CharBlock(label=_("Why to read it"), required=False, max_length=300)

    def get_context(self, value, parent_context=None):
        context = super().get_context(value, parent_context=parent_context)
        mark = value["mark"] or ""
        found = (
            references.found([mark], audiences=_audiences(parent_context), language=current_language()).get(mark)
            if mark
            else None
        )
        page = (parent_context or {}).get("page")
        agreed = page.agreed_record(mark) if found and isinstance(page, BasePage) else None
        context["reference"] = found if agreed is None else _as_agreed(found, agreed)
        return context

    class Meta:
        icon = "doc-full"
        label = _("Link to a reference")
        template = "blocks/reference.html"


def _as_agreed(found: FoundReference | None, agreed: Mapping[str, str]) -> FoundReference | None:
    """The reference in the words that were agreed to; None where there are none of it."""
    if found is None or not agreed:
        return None
    return replace(found, title=agreed["title"], language=agreed["language"], meta=agreed["meta"])


class BodyBlock(blocks.StreamBlock):
    """The body of every page of the site."""

    text = TextBlock()
    image = PictureBlock()
    quotation = QuotationBlock()
    table = TableBlock(
        [
            ("words", blocks.CharBlock(label=_("Words"), required=False)),
            ("number", blocks.FloatBlock(label=_("Number"), required=False)),
        ],
    )
    reference = ReferenceBlock()
    callout = CallOutBlock()

    class Meta:
        block_counts: dict[str, dict[str, int]] = {}
