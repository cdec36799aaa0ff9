"""Choosing concepts: boxes to tick, gathered under their themes."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator

from django import forms
from django.utils.translation import gettext as _

from kb.languages import current_language
from kb.vocabulary.models import Concept

MOST_CONCEPTS = 100


class ConceptsWidget(forms.CheckboxSelectMultiple):
    """Boxes in columns, a field set for each theme."""

    template_name = "vocabulary/widgets/concepts.html"


class ConceptsField(forms.ModelMultipleChoiceField):
    """All concepts as boxes in the language of the request, each theme with what is below it; MOST_CONCEPTS ticked at
    most. One query.
    """

    widget = ConceptsWidget

    def __init__(self, **options) -> None:
        super().__init__(queryset=Concept.objects.all(), **options)

    def clean(self, value):
        if isinstance(value, list | tuple) and len(value) > MOST_CONCEPTS:
            said = {"count": len(value), "most": MOST_CONCEPTS}
            raise forms.ValidationError(
                _("There are %(count)d themes here: choose %(most)d at most.") % said, code="too_many"
            )
        return super().clean(value)

    def _get_choices(self):
        return GroupedByTheme(self)

    choices = property(_get_choices, vars(forms.ModelChoiceField)["choices"].fset)


class GroupedByTheme(forms.models.ModelChoiceIterator):
    def __iter__(self) -> Iterator:
        language = current_language()
        concepts = {concept.pk: concept for concept in self.queryset}

        def theme_of(concept: Concept) -> Concept:
            seen = set()
            while concept.broader_id in concepts and concept.pk not in seen:
                seen.add(concept.pk)
                concept = concepts[concept.broader_id]
            return concept

        groups: dict[int, list[Concept]] = defaultdict(list)
        for concept in concepts.values():
            groups[theme_of(concept).pk].append(concept)
        for pk in sorted(groups, key=lambda key: sorting_key(concepts[key].label(language))):
            members = sorted(groups[pk], key=lambda concept: (concept.pk != pk, sorting_key(concept.label(language))))
            yield (
                concepts[pk].label(language),
                [(self.field.prepare_value(concept), concept.label(language)) for concept in members],
            )


def sorting_key(label: str) -> str:
    """Without case and accents, so that "équivalence" stands beside "emploi"."""
    return "".join(sign for sign in unicodedata.normalize("NFD", label.casefold()) if not unicodedata.combining(sign))
