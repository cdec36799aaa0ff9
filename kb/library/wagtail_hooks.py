"""The library's place in the admin: its list, its actions on many rows, the list of files that could not be read."""

from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.log_actions import LogFormatter
from wagtail.snippets.models import register_snippet

from kb.library.admin import duplicates, versions
from kb.library.admin import names as authority_views
from kb.library.admin.bulk_actions import ACTIONS
from kb.library.admin.viewsets import ANYTHING, UNREAD, ReferenceViewSet
from kb.library.catalogue.versions import LOG_ACTION
from kb.library.models import Reference

register_snippet(ReferenceViewSet)
for action in ACTIONS:
    hooks.register("register_bulk_action", action)


class LibraryItem(MenuItem):
    """For those who keep references."""

    def is_shown(self, request) -> bool:
        return request.user.has_perm("library.change_reference")


@hooks.register("register_reports_menu_item")
def list_unread_files() -> MenuItem:
    """The list of references, filtered."""
    address = reverse(Reference.snippet_viewset.get_url_name("list"))
    return LibraryItem(
        _("Files that could not be read"),
        f"{address}?reading={UNREAD}",
        name="unread-files",
        icon_name="warning",
        order=50,
    )


@hooks.register("register_reports_menu_item")
def list_what_is_to_verify() -> MenuItem:
    """The list of references, filtered."""
    address = reverse(Reference.snippet_viewset.get_url_name("list"))
    return LibraryItem(
        _("References to verify"), f"{address}?to_verify={ANYTHING}", name="to-verify", icon_name="help", order=55
    )


@hooks.register("register_admin_urls")
def add_authority_list():
    return authority_views.urlpatterns


@hooks.register("register_admin_urls")
def add_duplicates():
    return duplicates.urlpatterns


@hooks.register("register_admin_urls")
def add_taking_versions_away():
    return versions.urlpatterns


@hooks.register("register_log_actions")
def name_log_actions(actions) -> None:
    @actions.register_action(LOG_ACTION)
    class TakeVersionAway(LogFormatter):
        label = _("Take a version away")

        def format_message(self, log_entry) -> str:
            return gettext("Version %(version)s was taken away") % {"version": log_entry.data.get("version", "")}


@hooks.register("register_reports_menu_item")
def list_duplicates() -> MenuItem:
    return LibraryItem(
        _("Possible duplicates"), reverse(duplicates.ADDRESS), name="duplicates", icon_name="copy", order=60
    )


@hooks.register("register_settings_menu_item")
def list_names() -> MenuItem:
    return LibraryItem(
        _("Names of creators and publishers"),
        reverse("library_names", args=["creator"]),
        name="names",
        icon_name="user",
        order=60,
    )


@hooks.register("insert_global_admin_css")
def link_admin_css() -> str:
    return format_html('<link rel="stylesheet" href="{}">', static("css/admin.css"))
