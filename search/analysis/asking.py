"""Which words of a question are looked for, and in which language it seems to be asked.

What a person typed is taken apart in `search.query`; what engines look for beside the words is in
`search.engines.planning`.
"""

from __future__ import annotations

from search.analysis.languages import LANGUAGES
from search.analysis.tokens import is_function_word, tokens, without_leaning
from search.entries import Query

MOST_WORDS = 40  # looked for; the rest of a pasted page is left


def question_language(query: Query) -> str:
    """The language the question is in: the interface's, unless function words of another one alone say otherwise."""
    found = {token.word for typed in query.words for token in tokens(typed)}

    def proofs(code: str) -> int:
        table = LANGUAGES[code]
        return len(found & (table.stop_words | table.query_words) - table.content_words)

    own = query.language if query.language in LANGUAGES else next(iter(LANGUAGES))
    best = max(LANGUAGES, key=lambda code: (proofs(code), code == own))
    own_proofs = proofs(own)
    return best if (own_proofs == 0 < proofs(best)) or proofs(best) >= own_proofs + 2 else own


def asked_words(query: Query) -> tuple[str, ...]:
    """The distinct words looked for, normalised, in order: function words and words of courtesy left out, unless
    nothing else is there.
    """
    language = question_language(query)
    courtesy = LANGUAGES[language].query_words
    everything: dict[str, None] = {}
    content: dict[str, None] = {}
    for typed in query.words:
        for token in tokens(without_leaning(typed, language)):
            everything[token.word] = None
            if not is_function_word(token.word, language) and token.word not in courtesy:
                content[token.word] = None
    return tuple(content or everything)[:MOST_WORDS]
