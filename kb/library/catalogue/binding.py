"""What was public before the site knew agreements is bound to what it is, once: its manifest gets rows and a digest;
from then on every change needs an agreement.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import connections, transaction
from django.db.migrations.executor import MigrationExecutor

from kb.accounts.audiences import PUBLIC
from kb.decisions.choices import ManifestState, Origin
from kb.decisions.models import Decision, Manifest
from kb.library.catalogue.agreeing import FILE, NOTICE, open_agreed, parts, rewrite, shown
from kb.library.models import Reference, ReferenceFile
from kb.library.models.references import KIND
from search.indexing import record


def bind_what_was_there(using: str = "default", **ignored: Any) -> None:
    """After every migrate: one query where nothing waits; none before its tables are there, and nothing is done until
    the last migration of all rooms has run.
    """
    if using != "default" or Manifest._meta.db_table not in connections[using].introspection.table_names():
        return
    waiting = Manifest.objects.filter(subject__startswith=f"{KIND}:", digest="", state=ManifestState.AGREED)
    if not waiting.exists() or not _is_whole(using):
        return
    for manifest in waiting.order_by("pk"):
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


def _is_whole(using: str) -> bool:
    executor = MigrationExecutor(connections[using])
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


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
    rewrite(manifest, rows, keys)
    for decision in Decision.objects.filter(manifest=manifest):
        record(decision.search_subject())


def _meant_for_everyone(reference_id: int) -> Collection[str]:
    """The keys of the notice and of the files whose own readers are everyone."""
    files = ReferenceFile.objects.filter(reference=reference_id)
    meant = {f"{FILE}{pk}" for pk, audiences in files.values_list("pk", "audiences") if PUBLIC in (audiences or ())}
    refused = {part.key for part in parts(reference_id) if part.refusal}
    return sorted({NOTICE, *meant} - refused)
