"""The list of people in the admin: its filters, columns and counts. What is done with people is in `people_views`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import django_filters
from django import forms
from django.db.models import Case, CharField, Count, Exists, OuterRef, Q, QuerySet, Value, When
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import BaseColumn, Column
from wagtail.admin.views import generic
from wagtail.admin.widgets.boolean_radio_select import BooleanRadioSelect

from kb.accounts.choices import InvitationState
from kb.accounts.login.invitations import invitation_state, never_came, with_invitation
from kb.accounts.models import Invitation, User
from kb.backoffice.counting import CappedPaginator
from kb.backoffice.searching import words_of
from kb.directory.models import Employment
from kb.groups.models import Body, Mandate
from kb.groups.people.bringing_in import matching, people, with_seats

STATES = {
    "never-invited": gettext_lazy("Never invited"),
    "never-came": gettext_lazy("Invited, never came"),
    "came": gettext_lazy("Came"),
}


def in_state(queryset: QuerySet[User], state: str) -> QuerySet[User]:
    """Those never invited, invited who never came, or who came."""
    waiting = never_came(queryset)
    invited = Exists(Invitation.objects.filter(user=OuterRef("pk")))
    if state == "never-invited":
        return waiting.exclude(invited)
    if state == "never-came":
        return waiting.filter(invited)
    return queryset.exclude(pk__in=never_came(people()).order_by().values("pk"))


class PeopleFilters(WagtailFilterSet):
    body = django_filters.ModelMultipleChoiceFilter(
        queryset=Body.objects.order_by("-is_active", "code"),
        widget=forms.CheckboxSelectMultiple,
        label=gettext_lazy("Body"),
        method="in_bodies",
    )
    organisation = django_filters.CharFilter(label=gettext_lazy("Organisation"), method="of_organisation")
    state = django_filters.ChoiceFilter(
        choices=list(STATES.items()), label=gettext_lazy("Invitation"), method="of_state", widget=forms.RadioSelect
    )
    mandate = django_filters.BooleanFilter(
        label=gettext_lazy("Running mandate"), method="with_mandate", widget=BooleanRadioSelect
    )
    referent = django_filters.BooleanFilter(
        label=gettext_lazy("Follows the contributions"), method="as_referent", widget=BooleanRadioSelect
    )
    is_active = django_filters.BooleanFilter(label=gettext_lazy("Active"), widget=BooleanRadioSelect)

    class Meta:
        model = User
        fields = ("state", "body", "mandate", "referent", "organisation", "is_active")

    def in_bodies(self, queryset, name, bodies):
        return queryset.filter(_sits(body__in=bodies)) if bodies else queryset

    def of_organisation(self, queryset, name, typed):
        """A piece of the organisation's name, or its code: where they work now, or for which they sit."""
        for word in words_of(typed):
            named = Q(organisation__name__icontains=word) | Q(organisation__code__iexact=word)
            works = Q(pk__in=Employment.objects.running().filter(named).values("user"))
            queryset = queryset.filter(works | _sits(named))
        return queryset

    def of_state(self, queryset, name, state):
        return in_state(queryset, state)

    def with_mandate(self, queryset, name, wanted):
        return queryset.filter(_sits()) if wanted else queryset.exclude(_sits())

    def as_referent(self, queryset, name, wanted):
        referent = _sits(is_referent=True)
        return queryset.filter(referent) if wanted else queryset.exclude(referent)


def _sits(*conditions: Q, **values: Any) -> Q:
    """Asked once for all people, not once per person, whatever index the database would choose."""
    return Q(pk__in=Mandate.objects.running().filter(*conditions, **values).values("user"))


class ChoiceColumn(BaseColumn):
    """A box to tick, so that people can be invited together."""

    header_template_name = "groups/admin/people/_choice_header.html"
    cell_template_name = "groups/admin/people/_choice.html"


class InvitationColumn(Column):
    cell_template_name = "groups/admin/people/_invitation.html"

    def get_cell_context_data(self, instance: User, parent_context: Mapping[str, Any]) -> dict[str, Any]:
        context = super().get_cell_context_data(instance, parent_context)
        return {**context, "person": instance, "state": invitation_state(instance), "states": InvitationState}


def employers_of(person: User) -> str:
    return ", ".join(
        f"{one.organisation} ({one.function})" if one.function else str(one.organisation) for one in person.employers
    )


def seats_of(person: User) -> str:
    referent = _("referent")
    return ", ".join(f"{one.body.code} ({referent})" if one.is_referent else one.body.code for one in person.seats)


class PeopleIndexView(generic.IndexView):
    """By name; the same number of queries whatever the rows. Search looks at names and at every address."""

    paginator_class = CappedPaginator
    results_template_name = "groups/admin/people/index_results.html"
    default_ordering = "name"
    page_title = gettext_lazy("People")

    def get_base_queryset(self):
        return with_seats(with_invitation(people()))

    def order_queryset(self, queryset):
        return super().order_queryset(queryset).order_by(*_ordering(self.ordering))

    def search_queryset(self, queryset):
        return matching(queryset, self.search_query or "")

    @cached_property
    def add_item_label(self):
        return _("Add a person")

    @cached_property
    def verbose_name_plural(self):
        return _("people")

    def get_context_data(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        query = self.request.GET.copy()
        for own in ("p", "_w_filter_fragment", "ordering"):
            query.pop(own, None)
        return super().get_context_data(*args, counts=_counts(self.index_url), query=query.urlencode(), **kwargs)


def _ordering(ordering: str | None) -> tuple[str, ...]:
    return (ordering or "name", "email", "pk")


def _counts(index_url: str) -> list[dict[str, Any]]:
    """How many were never invited, never came, came: one query."""
    state = Case(
        *(When(pk__in=in_state(people(), name).order_by().values("pk"), then=Value(name)) for name in STATES),
        output_field=CharField(),
    )
    counted = dict(
        people().filter(is_active=True).annotate(state=state).order_by().values_list("state").annotate(Count("pk"))
    )
    return [
        {"label": label, "count": counted.get(name, 0), "url": f"{index_url}?state={name}"}
        for name, label in STATES.items()
    ]
