"""What was public before there were agreements waits to be bound to what it is, until its room knows its tables."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from kb.decisions.choices import ManifestState
from kb.decisions.models import Manifest


def unbound(kind: str, using: str) -> Iterable[Manifest]:
    """The agreements about things of this kind that any digest satisfies, in their order. One query where nothing
    waits; none before its tables are there, and nothing until the last migration of all rooms has run.
    """
    if using != "default" or Manifest._meta.db_table not in connections[using].introspection.table_names():
        return ()
    waiting = Manifest.objects.filter(subject__startswith=f"{kind}:", digest="", state=ManifestState.AGREED)
    return waiting.order_by("pk") if waiting.exists() and _is_whole(using) else ()


def _is_whole(using: str) -> bool:
    executor = MigrationExecutor(connections[using])
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())
