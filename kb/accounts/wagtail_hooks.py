"""What the admin of log-ins adds to Wagtail's: the chooser of people, and the answers to requests about personal data."""

from django.utils.translation import gettext_lazy as _
from wagtail import hooks

from kb.accounts import erasing, personal_views
from kb.accounts.viewsets import person_chooser


@hooks.register("register_admin_viewset")
def register_person_chooser():
    return person_chooser


@hooks.register("register_admin_urls")
def register_personal_data():
    return personal_views.admin_urlpatterns


@hooks.register("register_log_actions")
def register_answers(actions) -> None:
    actions.register_action(erasing.ERASED, _("Erase the account"), _("Account erased"))
    actions.register_action(erasing.EXPORTED, _("Hand over personal data"), _("Personal data handed over"))
