"""Lines of a notice that are to be verified: marked where a notice was accepted as a program drafted it, taken off by
whoever looks at them.

What is doubtful is found in `drafting`; the box on the form is in `admin`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kb.backoffice.columns import column
from kb.library.choices import ReferenceState
from kb.library.models import LineToVerify, Reference

EVERY_NOTICE = ("title", "date_text", "creators", "language", "type")  # lines that are missed where nothing was found
_NAMES = {"creators": _("creators"), "concepts": _("concepts")}


def field_name(field: str):
    """How people call a line: "title", "language of the title"."""
    return _NAMES.get(field) or column(Reference, field).verbose_name


def mark(reference: Reference, doubts: Mapping[str, str]) -> None:
    """The lines of a saved reference that are to be verified, with why (codes of `Doubt`), in the place of those marked
    before.
    """
    with transaction.atomic():
        LineToVerify.objects.filter(reference=reference).exclude(field__in=doubts).delete()
        LineToVerify.objects.bulk_create(
            [LineToVerify(reference=reference, field=field, why=why) for field, why in doubts.items()],
            update_conflicts=True,
            unique_fields=["reference", "field"],
            update_fields=["why"],
        )


def verified(reference: Reference, fields: Iterable[str]) -> None:
    """Somebody looked at these lines, or wrote them anew: they are marked no more."""
    LineToVerify.objects.filter(reference=reference, field__in=list(fields)).delete()


def to_verify(field: str = ""):
    """The references of which a line, or this one, waits for an editor: those of the library, and drafts that an import
    brought and somebody held back, which are accepted by nobody else.
    """
    lines = LineToVerify.objects.filter(field=field) if field else LineToVerify.objects.all()
    held_back = Q(state=ReferenceState.DRAFT, contribution__left_to_editors_at__isnull=False)
    return Reference.objects.filter(Q(state=ReferenceState.ACCEPTED) | held_back, pk__in=lines.values("reference"))
