"""What the directory adds to the admin: the chooser of organisations."""

from wagtail import hooks

from kb.directory.viewsets import organisation_chooser


@hooks.register("register_admin_viewset")
def register_organisation_chooser():
    return organisation_chooser
