"""Taking away, by the clock, the pages that readings left which are no longer, or never became, the current one."""

from __future__ import annotations

from kb.files.models import FilePage, FileVersion

_BATCH = 500
_MOST = 50_000  # pages a run: the clock comes again


def remove_leftovers(*, most: int = _MOST) -> str:
    """Deletes pages of other readings than the current, some hundred a transaction; "" when there were none. Safe
    beside readings.

    Of a version that a task has claimed, the newest reading is under way: it is spared.
    """
    removed = 0
    for version in (
        FileVersion.objects.filter(has_leftovers=True)
        .order_by("pk")
        .only("claimed_by", "reading", "last_reading")
        .iterator()
    ):
        # Numbers only grow, and only a newer one than these ever becomes the current: what is chosen here stays a
        # leftover.
        newest = version.last_reading - bool(version.claimed_by)
        left = FilePage.of_all_readings.filter(version=version, reading__lte=newest).exclude(reading=version.reading)
        while removed < most and (
            batch := list(left.order_by().values_list("pk", flat=True)[: min(_BATCH, most - removed)])
        ):
            removed += FilePage.of_all_readings.filter(pk__in=batch).delete()[0]
        if removed >= most:
            break
        FileVersion.objects.filter(pk=version.pk, claimed_by="", last_reading=version.last_reading).update(
            has_leftovers=False
        )
    return f"{removed} pages of former readings deleted" if removed else ""
