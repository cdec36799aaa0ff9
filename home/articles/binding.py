"""Articles of our bodies that were public before the site knew agreements are bound to what they are, once; from then
on every change needs an agreement.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from home.articles.agreeing import bind, group_of, shown
from home.models import KIND
from kb.decisions.binding import unbound
from kb.decisions.choices import ManifestState
from kb.decisions.models import Manifest
from kb.languages import CODES


def bind_what_was_there(using: str = "default", **ignored: Any) -> None:
    """After every migrate."""
    for manifest in unbound(KIND, using):
        with transaction.atomic():
            _bind(manifest)


def _bind(manifest: Manifest) -> None:
    pk = int(manifest.subject.rpartition(":")[2])
    try:
        rows = shown(pk)
    except LookupError:
        return
    if not rows:  # a draft by now: what it will be is not agreed to
        Manifest.objects.filter(pk=manifest.pk).update(state=ManifestState.OVER)
        return
    Manifest.objects.rewrite(manifest, rows, [code for code in CODES if any(row.language == code for row in rows)])
    bind(group_of(pk), manifest.pk)
