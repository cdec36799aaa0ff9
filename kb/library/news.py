"""New references for the newsletter: accepted notices that everyone may see, as `kb.pages.news` wants them.

Files and their titles are not told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from kb.languages import CODES
from kb.library.catalogue.gathering import reference_id_of
from kb.library.catalogue.naming import meta_line
from kb.library.models import Creator, Reference
from kb.library.models.references import KIND
from kb.pages.news import News
from kb.pages.texts import Texts


class ReferenceNews:
    """The heading "In the library"."""

    code = "library.references"

    def label(self) -> str:
        return _("In the library")

    def page_url(self) -> str:
        """All references, the latest first."""
        return f"{reverse('search:results')}?{urlencode({'where': KIND, 'sort': 'date'})}"

    def count(self, start: datetime | None, end: datetime) -> int:
        """One query."""
        return _between(start, end).count()

    def newest(self, start: datetime | None, end: datetime, limit: int) -> Sequence[News]:
        """Two queries at most."""
        return _told(_newest(start, end)[:limit])

    def subjects(self, start: datetime | None, end: datetime, limit: int) -> Sequence[str]:
        """One query."""
        return [Reference.subject_of(pk) for pk in _newest(start, end).values_list("pk", flat=True)[:limit]]

    def public(self, subjects: Sequence[str]) -> Mapping[str, News]:
        """Two queries at most; none when no subject is a reference."""
        ids = {
            pk
            for subject in subjects
            if (pk := reference_id_of(subject)) is not None and subject == Reference.subject_of(pk)
        }
        return {news.subject: news for news in _told(Reference.objects.public().filter(pk__in=ids))} if ids else {}


def _between(start: datetime | None, end: datetime) -> QuerySet[Reference]:
    since = {} if start is None else {"first_public_at__gt": start}
    return Reference.objects.public().filter(first_public_at__lte=end, **since)


def _newest(start: datetime | None, end: datetime) -> QuerySet[Reference]:
    return _between(start, end).order_by("-first_public_at", "-pk")


def _told(references: QuerySet[Reference]) -> list[News]:
    """One query, one more where a reference has no summary and is told by a line of its makers."""
    found = list(references.select_related("body"))
    creators: dict[int, list[Creator]] = {reference.pk: [] for reference in found if not _has_summary(reference)}
    for creator in (
        Creator.objects.filter(reference__in=creators).order_by("reference_id", "sort_order", "pk") if creators else ()
    ):
        creators[creator.reference_id].append(creator)
    return [_news(reference, creators.get(reference.pk, ())) for reference in found]


def _has_summary(reference: Reference) -> bool:
    return any(reference.abstract.get(code) for code in CODES)


def _news(reference: Reference, creators: Sequence[Creator]) -> News:
    urls, texts = {}, dict(reference.abstract)
    if not _has_summary(reference):
        texts = {"source": reference.language}
    for language in CODES:
        with override(language):
            urls[language] = reverse("library:reference", args=[reference.mark_slug])
            if not _has_summary(reference):
                texts[language] = meta_line(reference, creators, None)
    return News(
        subject=Reference.subject_of(reference.pk),
        titles=reference.all_titles(),
        texts=Texts(texts),
        urls=urls,
        public_since=reference.first_public_at or reference.created_at,
    )
