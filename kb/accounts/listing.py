"""Lists of the admin that stay quick with a hundred thousand rows: counting stops at a ceiling.

Nobody turns ten thousand pages; whoever has so many rows filters or searches.
"""

from __future__ import annotations

from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from wagtail.admin.paginator import WagtailPaginator

CEILING = 5_000


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
