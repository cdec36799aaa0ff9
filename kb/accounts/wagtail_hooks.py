"""What the admin of log-ins adds to Wagtail's: the chooser of people."""

from wagtail import hooks

from kb.accounts.viewsets import person_chooser


@hooks.register("register_admin_viewset")
def register_person_chooser():
    return person_chooser
