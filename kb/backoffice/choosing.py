"""Choosers in the admin that search columns of a table: for records that are many and not in Wagtail's own index."""

from __future__ import annotations

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.choosers import BaseFilterForm
from wagtail.admin.views.generic.chooser import ChooseResultsView, ChooseView

from kb.backoffice.searching import words_of


def searching_views(*columns: str) -> tuple[type[ChooseView], type[ChooseResultsView]]:
    """The two views of a chooser whose search box looks for every typed word in one of the columns.

    One page of ten rows, two queries.
    """

    class Filter(BaseFilterForm):
        q = forms.CharField(
            label=_("Search"), required=False, widget=forms.TextInput(attrs={"placeholder": _("Search")})
        )

        def filter(self, objects: QuerySet) -> QuerySet:
            objects = super().filter(objects)
            typed = self.cleaned_data.get("q") or ""
            for word in words_of(typed):
                found = Q()
                for column in columns:
                    found |= Q(**{f"{column}__icontains": word})
                objects = objects.filter(found)
            self.is_searching, self.search_query = bool(typed), typed
            return objects

    view = type("SearchingChooseView", (ChooseView,), {"filter_form_class": Filter})
    results = type("SearchingChooseResultsView", (ChooseResultsView,), {"filter_form_class": Filter})
    return view, results
