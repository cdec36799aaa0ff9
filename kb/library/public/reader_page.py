"""A page as the reader opens it: its text and picture, the way to the next and previous hit and page, and what is said
when there is no text.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import Http404
from django.urls import reverse

from kb.files.models import FilePage
from kb.files.states import ShownState, shown_state
from kb.library.catalogue.access import Place
from kb.library.catalogue.naming import meta_line, page_label
from kb.library.public.reader_text import Found, PageHits, Text, asked_of_document, find, text_of
from search.opening import Finder
from search.query import parse


@dataclass(frozen=True, slots=True)
class HitPage:
    hits: PageHits
    url: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class Opened:
    """What the template of the reader shows; addresses are "" where there is nothing to go to.

    elsewhere: the hit asked for is on another page, go there. state: said when there is no text. hit from 1, 0 for none
    on this page.
    """

    number: int
    label: str
    count: int
    words: str
    found: Found
    pages: tuple[HitPage, ...]
    hit: int
    text: Text | None
    is_ocr: bool
    image_url: str
    awaits_image: bool
    open_url: str
    meta: str
    state: ShownState | None
    previous_hit_url: str = ""
    next_hit_url: str = ""
    previous_page_url: str = ""
    next_page_url: str = ""
    latest_url: str = ""
    search_url: str = ""
    elsewhere: str = ""

    @property
    def printed(self) -> str:
        """The page as it calls itself: "xii", or its number from 1; what the list of pages says too."""
        return self.label.removeprefix("p. ")


def reader_url(place: Place, page: int, *, words: str = "", hit: int = 0, version: int = 0) -> str:
    """The address of a page in the reader, with the question and the number of the hit to stand at."""
    address = reverse(
        "library:read",
        args=[place.whole.reference.mark_slug, place.attachment.file.number, version or place.version.number, page],
    )
    asked = {name: value for name, value in (("q", words), ("hit", hit)) if value}
    return f"{address}?{urlencode(asked)}{'#hit' if hit else ''}" if asked else address


def opened_page(
    place: Place, number: int, *, words: str, hit: str, finder: Finder | None, held: frozenset[str], language: str
) -> Opened:
    """Raises Http404 for a page that the version does not have. Three queries beside those that found the place."""
    version = place.version
    page = FilePage.objects.filter(version=version, number=number).first()
    if page is None and number != 1:
        raise Http404("no such page")
    query = asked_of_document(parse(words, language)) if words else None
    found = find(place, query, finder=finder, held=held) if query else Found(())
    here = found.on(number)
    wanted = int(hit) if hit.isdecimal() and len(hit) < 9 else 0
    goal = found.page_of(wanted) if wanted else None
    if not wanted or goal is None:
        wanted = here.first if here else 0
    at = wanted or found.before(number)
    count = max(version.page_count, 1)
    return Opened(
        number=number,
        label=page_label(number, page.label if page else "", is_paged=version.is_paged),
        count=count,
        words=words,
        found=found,
        pages=tuple(
            HitPage(one, reader_url(place, one.number, words=words, hit=one.first), one.number == number)
            for one in found.pages
        ),
        hit=wanted if here else 0,
        text=_text(page, query, here, wanted, place) if page else None,
        is_ocr=bool(page and page.is_ocr),
        image_url=_image_url(place, number) if page and page.image else "",
        awaits_image=bool(page and version.is_paged and not page.image and version.images_made < number),
        open_url=_open_url(place, number),
        meta=meta_line(place.whole.reference, place.whole.creators, version),
        state=shown_state(version) if page is None or not page.text.strip() else None,
        previous_hit_url=_hit_url(place, found, at - 1 if here else at, words),
        next_hit_url=_hit_url(place, found, at + 1, words),
        previous_page_url=reader_url(place, number - 1, words=words) if number > 1 else "",
        next_page_url=reader_url(place, number + 1, words=words) if number < count else "",
        latest_url=_latest_url(place, words),
        search_url=reader_url(place, number),
        elsewhere=reader_url(place, goal.number, words=words, hit=wanted) if goal and goal.number != number else "",
    )


def _text(page: FilePage, query, here: PageHits | None, wanted: int, place: Place) -> Text:
    return text_of(page, query, current=wanted - here.first + 1 if here else 0, default=place.whole.reference.language)


def _hit_url(place: Place, found: Found, hit: int, words: str) -> str:
    page = found.page_of(hit)
    return reader_url(place, page.number, words=words, hit=hit) if page else ""


def _image_url(place: Place, number: int) -> str:
    return reverse(
        "library:page_image",
        args=[place.whole.reference.mark_slug, place.attachment.file.number, place.version.number, number],
    )


def _open_url(place: Place, number: int) -> str:
    address = reverse(
        "library:file", args=[place.whole.reference.mark_slug, place.attachment.file.number, place.version.number]
    )
    return f"{address}#page={number}" if place.version.is_paged else address


def _latest_url(place: Place, words: str) -> str:
    if place.is_latest or place.attachment.latest is None:
        return ""
    return reader_url(place, 1, words=words, version=place.attachment.latest.number)
