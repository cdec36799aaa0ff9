"""Bodies, mandates and organisations in the admin, under one entry of the menu."""

from __future__ import annotations

import django_filters
from django import forms
from django.db.models import Q
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel, ObjectList
from wagtail.admin.ui.tables import BooleanColumn, Column, DateColumn
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet, ModelViewSetGroup
from wagtail.admin.widgets.boolean_radio_select import BooleanRadioSelect

from kb.accounts.reopening import OpensNothingAgain, another, given
from kb.backoffice.counting import CappedPaginator
from kb.backoffice.searching import in_any_language
from kb.directory.admin.viewsets import OrganisationViewSet, PlaceViewSet, ServiceViewSet
from kb.groups.choices import MandateRole, SideName
from kb.groups.models import Body, Mandate, running_on
from kb.groups.people.forms import OfMandate
from kb.groups.people.views import PeopleViewSet
from kb.groups.seats.views import BodyEditView, EndMandateView, MandateEditView, RenewView
from kb.sheets.views import SheetImportViewSet


class BodyForm(OpensNothingAgain, WagtailAdminModelForm):
    rights = {"successor": another, "is_active": given}


class SeatForm(OfMandate, WagtailAdminModelForm):
    """A mandate on a page of its own."""


class BodyFilters(WagtailFilterSet):
    class Meta:
        model = Body
        fields = ("kind", "is_active")


class BodyViewSet(ModelViewSet):
    model = Body
    icon = "group"
    menu_label = _("Bodies")
    name = "body"
    edit_view_class = BodyEditView
    list_display = (
        Column("code", label=_("Code"), sort_key="code"),
        Column("name", label=_("Name")),
        Column("kind", label=_("Kind"), accessor="get_kind_display", sort_key="kind"),
        Column("successor", label=_("Successor"), accessor="successor"),
        BooleanColumn("is_active", label=_("Active"), sort_key="is_active"),
    )
    filterset_class = BodyFilters
    search_fields = ("code", *in_any_language("name"))
    search_backend_name = None
    copy_view_enabled = False
    inspect_view_enabled = True
    edit_handler = ObjectList(
        [
            FieldPanel("name"),
            FieldPanel("purpose"),
            FieldPanel("code"),
            FieldPanel("kind"),
            FieldPanel("successor"),
            FieldPanel("is_active"),
            InlinePanel(
                "sides",
                heading=_("Sides and seats"),
                label=_("Side"),
                panels=[FieldRowPanel([FieldPanel("name"), FieldPanel("seats"), FieldPanel("quorum")])],
                max_num=len(SideName),
            ),
        ],
        base_form_class=BodyForm,
    )

    def get_urlpatterns(self):
        renew = path("renew/<int:pk>/<slug:side>/", self.construct_view(RenewView), name="renew")
        return [*super().get_urlpatterns(), renew]


class RunningFilter(django_filters.BooleanFilter):
    """Mandates that open something today, or those that do not."""

    def filter(self, queryset, value):
        if value is None:
            return queryset
        running = running_on(timezone.localdate())
        return queryset.filter(running) if value else queryset.exclude(running)


class MandateFilters(WagtailFilterSet):
    body = django_filters.ModelMultipleChoiceFilter(
        queryset=Body.objects.all(), widget=forms.CheckboxSelectMultiple, label=_("Body")
    )
    role = django_filters.MultipleChoiceFilter(
        choices=MandateRole.choices, widget=forms.CheckboxSelectMultiple, label=_("Role")
    )
    side = django_filters.MultipleChoiceFilter(
        choices=SideName.choices, widget=forms.CheckboxSelectMultiple, label=_("Side")
    )
    running = RunningFilter(label=_("Running today"), widget=BooleanRadioSelect)

    is_referent = django_filters.BooleanFilter(label=_("Follows the contributions"), widget=BooleanRadioSelect)

    class Meta:
        model = Mandate
        fields = ("body", "side", "role", "is_referent", "running")


class MandateIndexView(generic.IndexView):
    """Newest first; the same number of queries whatever the rows. Search looks at persons and organisations."""

    paginator_class = CappedPaginator

    def get_base_queryset(self):
        return super().get_base_queryset().select_related("user", "body", "organisation")

    def search_queryset(self, queryset):
        for word in (self.search_query or "").split()[:8]:
            queryset = queryset.filter(
                Q(user__name__icontains=word)
                | Q(user__email__icontains=word)
                | Q(organisation__name__icontains=word)
                | Q(body__code__iexact=word)
            )
        return queryset


class MandateViewSet(ModelViewSet):
    model = Mandate
    icon = "user"
    menu_label = _("Mandates")
    name = "mandate"
    edit_view_class = MandateEditView
    index_view_class = MandateIndexView
    list_display = (
        Column("user", label=_("Person"), accessor="user"),
        Column("body", label=_("Body"), accessor="body"),
        Column("organisation", label=_("Organisation"), accessor="organisation"),
        Column("side", label=_("Side"), accessor="get_side_display", sort_key="side"),
        Column("role", label=_("Role"), accessor="get_role_display", sort_key="role"),
        Column("voice", label=_("Voice"), accessor="get_voice_display", sort_key="voice"),
        BooleanColumn("is_referent", label=_("Follows the contributions"), sort_key="is_referent"),
        DateColumn("since", label=_("Since"), sort_key="since"),
        DateColumn("until", label=_("Until"), sort_key="until"),
    )
    list_display_add_buttons = "user"
    filterset_class = MandateFilters
    search_fields = ("user__name",)
    search_backend_name = None
    ordering = ("-id",)
    list_per_page = 50
    copy_view_enabled = False
    inspect_view_enabled = True
    edit_handler = ObjectList(
        [
            FieldPanel("user"),
            FieldPanel("body"),
            FieldRowPanel([FieldPanel("organisation"), FieldPanel("service")]),
            FieldPanel("side"),
            FieldRowPanel([FieldPanel("role"), FieldPanel("voice"), FieldPanel("standing")]),
            FieldPanel("is_referent"),
            FieldRowPanel([FieldPanel("since"), FieldPanel("until")]),
            FieldPanel("is_suspended"),
        ],
        base_form_class=SeatForm,
    )

    def get_urlpatterns(self):
        end = path("end/<int:pk>/", self.construct_view(EndMandateView), name="end")
        return [*super().get_urlpatterns(), end]


class PeopleViewSetGroup(ModelViewSetGroup):
    menu_label = _("People")
    menu_icon = "group"
    menu_order = 300
    items = (
        PeopleViewSet,
        BodyViewSet,
        MandateViewSet,
        OrganisationViewSet,
        ServiceViewSet,
        PlaceViewSet,
        SheetImportViewSet,
    )
