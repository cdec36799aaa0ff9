"""Concepts and keywords in the admin: lists, forms and the concept chooser."""

from __future__ import annotations

import django_filters
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel, MultiFieldPanel
from wagtail.admin.ui.tables import Column
from wagtail.snippets.views.chooser import ChooseResultsView, ChooseView, SnippetChooserViewSet
from wagtail.snippets.views.snippets import IndexView, SnippetViewSet, SnippetViewSetGroup

from kb.backoffice.counting import CappedPaginator
from kb.languages import current_language
from kb.vocabulary.models import Concept, Keyword


def with_label(concepts, typed: str):
    """Concepts one of whose labels, in any language, begins with what was typed or has a word that does."""
    typed = typed.replace("\x00", " ")  # PostgreSQL refuses a NUL
    begins = Q(code__istartswith=typed) | Q(labels__text__istartswith=typed) | Q(labels__text__icontains=f" {typed}")
    for code in ("fr", "nl", "en"):
        begins |= Q(**{f"label_{code}__istartswith": typed}) | Q(**{f"label_{code}__icontains": f" {typed}"})
    return concepts.filter(begins).distinct()


class ConceptIndex(IndexView):
    """In the order of the labels of the editor's language, unless a column is clicked."""

    paginator_class = CappedPaginator

    def get_ordering(self):
        return super().get_ordering() if self.request.GET.get("ordering") else f"label_{current_language()}"

    def get_base_queryset(self):
        return super().get_base_queryset().select_related("broader")

    def search_queryset(self, queryset):
        return with_label(queryset, self.search_query.strip()) if self.is_searching else queryset


class ConceptSearch:
    """The chooser looks at the labels in all languages."""

    def filter_object_list(self, objects):
        typed = self.request.GET.get("q", "").strip()
        return with_label(objects, typed) if typed else objects


class ChooseConcept(ConceptSearch, ChooseView):
    pass


class ChooseConceptResults(ConceptSearch, ChooseResultsView):
    pass


class ConceptChooser(SnippetChooserViewSet):
    choose_view_class = ChooseConcept
    choose_results_view_class = ChooseConceptResults


class ThemeFilter(django_filters.BooleanFilter):
    def filter(self, queryset, value):
        return queryset if value is None else queryset.filter(broader__isnull=value)


class ConceptFilters(WagtailFilterSet):
    theme = ThemeFilter(label=_("Themes only"))

    class Meta:
        model = Concept
        fields: list[str] = []


class ConceptViewSet(SnippetViewSet):
    model = Concept
    icon = "tag"
    menu_label = _("Concepts")
    index_view_class = ConceptIndex
    chooser_viewset_class = ConceptChooser
    filterset_class = ConceptFilters
    list_display = ["__str__", "label_fr", "label_nl", "label_en", Column("broader", label=_("Broader concept"))]
    search_fields = ["code"]
    list_export = ["code", "label_fr", "label_nl", "label_en"]
    inspect_view_enabled = True
    ordering = ["code"]
    panels = [
        FieldPanel("code"),
        MultiFieldPanel(
            [FieldRowPanel([FieldPanel("label_fr"), FieldPanel("label_nl"), FieldPanel("label_en")])],
            heading=_("Labels"),
        ),
        InlinePanel(
            "labels",
            panels=[FieldRowPanel([FieldPanel("text"), FieldPanel("language"), FieldPanel("hidden")])],
            heading=_("Other labels"),
            label=_("other label"),
        ),
        FieldPanel("broader"),
        FieldPanel("related"),
        MultiFieldPanel(
            [FieldPanel("note_fr"), FieldPanel("note_nl"), FieldPanel("note_en")], heading=_("Scope notes")
        ),
    ]


class KeywordIndex(IndexView):
    paginator_class = CappedPaginator

    def get_base_queryset(self):
        return super().get_base_queryset().annotate(uses=Count("references"))


class KeywordFilters(WagtailFilterSet):
    class Meta:
        model = Keyword
        fields = ["language"]


class KeywordViewSet(SnippetViewSet):
    model = Keyword
    icon = "tag"
    menu_label = _("Keywords")
    index_view_class = KeywordIndex
    filterset_class = KeywordFilters
    list_display = ["name", "language", Column("uses", label=_("References"))]
    search_fields = ["name"]
    panels = [FieldRowPanel([FieldPanel("name"), FieldPanel("language")])]


class VocabularyGroup(SnippetViewSetGroup):
    menu_label = _("Vocabulary")
    menu_icon = "tag"
    menu_order = 260
    items = (ConceptViewSet, KeywordViewSet)
