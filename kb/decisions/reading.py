"""What of a question may be read, row by row, and until when: the one rule for who votes and for the body's page.

open      ─► while it is for the readers that it was for when it was asked about
a yes     ─► while everyone reads it, by this agreement: the rows that everyone reads
in doubt  ─► while it is for the readers that it was for when it was taken off
refused, taken back, withdrawn, replaced ─► no longer
"""

from __future__ import annotations

from kb.decisions.choices import ManifestState, State
from kb.decisions.models import Decision, Manifest
from kb.pages.agreements import Shown, kind_of


def rows_read(decision: Decision) -> dict[int, Shown]:
    """The rows that whoever may read the question may read now, by their position in the manifest, from 1; of a yes
    those that everyone reads. A few queries of the thing's kind.
    """
    manifest = decision.manifest
    if manifest is None:
        return {}
    try:
        if not _stands(decision, manifest):
            return {}
        rows = dict(enumerate(manifest.shown(), 1))
        if manifest.state != ManifestState.AGREED:
            return rows
        kind, pk = kind_of(manifest.subject)
        public = {row.identity for row in kind.shown(pk, None)}
    except LookupError:
        return {}
    return {at: row for at, row in rows.items() if row.identity in public}


def _stands(decision: Decision, manifest: Manifest) -> bool:
    if decision.is_running:
        return manifest.state == ManifestState.ASKED and stands_as_asked(manifest)
    if decision.state != State.CLOSED:
        return False
    if manifest.state == ManifestState.SUSPENDED:
        return stands_as_asked(manifest)
    return manifest.state == ManifestState.AGREED and decision.is_public


def stands_as_asked(manifest: Manifest) -> bool:
    """Whether it is still there, for the same readers as when it was asked about, or taken off in doubt.

    Raises LookupError for what is gone.
    """
    kind, pk = kind_of(manifest.subject)
    if manifest.standing is not None and kind.standing(pk, manifest.parts) != manifest.standing:
        return False
    return bool(kind.shown(pk, manifest.parts))
