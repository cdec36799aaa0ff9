"""What the admin of log-ins adds to Wagtail's: the chooser of people, sessions that end with their account, answers about personal data."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail import hooks

from kb.accounts import erasing, personal_views
from kb.accounts.models import User
from kb.accounts.sessions import end_sessions
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


@hooks.register("after_bulk_action")
def end_sessions_of_closed_accounts(request: HttpRequest, action_type: str, objects: Any, action: Any) -> None:
    """Wagtail closes accounts in bulk without saving each: opened again, they must not find their former sessions."""
    if action_type == "set_active_state":
        for user in User.objects.filter(pk__in=[each.pk for each in objects], is_active=False):
            end_sessions(user)
