"""Lists of the admin that stay quick with a hundred thousand rows: counting stops at a ceiling.

Nobody turns ten thousand pages; whoever has so many rows filters or searches. The rows that somebody ticked come as
numbers in the request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from wagtail.admin.paginator import WagtailPaginator

CEILING = 5_000
LONGEST = 15  # digits of a number of a row: every database holds them


def number_of(text: str) -> int | None:
    """The number of a row as a request gives it; None for what cannot be one ("²" is a digit and no number)."""
    return int(text) if text.isdecimal() and len(text) <= LONGEST else None


def numbers_of(texts: Iterable[str]) -> list[int]:
    """Those of these texts that can be numbers of rows."""
    return [number for text in texts if (number := number_of(text)) is not None]


class TickedRowsMiddleware:
    """Wagtail takes the numbers of an action on many rows as they come, and fails on what is none:
    such a row is not there (404).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, _view: Any, _args: Any, _named: Any) -> None:
        match = request.resolver_match
        if match is not None and match.view_name == "wagtail_bulk_action":
            numbers = [*(one for one in request.GET.getlist("id") if one != "all"), *request.GET.getlist("childOf")]
            if any(number_of(one) is None for one in numbers):
                raise Http404("no such row")


class CappedPaginator(WagtailPaginator):
    """Counts no further than CEILING rows; beyond, it says "more than"."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        if not hasattr(rows, "query"):
            return len(rows)
        return rows.order_by()[: CEILING + 1].count()

    @cached_property
    def items_count_label(self) -> str:
        if self.count > CEILING:
            return _("more than %(count)s %(things)s") % {"count": CEILING, "things": self.verbose_name_plural}
        return super().items_count_label
