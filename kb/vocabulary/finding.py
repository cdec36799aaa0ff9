"""What the vocabulary gives to the search: names of themes, and concepts offered while typing.

Concepts are public: nothing here asks for rights.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import Q
from django.urls import reverse

from kb.languages import CODES
from kb.vocabulary.models import AltLabel, Concept
from search.registry import Suggestion


def theme_labels(values: Sequence[str], language: str) -> dict[str, str]:
    """code -> label in that language. One query."""
    return {concept.code: concept.label(language) for concept in Concept.objects.filter(code__in=values)}


def theme_names() -> list[tuple[str, str]]:
    """(label in any language, code) of every theme, so that theme:"logement" is understood. One query."""
    return [
        (label, concept.code)
        for concept in Concept.objects.filter(broader__isnull=True)
        for _code, label in _preferred(concept)
    ]


def suggest_concepts(typed: str, *, audiences: frozenset[str], language: str, count: int) -> Iterable[Suggestion]:
    """Concepts with a label, in any language, of which a word begins as typed; shown in the reader's language, that
    language's own labels first.

    Two queries. A theme leads to its documents; any other concept is searched for.
    """
    typed = " ".join(typed.split())
    if len(typed) < 2:
        return
    begins = Q()
    for code in CODES:
        begins |= Q(**{f"label_{code}__istartswith": typed}) | Q(**{f"label_{code}__icontains": f" {typed}"})
    others = AltLabel.objects.filter(Q(text__istartswith=typed) | Q(text__icontains=f" {typed}")).values("concept")
    found = sorted(
        Concept.objects.filter(begins | Q(pk__in=others))[: count * 5],
        key=lambda concept: _rank(concept, typed, language),
    )
    for concept in found[:count]:
        url = f"{reverse('search:results')}?theme={concept.code}" if concept.is_theme else ""
        yield Suggestion(concept.label(language), language, url)


def _preferred(concept: Concept) -> list[tuple[str, str]]:
    return [(code, getattr(concept, f"label_{code}")) for code in CODES if getattr(concept, f"label_{code}")]


def _rank(concept: Concept, typed: str, language: str) -> tuple[bool, bool, str]:
    label = concept.label(language).casefold()
    return not label.startswith(typed.casefold()), typed.casefold() not in label, label
