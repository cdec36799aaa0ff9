"""What the site's own pages add to the admin: the handbook, an entry of its menu of help; the way to the committee's
agreement, and its refusals.
"""

from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from home.articles.asking import ask_button
from home.articles.refusing import PublishAgreed, refuse_copying, refuse_publishing


class HandbookItem(MenuItem):
    """Entries are kept for everybody: the address is read in the language of each request."""

    def render_component(self, request):
        component = super().render_component(request)
        component.url = str(self.url)
        return component


@hooks.register("register_help_menu_item")
def add_handbook() -> MenuItem:
    return HandbookItem(_("Handbook"), reverse_lazy("handbook:index"), name="handbook", icon_name="help", order=10)


hooks.register("before_publish_page", refuse_publishing)
hooks.register("before_copy_page", refuse_copying)
hooks.register("register_bulk_action", PublishAgreed, order=100)  # after Wagtail's, in whose place it comes


@hooks.register("register_page_header_buttons")
def add_asking(page, user, view_name, next_url=None):
    return ask_button(page, user, view_name)
