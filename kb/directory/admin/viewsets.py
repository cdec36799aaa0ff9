"""Organisations, services and places in the admin: lists, forms, choosers.

They stand in the menu group that `kb.groups` makes.
"""

from __future__ import annotations

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, Q
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views import View
from wagtail.admin import messages
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel, MultiFieldPanel, ObjectList, Panel
from wagtail.admin.ui.tables import BooleanColumn, Column
from wagtail.admin.views import generic
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.admin.viewsets.chooser import ChooserViewSet
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.admin.widgets.boolean_radio_select import BooleanRadioSelect
from wagtail.admin.widgets.button import Button

from kb.backoffice.choosing import searching_views
from kb.backoffice.counting import CappedPaginator, number_of
from kb.backoffice.searching import in_any_language, words_of
from kb.directory.admin.forms import DAYS, MembershipForm, OrganisationForm, PlaceForm, ServiceForm
from kb.directory.models import Membership, Organisation, Place, Service
from kb.directory.removing import refusal
from kb.directory.workbook.exporting import FILE_NAME, directory_workbook
from kb.languages import current_language
from kb.sheets.kinds import MEDIA_TYPE
from kb.vocabulary.models import Concept, with_narrower

OF_ORGANISATION = ("name", "code", *in_any_language("other_names"))
OF_SERVICE = ("name", "code", "organisation__name", *in_any_language("other_names"))
OF_PLACE = (
    "name",
    "code",
    "organisation__name",
    "service__name",
    "postal_code",
    *in_any_language("street", "municipality"),
)


def with_words(rows, typed: str, columns: tuple[str, ...], more=None):
    """The rows that hold every typed word in one of the columns; `more(word)` gives another condition."""
    for word in words_of(typed):
        condition = more(word) if more else Q()
        for column in columns:
            condition |= Q(**{f"{column}__icontains": word})
        rows = rows.filter(condition)
    return rows


class DirectoryIndex(generic.IndexView):
    """The same number of queries whatever the rows. columns_searched: where typed words are looked for."""

    paginator_class = CappedPaginator
    columns_searched: tuple[str, ...] = ()
    fetched: tuple[str, ...] = ()

    def get_base_queryset(self):
        return (
            super().get_base_queryset().select_related(*self.fetched) if self.fetched else super().get_base_queryset()
        )

    def search_queryset(self, queryset):
        return with_words(queryset, self.search_query or "", self.columns_searched, self.also_searched)

    def also_searched(self, word: str) -> Q:
        return Q()


class OfOrganisation(django_filters.NumberFilter):
    """Rows of one organisation, by its id in the address: links from its form lead here.

    There are too many to choose from a list.
    """

    def __init__(self) -> None:
        super().__init__(field_name="organisation_id", widget=forms.HiddenInput, label="")


class RefusingDelete(generic.DeleteView):
    """Deletes nothing that something hangs on: says what, and leads back to the form, where it can be made inactive."""

    def get(self, request, *args, **kwargs):
        return self.refused() or super().get(request, *args, **kwargs)

    def post(self, request, *args, **kwargs):
        return self.refused() or super().post(request, *args, **kwargs)

    def refused(self) -> HttpResponseRedirect | None:
        why = refusal(self.object)
        if not why:
            return None
        messages.error(self.request, why)
        return HttpResponseRedirect(reverse(self.edit_url_name, args=[self.object.pk]))


class AddInOrganisation(generic.CreateView):
    """?organisation=17 chooses it."""

    def get_initial(self):
        asked = number_of(self.request.GET.get("organisation", ""))
        return {**super().get_initial(), **({} if asked is None else {"organisation": asked})}


# Organisations


def has_service(word: str) -> Q:
    """Organisations with a service of such a name."""
    return Q(Exists(Service.objects.filter(organisation=OuterRef("pk"), name__icontains=word)))


class OrganisationIndex(DirectoryIndex):
    columns_searched = OF_ORGANISATION

    def get_base_queryset(self):
        running = Membership.objects.running().filter(organisation=OuterRef("pk"))
        return super().get_base_queryset().annotate(is_member=Exists(running))

    def also_searched(self, word: str) -> Q:
        return has_service(word)

    @property
    def header_more_buttons(self):
        words = self.request.GET.urlencode()
        url = reverse(organisation_viewset.get_url_name("export")) + (f"?{words}" if words else "")
        return [
            *super().header_more_buttons,
            Button(_("Download as a workbook (.xlsx)"), url=url, icon_name="download", priority=90),
        ]


class ExportView(PermissionCheckedMixin, View):
    """The organisations of the list, narrowed as it is, with all that hangs on them."""

    permission_policy = None
    any_permission_required = ("add", "change", "view")

    def get(self, request) -> HttpResponse:
        running = Membership.objects.running().filter(organisation=OuterRef("pk"))
        rows = OrganisationFilters(
            request.GET, queryset=Organisation.objects.annotate(is_member=Exists(running)), request=request
        ).qs
        if typed := request.GET.get("q", ""):
            rows = with_words(rows, typed, OF_ORGANISATION, has_service)
        response = HttpResponse(directory_workbook(rows if request.GET else None), content_type=MEDIA_TYPE)
        name = f"{FILE_NAME[current_language()]}-{timezone.localdate():%Y-%m-%d}.xlsx"
        response["Content-Disposition"] = content_disposition_header(True, name)
        response["Cache-Control"] = "private, no-store"
        return response


class ThemeFilter(django_filters.ModelChoiceFilter):
    """Organisations of a theme: it, or something below it, is theirs or one of their services'."""

    def filter(self, queryset, value):
        if value is None:
            return queryset
        wanted = with_narrower([value.pk])
        own = Organisation.concepts.through.objects.filter(organisation=OuterRef("pk"), concept__in=wanted)
        of_services = Service.concepts.through.objects.filter(service__organisation=OuterRef("pk"), concept__in=wanted)
        return queryset.filter(Exists(own) | Exists(of_services))


class OrganisationFilters(WagtailFilterSet):
    is_member = django_filters.BooleanFilter(label=_("Member of the Coordination Sociale"), widget=BooleanRadioSelect)
    theme = ThemeFilter(queryset=Concept.objects.filter(broader=None), label=_("Theme"))

    class Meta:
        model = Organisation
        fields = ("kind", "language_side", "is_active")


class MembershipsPanel(InlinePanel):
    """The inline panel that offers the organisation's own services."""

    def get_form_options(self):
        options = super().get_form_options()
        options["formsets"][self.relation_name]["form"] = MembershipForm
        return options


class PartsPanel(Panel):
    """How many services and places it has, and the ways there."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "directory/admin/parts.html"

        def is_shown(self) -> bool:
            return bool(self.instance and self.instance.pk)

        def get_context_data(self, parent_context=None):
            services, places = self.instance.services.count(), self.instance.places.count()
            said = (
                (
                    ngettext("%(count)s service", "%(count)s services", services) % {"count": services},
                    _("Add a service"),
                    service_viewset,
                ),
                (
                    ngettext("%(count)s place", "%(count)s places", places) % {"count": places},
                    _("Add a place"),
                    place_viewset,
                ),
            )
            mine = f"?organisation={self.instance.pk}"
            parts = [
                {
                    "said": text,
                    "add": add,
                    "list_url": reverse(viewset.get_url_name("index")) + mine,
                    "add_url": reverse(viewset.get_url_name("add")) + mine,
                }
                for text, add, viewset in said
            ]
            return {
                **super().get_context_data(parent_context),
                "parts": parts,
                "page_url": self.instance.get_absolute_url(),
            }


NAMES = MultiFieldPanel([FieldPanel("name"), FieldPanel("other_names"), FieldPanel("code")], heading=_("Name"))
CONTACT = MultiFieldPanel(
    [FieldRowPanel([FieldPanel("phone"), FieldPanel("email")]), FieldPanel("url"), FieldPanel("spoken")],
    heading=_("Contact"),
)


class OrganisationViewSet(ModelViewSet):
    model = Organisation
    icon = "site"
    menu_label = _("Organisations")
    index_view_class = OrganisationIndex
    delete_view_class = RefusingDelete
    list_display = (
        "name",
        Column("kind", label=_("Kind"), accessor="get_kind_display", sort_key="kind"),
        Column("language_side", label=_("Language side"), accessor="get_language_side_display"),
        BooleanColumn("is_member", label=_("Member")),
        BooleanColumn("is_active", label=_("Active"), sort_key="is_active"),
        Column("code", label=_("Code"), sort_key="code"),
    )
    filterset_class = OrganisationFilters
    search_fields = OF_ORGANISATION
    search_backend_name = None
    list_per_page = 50
    copy_view_enabled = False
    inspect_view_enabled = False
    edit_handler = ObjectList(
        [
            NAMES,
            MultiFieldPanel(
                [FieldRowPanel([FieldPanel("kind"), FieldPanel("language_side")]), FieldPanel("description")],
                heading=_("What it is"),
            ),
            CONTACT,
            MembershipsPanel(
                "memberships",
                panels=[FieldRowPanel([FieldPanel("since"), FieldPanel("until")]), FieldPanel("service")],
                heading=_("Member of the Coordination Sociale"),
                label=_("membership"),
            ),
            MultiFieldPanel([PartsPanel()], heading=_("Services and places")),
            FieldPanel("concepts"),
            FieldPanel("is_active"),
        ],
        base_form_class=OrganisationForm,
    )

    def get_urlpatterns(self):
        export = ExportView.as_view(permission_policy=self.permission_policy)
        return [*super().get_urlpatterns(), path("export/", export, name="export")]


choose_view, choose_results_view = searching_views(*OF_ORGANISATION)


class OrganisationChooserViewSet(ChooserViewSet):
    model = Organisation
    icon = "site"
    choose_one_text = _("Choose an organisation")
    choose_another_text = _("Choose another organisation")
    choose_view_class = choose_view
    choose_results_view_class = choose_results_view


organisation_chooser = OrganisationChooserViewSet("organisation_chooser")


# Services


class ServiceIndex(DirectoryIndex):
    columns_searched = OF_SERVICE
    fetched = ("organisation",)


class ServiceFilters(WagtailFilterSet):
    organisation = OfOrganisation()

    class Meta:
        model = Service
        fields = ("is_active",)


class ServiceViewSet(ModelViewSet):
    model = Service
    icon = "form"
    menu_label = _("Services")
    index_view_class = ServiceIndex
    add_view_class = AddInOrganisation
    delete_view_class = RefusingDelete
    list_display = (
        "name",
        Column("organisation", label=_("Organisation"), sort_key="organisation__name"),
        BooleanColumn("is_active", label=_("Active"), sort_key="is_active"),
        Column("code", label=_("Code")),
    )
    filterset_class = ServiceFilters
    search_fields = OF_SERVICE
    search_backend_name = None
    ordering = ("organisation__name", "sort_order", "name")
    list_per_page = 50
    copy_view_enabled = False
    inspect_view_enabled = False
    edit_handler = ObjectList(
        [
            FieldPanel("organisation"),
            NAMES,
            FieldPanel("description"),
            MultiFieldPanel(
                [FieldPanel("publics"), FieldPanel("conditions"), FieldPanel("cost")], heading=_("For whom and how")
            ),
            CONTACT,
            FieldPanel("concepts"),
            FieldRowPanel([FieldPanel("sort_order"), FieldPanel("is_active")]),
        ],
        base_form_class=ServiceForm,
    )


class OfServices:
    """The chooser says whose service it is."""

    def get_object_list(self):
        return super().get_object_list().select_related("organisation")

    @property
    def columns(self):
        return [*super().columns, Column("organisation", label=_("Organisation"))]


choose_service, choose_service_results = searching_views(*OF_SERVICE)


class ServiceChooserViewSet(ChooserViewSet):
    model = Service
    icon = "form"
    choose_one_text = _("Choose a service")
    choose_another_text = _("Choose another service")
    choose_view_class = type("ChooseService", (OfServices, choose_service), {})
    choose_results_view_class = type("ChooseServiceResults", (OfServices, choose_service_results), {})


service_chooser = ServiceChooserViewSet("service_chooser")


# Places


class PlaceIndex(DirectoryIndex):
    columns_searched = OF_PLACE
    fetched = ("organisation", "service")


class PlaceFilters(WagtailFilterSet):
    organisation = OfOrganisation()

    class Meta:
        model = Place
        fields: list[str] = []


class PlaceViewSet(ModelViewSet):
    model = Place
    icon = "globe"
    menu_label = _("Places and hours")
    index_view_class = PlaceIndex
    add_view_class = AddInOrganisation
    delete_view_class = RefusingDelete
    list_display = (
        "__str__",
        Column("organisation", label=_("Organisation"), sort_key="organisation__name"),
        Column("service", label=_("Service")),
        Column("postal_code", label=_("Postal code"), sort_key="postal_code"),
        Column("municipality", label=_("Municipality")),
    )
    filterset_class = PlaceFilters
    search_fields = OF_PLACE
    search_backend_name = None
    ordering = ("organisation__name", "sort_order", "code")
    list_per_page = 50
    copy_view_enabled = False
    inspect_view_enabled = False
    edit_handler = ObjectList(
        [
            MultiFieldPanel(
                [FieldPanel("organisation"), FieldPanel("service"), FieldPanel("name"), FieldPanel("code")],
                heading=_("Place"),
            ),
            MultiFieldPanel(
                [
                    FieldPanel("street"),
                    FieldRowPanel([FieldPanel("house_number"), FieldPanel("postal_code")]),
                    FieldPanel("municipality"),
                    FieldPanel("access"),
                    FieldRowPanel([FieldPanel("phone"), FieldPanel("email")]),
                    FieldRowPanel([FieldPanel("latitude"), FieldPanel("longitude")]),
                ],
                heading=_("Address"),
            ),
            MultiFieldPanel([FieldPanel(name) for name in DAYS], heading=_("Opening hours")),
            InlinePanel(
                "closures",
                panels=[FieldRowPanel([FieldPanel("since"), FieldPanel("until")]), FieldPanel("reason")],
                heading=_("Temporary closures"),
                label=_("closure"),
            ),
            FieldPanel("sort_order"),
        ],
        base_form_class=PlaceForm,
    )


# One of each: the menu group takes the classes, links need their addresses.
organisation_viewset, service_viewset, place_viewset = OrganisationViewSet(), ServiceViewSet(), PlaceViewSet()
