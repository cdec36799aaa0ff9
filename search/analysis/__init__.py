"""Text to terms: languages, words, stems, pieces, compounds, and telling languages apart. No Django, no engine."""

from search.analysis.compounds import SHORTEST_REST, has_compounds
from search.analysis.detection import CODES, detect, spans, spans_of_document
from search.analysis.languages import LANGUAGES
from search.analysis.tokens import forms, plain_words

# What is stored was cut by this version; raise it when `tokens`, `languages` or `compounds` cut otherwise, and indexes
# are rebuilt.
ANALYSIS_VERSION = 1

__all__ = [
    "ANALYSIS_VERSION",
    "CODES",
    "LANGUAGES",
    "SHORTEST_REST",
    "detect",
    "forms",
    "has_compounds",
    "plain_words",
    "spans",
    "spans_of_document",
]
