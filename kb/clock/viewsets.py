"""Messages sent by the site, in the admin: a list to read, and two things to do with what did not arrive.

No words of a message are shown here.
"""

from __future__ import annotations

from urllib.parse import urlencode

import django_filters
from django import forms
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import BulkActionsCheckboxColumn, Column, DateColumn, TitleColumn
from wagtail.admin.views import generic
from wagtail.admin.views.bulk_action import BulkAction
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.permission_policies import ModelPermissionPolicy

from kb.accounts import audiences
from kb.backoffice.counting import CappedPaginator
from kb.clock.choices import MailState
from kb.clock.mail.sending import failed_for_editors, give_up, send_again
from kb.clock.models import OutgoingMail
from kb.clock.notices.waiting import SHOWN, Waiting, WaitingList

LIST = "sent_messages"
MAY_ACT = "clock.change_outgoingmail"


class ReadOnlyPolicy(ModelPermissionPolicy):
    """Whoever may view may only view."""

    def user_has_permission(self, user, action) -> bool:
        return action == "view" and super().user_has_permission(user, action)


class MailFilters(WagtailFilterSet):
    state = django_filters.MultipleChoiceFilter(
        choices=MailState.choices, widget=forms.CheckboxSelectMultiple, label=gettext_lazy("State")
    )

    class Meta:
        model = OutgoingMail
        fields = ["state"]


class WhatToDo(Column):
    """A link to the page that asks before it sends again; nothing where nothing can be sent."""

    def get_value(self, instance: OutgoingMail) -> SafeString | str:
        if instance.state == MailState.SENT or not instance.has_content:
            return ""
        query = urlencode({"id": instance.pk, "next": reverse(f"{LIST}:index")})
        address = reverse("wagtail_bulk_action", args=["clock", "outgoingmail", SendAgain.action_type])
        return format_html(
            '<a href="{}?{}" aria-describedby="mail_{}_title">{}</a>', address, query, instance.pk, _("Send again")
        )


class MailIndex(generic.IndexView):
    """Newest first; the same number of queries whatever the rows; what the messages say stays in the database."""

    paginator_class = CappedPaginator
    template_name = "clock/admin/messages.html"

    def get_base_queryset(self):
        has_content = ExpressionWrapper(~Q(sealed=b""), output_field=BooleanField())
        return super().get_base_queryset().defer("sealed").annotate(has_content=has_content)


class MailViewSet(ModelViewSet):
    model = OutgoingMail
    name = url_prefix = LIST
    icon = "mail"
    index_view_class = MailIndex
    list_display = (
        BulkActionsCheckboxColumn("bulk_actions", obj_type="mail"),
        TitleColumn(
            "address", label=gettext_lazy("To"), width="22%", get_title_id=lambda mail: f"mail_{mail.pk}_title"
        ),
        Column("subject", label=gettext_lazy("Subject")),
        Column("state", label=gettext_lazy("State"), accessor="get_state_display"),
        Column("attempts", label=gettext_lazy("Tries")),
        Column("error", label=gettext_lazy("What the mail server said")),
        DateColumn("created_at", label=gettext_lazy("Written")),
        WhatToDo("do", label=gettext_lazy("What you can do")),
    )
    filterset_class = MailFilters
    search_fields = ("address", "subject")
    search_backend_name = None
    ordering = ("-id",)
    list_per_page = 50
    form_fields: list[str] = []
    add_to_reference_index = False

    @property
    def permission_policy(self) -> ReadOnlyPolicy:
        return ReadOnlyPolicy(self.model)

    def get_urlpatterns(self):
        """The list alone."""
        return [pattern for pattern in super().get_urlpatterns() if pattern.name in ("index", "index_results")]


class MailBulkAction(BulkAction):
    """A GET shows the messages and asks; the POST does it."""

    models = [OutgoingMail]
    template_name = "clock/admin/bulk_action.html"
    question: str | Promise = ""

    def check_perm(self, obj: OutgoingMail) -> bool:
        return self.request.user.has_perm(MAY_ACT)

    def get_all_objects_in_listing_query(self, parent_id):
        return failed_for_editors().values_list("pk", flat=True)

    def get_context_data(self, **kwargs):
        return {**super().get_context_data(**kwargs), "question": self.question, "action": self.display_name}


class SendAgain(MailBulkAction):
    display_name = gettext_lazy("Send again")
    action_type = "send_again"
    aria_label = gettext_lazy("Send the chosen messages again")
    action_priority = 10
    question = gettext_lazy(
        "Send these messages again? Those that arrived, and those whose words are no longer kept, are left out."
    )

    @classmethod
    def execute_action(cls, objects, **kwargs):
        return 0, send_again(_rows(objects))

    def get_success_message(self, num_parent_objects, num_child_objects):
        return ngettext(
            "%(count)d message is on its way again.", "%(count)d messages are on their way again.", num_child_objects
        ) % {"count": num_child_objects}


class GiveUp(MailBulkAction):
    display_name = gettext_lazy("Leave it")
    action_type = "give_up"
    aria_label = gettext_lazy("Leave the chosen messages unsent")
    action_priority = 20
    question = gettext_lazy(
        "Leave these messages unsent? Their words are forgotten, and nobody is asked about "
        "them any more. Only failed ones are concerned."
    )

    @classmethod
    def execute_action(cls, objects, **kwargs):
        return 0, give_up(_rows(objects))

    def get_success_message(self, num_parent_objects, num_child_objects):
        return ngettext("%(count)d message stays unsent.", "%(count)d messages stay unsent.", num_child_objects) % {
            "count": num_child_objects
        }


def _rows(objects):
    return OutgoingMail.objects.filter(pk__in=[mail.pk for mail in objects])


def failed_mail(user, held: frozenset[str]) -> WaitingList:
    """What waits for editors: messages that did not arrive.

    Two queries; named only in a session that passed the second factor.
    """
    if not user.is_staff or not user.has_perm(MAY_ACT):
        return WaitingList(0)
    failed = failed_for_editors()
    total = failed.count()
    address = f"{reverse(f'{LIST}:index')}?state={MailState.FAILED}"
    if not total or audiences.STAFF not in held:
        return WaitingList(total, url=address)
    things = (
        Waiting(mail.subject or mail.address, address, since=mail.created_at, word=mail.address)
        for mail in failed.defer("sealed")[:SHOWN]
    )
    return WaitingList(total, tuple(things), url=address)


ACTIONS = (SendAgain, GiveUp)
