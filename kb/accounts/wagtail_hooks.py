"""What the admin of log-ins adds to Wagtail's: the chooser of people, sessions that end with their account, answers
about personal data.
"""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks

from kb.accounts.models import User
from kb.accounts.noting import note
from kb.accounts.personal_data import erasing
from kb.accounts.personal_data import views as personal_views
from kb.accounts.sessions.ending import end_sessions
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


@hooks.register("before_delete_user")
def erase_instead_of_deleting(request: HttpRequest, user: Any) -> HttpResponse:
    """Deleting would take mandates out of the statistics, and leave the name in every log and history."""
    return HttpResponseRedirect(reverse("account_erase_person", args=[user.pk]))


@hooks.register("before_bulk_action")
def delete_no_accounts_in_bulk(
    request: HttpRequest, action_type: str, objects: Any, action: Any
) -> HttpResponse | None:
    if action_type == "delete" and action.model is User:
        messages.error(
            request, _("Nobody was deleted. Accounts are erased one by one: open the person, then “Personal data”.")
        )
        return HttpResponseRedirect(action.next_url)
    return None


@hooks.register("after_bulk_action")
def end_sessions_of_closed_accounts(request: HttpRequest, action_type: str, objects: Any, action: Any) -> None:
    """Wagtail closes accounts in bulk without saving each: opened again, they must not find their former sessions."""
    if action_type == "set_active_state":
        for each in User.objects.filter(pk__in=[each.pk for each in objects]):
            note("accounts.user changed", each, is_active=each.is_active)
        for user in User.objects.filter(pk__in=[each.pk for each in objects], is_active=False):
            end_sessions(user)
