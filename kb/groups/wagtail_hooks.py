"""What the groups add to the admin: the menu group of people."""

from wagtail import hooks

from kb.groups.viewsets import PeopleViewSetGroup


@hooks.register("register_admin_viewset")
def register_people():
    return PeopleViewSetGroup()
