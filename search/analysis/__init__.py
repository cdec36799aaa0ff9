"""Text to terms: languages, words, stems, pieces, compounds, and telling languages apart. No Django, no engine."""

from search.analysis.detection import detect, spans

# What is stored was cut by this version; raise it when `tokens`, `languages` or `compounds` cut otherwise, and indexes
# are rebuilt.
ANALYSIS_VERSION = 1

__all__ = ["ANALYSIS_VERSION", "detect", "spans"]
