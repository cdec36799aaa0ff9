"""The handbook in the admin: an entry of its menu of help."""

from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem


class HandbookItem(MenuItem):
    """Entries are kept for everybody: the address is read in the language of each request."""

    def render_component(self, request):
        component = super().render_component(request)
        component.url = str(self.url)
        return component


@hooks.register("register_help_menu_item")
def add_handbook() -> MenuItem:
    return HandbookItem(_("Handbook"), reverse_lazy("handbook:index"), name="handbook", icon_name="help", order=10)
