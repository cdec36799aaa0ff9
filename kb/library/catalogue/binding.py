"""What was public before the site knew agreements is bound to what it is, once: its manifest gets rows and a digest;
from then on every change needs an agreement.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import transaction

from kb.accounts.audiences import PUBLIC
from kb.decisions.binding import unbound
from kb.decisions.choices import ManifestState, Origin
from kb.decisions.models import Decision, Manifest
from kb.library.catalogue.agreeing import FILE, NOTICE, open_agreed, parts, shown
from kb.library.models import Reference, ReferenceFile
from kb.library.models.references import KIND
from search.indexing import record


def bind_what_was_there(using: str = "default", **ignored: Any) -> None:
    """After every migrate."""
    for manifest in unbound(KIND, using):
        with transaction.atomic():
            _bind(manifest)


def agree_before(reference_id: int) -> None:
    """Marks our own work as public before the gate: the notice with the files that are meant for everyone. For what is
    loaded with a site that begins (the demonstration)."""
    keys = _meant_for_everyone(reference_id)
    with transaction.atomic():
        manifest = Manifest.objects.write(
            Reference.subject_of(reference_id),
            shown(reference_id, keys),
            keys,
            origin=Origin.BEFORE_THE_GATE,
            state=ManifestState.AGREED,
        )
        open_agreed(reference_id, manifest.pk, keys)


def _bind(manifest: Manifest) -> None:
    pk = int(manifest.subject.rpartition(":")[2])
    keys = _meant_for_everyone(pk)
    try:
        rows = shown(pk, None) or shown(pk, keys)
    except LookupError:
        return
    if not rows:  # proposed, withdrawn: what it will be is not agreed to
        Manifest.objects.filter(pk=manifest.pk).update(state=ManifestState.OVER)
        return
    Manifest.objects.rewrite(manifest, rows, keys)
    for decision in Decision.objects.filter(manifest=manifest):
        record(decision.search_subject())


def _meant_for_everyone(reference_id: int) -> Collection[str]:
    """The keys of the notice and of the files whose own readers are everyone."""
    files = ReferenceFile.objects.filter(reference=reference_id)
    meant = {f"{FILE}{pk}" for pk, audiences in files.values_list("pk", "audiences") if PUBLIC in (audiences or ())}
    refused = {part.key for part in parts(reference_id) if part.refusal}
    return sorted({NOTICE, *meant} - refused)
