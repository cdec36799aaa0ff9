"""What the directory adds to the admin: the choosers of organisations and services."""

from wagtail import hooks

from kb.directory.admin.viewsets import organisation_chooser, service_chooser


@hooks.register("register_admin_viewset")
def register_choosers():
    return [organisation_chooser, service_chooser]
