"""What the groups add to the admin: the menu group of people, and the way from a new log-in to its invitation."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from wagtail import hooks
from wagtail.admin import messages

from kb.groups.viewsets import PeopleViewSetGroup


@hooks.register("register_admin_viewset")
def register_people():
    return PeopleViewSetGroup()


@hooks.register("after_create_user")
def lead_to_the_invitation(request: HttpRequest, user: Any) -> None:
    page = messages.button(reverse("people:edit", args=[user.pk]), _("Open this person"))
    messages.info(
        request,
        _(
            "Nothing has been sent to this person yet: the invitation, by which they choose a "
            "password, is on their page."
        ),
        buttons=[page],
    )
