"""What pages and articles look like to the search: one entry a page and language, found while the page is live.

A page's words are those of its body; pieces not translated yet are left out, so that French words do not make a Dutch page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from wagtail_localize.segments.extract import StreamFieldSegmentExtractor
from wagtail_localize.segments.types import StringSegmentValue

from home.models import ContentPage
from kb.accounts.audiences import may_see
from search.entries import Entry, LanguageSpan, Section, Title
from search.registry import Card, Opened

CODE = "home.page"
ANCHOR = ""


def number_of(key: str) -> int:
    """The page's id in a subject ("home.page:17") or a key ("home.page:17/"); 0 for what is neither."""
    digits = key.partition(":")[2].partition("/")[0]
    return int(digits) if digits.isdigit() else 0


def words_of(page: ContentPage) -> list[str]:
    """The pieces of words of a page, in order: introduction, then its body's texts, captions and cells."""
    segments = StreamFieldSegmentExtractor(page._meta.get_field("body")).handle_stream_block(page.body)
    strings = [
        segment.string.get_translatable_html() if hasattr(segment.string, "get_translatable_html") else segment.string.data
        for segment in segments
        if isinstance(segment, StringSegmentValue)
    ]
    return [page.intro, *strings]


class PageKind:
    """Pages and articles of the site, as the search registry wants them."""

    code = CODE

    def label(self) -> str:
        return _("Pages and articles")

    def subjects(self) -> Iterator[str]:
        for pk in ContentPage.objects.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=500):
            yield f"{CODE}:{pk}"

    def entries(self, subjects: Sequence[str]) -> Iterator[tuple[str, Sequence[Entry]]]:
        """Three queries a call: the pages, their locales, their originals."""
        pages = self._live(subjects)
        originals = self._originals(pages.values())
        for subject in subjects:
            page = pages.get(number_of(subject))
            yield subject, [] if page is None else [self._entry(page, originals.get(page.translation_key))]

    def open_to(self, subjects: Sequence[str]) -> dict[str, Opened]:
        """One query; the pages are held until the transaction ends."""
        live = ContentPage.objects.live().filter(pk__in=[number_of(subject) for subject in subjects]).order_by("pk").select_for_update()
        return {f"{CODE}:{pk}": {"": frozenset(audiences)} for pk, audiences in live.values_list("pk", "audiences")}

    def cards(self, keys: Sequence[str], *, audiences: frozenset[str], language: str) -> dict[str, Card]:
        pages = self._live(keys)
        cards = {}
        for key in keys:
            page = pages.get(number_of(key))
            if page is None or not may_see(audiences, page.audiences):
                continue
            code = page.locale.language_code
            meta = date_format(page.date, "DATE_FORMAT") if page.date else ""
            cards[key] = Card(key.partition("/")[0], page.title, code, page.get_url() or "", meta, (code,))
        return cards

    def sections(self, anchors: Mapping[str, Sequence[str]], *, audiences: frozenset[str]) -> dict[tuple[str, str], Section]:
        pages = self._live(list(anchors))
        originals = self._originals(pages.values())
        found = {}
        for key, wanted in anchors.items():
            page = pages.get(number_of(key))
            if page is not None and ANCHOR in wanted and may_see(audiences, page.audiences):
                found[key, ANCHOR] = self._section(page, originals.get(page.translation_key))
        return found

    def section_url(self, key: str, anchor: str, query_text: str) -> str:
        page = self._live([key]).get(number_of(key))
        return (page.get_url() or "") if page else ""

    def _live(self, keys: Sequence[str]) -> dict[int, ContentPage]:
        pages = ContentPage.objects.live().filter(pk__in=[number_of(key) for key in keys]).select_related("locale")
        return {page.pk: page for page in pages}

    def _originals(self, pages) -> dict[object, ContentPage]:
        """The eldest page of each translation group."""
        eldest: dict[object, ContentPage] = {}
        group = ContentPage.objects.filter(translation_key__in={page.translation_key for page in pages}).select_related("locale").order_by("pk")
        for page in group:
            eldest.setdefault(page.translation_key, page)
        return eldest

    def _entry(self, page: ContentPage, original: ContentPage | None) -> Entry:
        code = page.locale.language_code
        return Entry(
            subject=f"{CODE}:{page.pk}",
            kind=CODE,
            url=page.get_url() or "",
            titles=(Title(code, page.title),),
            audiences=frozenset(page.audiences),
            languages=(code,),
            type="article" if page.date else "page",
            year=page.date.year if page.date else None,
            published=timezone.localdate(page.first_published_at) if page.first_published_at else None,
            keywords=(page.search_description,) if page.search_description else (),
            sections=(self._section(page, original),),
        )

    def _section(self, page: ContentPage, original: ContentPage | None) -> Section:
        pieces = [piece for piece in words_of(page) if piece]
        if original is not None and original.pk != page.pk:
            untranslated = set(words_of(original))
            pieces = [piece for piece in pieces if piece not in untranslated]
        text = "\n".join(pieces)
        return Section(ANCHOR, 0, "", text, (LanguageSpan(0, len(text), page.locale.language_code),))
