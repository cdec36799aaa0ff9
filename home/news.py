"""New articles for the newsletter, as `kb.pages.news` wants them: pages with a date that everyone may see, all
translations of one told as one.

An article became public when the first of its translations did; it is called by its source page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from home.indexing import CODE, number_of
from home.models import ContentPage
from kb.languages import CODES
from kb.pages.addressing.addresses import under
from kb.pages.news import News
from kb.pages.texts import Texts


class ArticleNews:
    """The heading "Articles"."""

    code = "home.articles"

    def label(self) -> str:
        return _("Articles")

    def page_url(self) -> str:
        """Articles stand each on its own page; no page lists them all."""
        return ""

    def count(self, start: datetime | None, end: datetime) -> int:
        """One query."""
        return _born(start, end).count()

    def newest(self, start: datetime | None, end: datetime, limit: int) -> Sequence[News]:
        """Two queries."""
        born = (
            _born(start, end)
            .order_by("-first_public_at", "-pk")
            .values_list("translation_key", "first_public_at")[:limit]
        )
        moments = dict(born)
        told = {key: _news(pages, moments[key]) for key, pages in _groups(moments).items()}
        return [news for key in moments if (news := told.get(key)) is not None]

    def subjects(self, start: datetime | None, end: datetime, limit: int) -> Sequence[str]:
        """Two queries. Articles are published one by one, so that there are few."""
        return [news.subject for news in self.newest(start, end, limit)]

    def public(self, subjects: Sequence[str]) -> Mapping[str, News]:
        """Two queries; none when no subject is a page.

        Also pages that are no articles, and by the subject of any translation.
        """
        wanted = {pk: subject for subject in subjects if (pk := number_of(subject)) and subject == f"{CODE}:{pk}"}
        keys = dict(ContentPage.objects.filter(pk__in=wanted).values_list("pk", "translation_key")) if wanted else {}
        groups = _groups(set(keys.values())) if keys else {}
        found = {}
        for pk, key in keys.items():
            news = _news(groups.get(key, ()), None)
            if news is not None:
                found[wanted[pk]] = news
        return found


def _born(start: datetime | None, end: datetime):
    """Of each article that became public then and still is, the page by which it did."""
    group = ContentPage.objects.filter(translation_key=OuterRef("translation_key")).order_by()
    before = Q(first_public_at__lt=OuterRef("first_public_at")) | Q(
        first_public_at=OuterRef("first_public_at"), pk__lt=OuterRef("pk")
    )
    since = {} if start is None else {"first_public_at__gt": start}
    then = ContentPage.objects.filter(first_public_at__lte=end, **since)
    return then.filter(~Exists(group.filter(before)), Exists(group.filter(date__isnull=False).public()))


def _groups(keys: Iterable[UUID]) -> dict[UUID, list[ContentPage]]:
    """All translations of these pages, eldest first. One query."""
    groups: dict[UUID, list[ContentPage]] = {key: [] for key in keys}
    pages = ContentPage.objects.filter(translation_key__in=groups).select_related("locale").defer("body").order_by("pk")
    for page in pages:
        groups[page.translation_key].append(page)
    return groups


def _news(pages: Sequence[ContentPage], moment: datetime | None) -> News | None:
    """What everyone may read of these translations of one page; None when that is nothing."""
    public = [page for page in pages if page.is_public() and page.get_url()]
    if not public:
        return None
    source, first = pages[0], public[0]
    original = source.locale.language_code
    written = {page.locale.language_code: page for page in reversed(public)}
    urls = {code: written[code].get_url() if code in written else under(code, first.get_url()) for code in CODES}
    return News(
        subject=f"{CODE}:{source.pk}",
        titles=_words({code: page.title for code, page in written.items()}, source.title, original),
        texts=_words({code: page.intro for code, page in written.items()}, source.intro, original),
        urls=urls,
        public_since=moment or _moment(pages),
    )


def _moment(pages: Sequence[ContentPage]) -> datetime:
    """When the first of them became public."""
    known = [page.first_public_at for page in pages if page.first_public_at]
    return min(known) if known else pages[0].latest_revision_created_at or timezone.now()


def _words(written: Mapping[str, str], of_source: str, original: str) -> Texts:
    """Words by language; what was not translated yet still is the source's, and is told in the source's language only.

    Words of a source that is not public are told only where a public translation still says them.
    """
    found = {code: text for code, text in written.items() if text and (code == original or text != of_source)}
    if not found and of_source in written.values() and of_source:
        found = {original: of_source}
    return Texts({**found, "source": original if original in found else next(iter(found))} if found else {})
