"""The embedded engine: tantivy in a folder (or in memory), no server. The only package that imports tantivy.

    schema     what is stored, and in which fields        clauses    a plan in tantivy's words
    writing    entries into an index, one commit          reading    an index at one moment, and what one reader may
    know of its terms
    searching  one question of one reader                 engine     the contract: folders, versions, locks, rebuilds

Two indexes. D, one entry per document, matches, counts, facets and sorts; P, one entry per page, re-orders the best
documents and gives their best pages. P is written first, so that a crash between the two leaves at worst pages that no
document names, until the same change is replayed. No statistic of tantivy's own is used: it counts every entry, also
those a reader may not see (`search.engines.levels`).
"""

from search.engines.embedded.engine import EmbeddedEngine

__all__ = ["EmbeddedEngine"]
