"""Log-ins in Wagtail's admin (Settings, Users): with e-mail, name and language, for the editor-in-chief."""

from __future__ import annotations

import django_filters
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.tables import BooleanColumn, BulkActionsCheckboxColumn, Column, DateColumn
from wagtail.admin.viewsets.chooser import ChooserViewSet
from wagtail.admin.widgets.boolean_radio_select import BooleanRadioSelect
from wagtail.users.views import users

from kb.accounts.login.forms import LogInCreationForm, LogInEditForm
from kb.accounts.models import User
from kb.backoffice.choosing import searching_views
from kb.languages import LANGUAGES


class LogInFilterSet(users.UserFilterSet):
    is_staff = django_filters.BooleanFilter(label=_("Edits the site"), widget=BooleanRadioSelect)
    language = django_filters.ChoiceFilter(label=_("Language"), choices=list(LANGUAGES.items()))


class LogInIndexView(users.IndexView):
    @cached_property
    def columns(self):
        title = self._get_title_column_class(users.UserColumn)
        return [
            BulkActionsCheckboxColumn("bulk_actions", obj_type="user"),
            title("name", accessor=str, label=_("Name"), sort_key="name", get_url=self.get_edit_url, classname="name"),
            Column("email", label=_("E-mail address"), sort_key="email"),
            Column("language", accessor="get_language_display", label=_("Language"), sort_key="language"),
            BooleanColumn("is_staff", label=_("Edits the site"), sort_key="is_staff"),
            BooleanColumn("is_active", label=_("Active"), sort_key="is_active"),
            DateColumn("last_login", label=_("Last log-in"), sort_key="last_login"),
        ]

    @cached_property
    def search_fields(self):
        return ["name", "email"]

    def order_queryset(self, queryset):
        """Sorts by the column itself; Wagtail would sort "name" by first and last names, which we do not keep."""
        ordering = self.ordering
        if ordering in ("name", "-name"):
            return queryset.order_by(ordering, "email")
        return super().order_queryset(queryset)


class LogInViewSet(users.UserViewSet):
    filterset_class = LogInFilterSet
    index_view_class = LogInIndexView
    create_template_name = "wagtailadmin/generic/create.html"
    edit_template_name = "wagtailadmin/generic/edit.html"

    def get_form_class(self, for_update: bool = False):
        return LogInEditForm if for_update else LogInCreationForm


choose_view, choose_results_view = searching_views("name", "email")


class PersonChooserViewSet(ChooserViewSet):
    """A person out of many, by a piece of the name or the address."""

    model = User
    icon = "user"
    choose_one_text = _("Choose a person")
    choose_another_text = _("Choose another person")
    choose_view_class = choose_view
    choose_results_view_class = choose_results_view


person_chooser = PersonChooserViewSet("person_chooser")
