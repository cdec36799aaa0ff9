"""What pages and articles look like to the search: one entry a page and language, found while the page is live.

A page's words are those of its body; pieces not translated yet are left out, so that French words do not make a Dutch
page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from uuid import UUID

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from wagtail_localize.segments.extract import StreamFieldSegmentExtractor
from wagtail_localize.segments.types import StringSegmentValue

from home.models import ContentPage
from kb.backoffice.counting import number_of as number_of_row
from search.entries import Entry, LanguageSpan, Section, Title
from search.registry import Card, Found, FoundSection, Opened

CODE = "home.page"
ANCHOR = ""


def number_of(key: str) -> int:
    """The page's id in a subject ("home.page:17") or a key ("home.page:17/"); 0 for what is neither."""
    digits = key.partition(":")[2].partition("/")[0]
    return number_of_row(digits) or 0


def words_of(page: ContentPage) -> list[str]:
    """The pieces of words of a page, in order: introduction, then its body's texts, captions and cells."""
    segments = StreamFieldSegmentExtractor(page._meta.get_field("body")).handle_stream_block(page.body)
    strings = [
        segment.string.get_translatable_html()
        if hasattr(segment.string, "get_translatable_html")
        else segment.string.data
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
        """One query per call: the pages with their locales, and their originals."""
        pages, originals = self._live_with_originals(subjects)
        for subject in subjects:
            page = pages.get(number_of(subject))
            yield subject, [] if page is None else [self._entry(page, originals.get(page.translation_key))]

    def open_to(self, subjects: Sequence[str]) -> dict[str, Opened]:
        """One query; the pages are held until the transaction ends."""
        live = (
            ContentPage.objects.live()
            .filter(pk__in=[number_of(subject) for subject in subjects])
            .order_by("pk")
            .select_for_update()
        )
        return {f"{CODE}:{page.pk}": {"": page.effective_audiences} for page in live.only(*ContentPage.rights)}

    def found(
        self, anchors: Mapping[str, Sequence[str]], *, audiences: frozenset[str], language: str, query_text: str = ""
    ) -> dict[str, Found]:
        """One query."""
        pages, originals = self._live_with_originals(anchors)
        found = {}
        for key in anchors:
            page = pages.get(number_of(key))
            if page is None or not page.is_for(audiences):
                continue
            code, url = page.locale.language_code, page.get_url() or ""
            card = Card(
                key.partition("/")[0],
                page.title,
                code,
                url,
                date_format(page.date, "DATE_FORMAT") if page.date else "",
                (code,),
            )
            wanted = ANCHOR in anchors[key]
            sections = (
                {ANCHOR: FoundSection(self._section(page, originals.get(page.translation_key)), url)} if wanted else {}
            )
            found[key] = Found(card, sections)
        return found

    def _live_with_originals(self, keys: Iterable[str]) -> tuple[dict[int, ContentPage], dict[UUID, ContentPage]]:
        """The live pages by id, and the eldest page of each of their translation groups, live or not, by its key."""
        wanted = {number_of(key) for key in keys}
        groups = ContentPage.objects.filter(pk__in=wanted, live=True).values("translation_key")
        live: dict[int, ContentPage] = {}
        eldest: dict[UUID, ContentPage] = {}
        for page in ContentPage.objects.filter(translation_key__in=groups).select_related("locale").order_by("pk"):
            eldest.setdefault(page.translation_key, page)
            if page.live and page.pk in wanted:
                live[page.pk] = page
        return live, eldest

    def _entry(self, page: ContentPage, original: ContentPage | None) -> Entry:
        code = page.locale.language_code
        return Entry(
            subject=f"{CODE}:{page.pk}",
            kind=CODE,
            url=page.get_url() or "",
            titles=(Title(code, page.title),),
            audiences=page.effective_audiences,
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
