"""Organisations in the admin: list, search, chooser. They stand in the menu group that `kb.groups` makes."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.panels import FieldPanel
from wagtail.admin.ui.tables import Column
from wagtail.admin.viewsets.chooser import ChooserViewSet
from wagtail.admin.viewsets.model import ModelViewSet

from kb.accounts.choosing import searching_views
from kb.directory.models import Organisation


class OrganisationFilters(WagtailFilterSet):
    class Meta:
        model = Organisation
        fields = ("kind", "language_side")


class OrganisationViewSet(ModelViewSet):
    model = Organisation
    icon = "site"
    menu_label = _("Organisations")
    list_display = (
        "name",
        Column("kind", label=_("Kind"), accessor="get_kind_display", sort_key="kind"),
        Column("language_side", label=_("Language side"), accessor="get_language_side_display"),
        Column("code", label=_("Code"), sort_key="code"),
    )
    filterset_class = OrganisationFilters
    search_fields = ("name", "code", "other_names")
    search_backend_name = None
    list_per_page = 50
    copy_view_enabled = False
    inspect_view_enabled = True
    panels = (FieldPanel("name"), FieldPanel("other_names"), FieldPanel("kind"), FieldPanel("language_side"), FieldPanel("code"))


choose_view, choose_results_view = searching_views("name", "code", "other_names")


class OrganisationChooserViewSet(ChooserViewSet):
    model = Organisation
    icon = "site"
    choose_one_text = _("Choose an organisation")
    choose_another_text = _("Choose another organisation")
    choose_view_class = choose_view
    choose_results_view_class = choose_results_view


organisation_chooser = OrganisationChooserViewSet("organisation_chooser")
