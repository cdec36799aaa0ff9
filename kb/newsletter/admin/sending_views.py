"""The sending of an issue in the admin: what it would be, a trial message, now or at an hour, how far it is, stop,
resume, call off.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views import View
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from kb.accounts.audiences import STAFF, audiences_of
from kb.accounts.sessions.ending import PersonRequest
from kb.backoffice.counting import CappedPaginator
from kb.clock.notices.waiting import SHOWN, Waiting, WaitingList
from kb.newsletter.admin.sending_forms import ScheduleForm, TrialForm
from kb.newsletter.choices import NOT_DELIVERED, OPEN_DELIVERIES, DeliveryState, SendingState
from kb.newsletter.models import Issue, Sending
from kb.newsletter.sending import steps
from kb.newsletter.sending.forecast import foretell
from kb.newsletter.sending.trial import send_trial

ADDRESS = "newsletter_sending"
PERMISSION = "newsletter.change_sending"
ROWS = 50
_STARTABLE = (None, SendingState.SCHEDULED, SendingState.UNAPPROVED)


class SendingPage(WagtailAdminTemplateMixin, View):
    """The furniture of these pages, for editors whose session passed the second factor."""

    header_icon = "mail"
    page_title = gettext_lazy("Sending")
    request: PersonRequest

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        if not request.user.has_perm(PERMISSION) or STAFF not in audiences_of(request):
            raise PermissionDenied
        self.issue = get_object_or_404(Issue.objects.select_related("latest_revision"), pk=kwargs["pk"])
        self.sending = Sending.objects.filter(issue=self.issue).select_related("issue", "revision").first()

    def get_breadcrumbs_items(self):
        viewset = Issue.snippet_viewset
        return [
            *self.breadcrumbs_items,
            {"url": reverse(viewset.get_url_name("list")), "label": _("L'Échos-CASS")},
            {
                "url": reverse(viewset.get_url_name("edit"), args=[self.issue.pk]),
                "label": _("No. %(number)s") % {"number": self.issue.number},
            },
            {"url": "", "label": self.get_page_title()},
        ]

    def page(self, **context: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(issue=self.issue, sending=self.sending, **context))


@dataclass(frozen=True, slots=True)
class Count:
    """A line of how far it is."""

    label: str
    number: int


@dataclass(frozen=True, slots=True)
class Progress:
    """done of `most` deliveries; summary says it in words."""

    done: int
    most: int
    summary: str
    counts: tuple[Count, ...]


class SendingView(SendingPage):
    """GET shows; POST does what one button says. A fixed number of queries, whatever the deliveries."""

    template_name = "newsletter/admin/sending.html"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._shown()

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        action = getattr(self, f"_{request.POST.get('action', '')}_action", None)
        if action is None:
            raise Http404
        try:
            answer = action()
        except steps.CannotSend as error:
            messages.error(request, str(error))
            answer = None
        return answer or redirect(ADDRESS, pk)

    def _shown(self, *, trial: TrialForm | None = None, schedule: ScheduleForm | None = None) -> HttpResponse:
        state = self.sending.state if self.sending else None
        begun = state in (SendingState.SENDING, SendingState.STOPPED, SendingState.DONE)
        return self.page(
            trial=trial or TrialForm(),
            schedule=schedule or ScheduleForm(),
            foretold=foretell(self.issue),
            progress=progress_of(self.sending) if self.sending and begun else None,
            may_start=state in _STARTABLE,
            may_cancel=self.sending is not None
            and not (begun and steps.has_begun(self.sending))
            and state != SendingState.SENDING,
            is_running=state == SendingState.SENDING,
            is_scheduled=state == SendingState.SCHEDULED,
            leaves_at=_moment(self.sending.starts_at) if self.sending else "",
            is_stopped=state == SendingState.STOPPED,
            not_delivered=self.sending.deliveries.filter(state__in=NOT_DELIVERED).exists()
            if self.sending and begun
            else False,
        )

    # One for each button

    def _trial_action(self) -> HttpResponse | None:
        form = TrialForm(self.request.POST)
        if not form.is_valid():
            return self._shown(trial=form)
        send_trial(self.issue, form.cleaned_data["languages"], to=self.request.user)
        messages.success(
            self.request, _("The trial is on its way to %(address)s.") % {"address": self.request.user.email}
        )
        return None

    def _ask_action(self) -> HttpResponse | None:
        steps.check_approved(self.issue)
        return redirect("newsletter_sending_now", self.issue.pk)

    def _schedule_action(self) -> HttpResponse | None:
        form = ScheduleForm(self.request.POST)
        if not form.is_valid():
            return self._shown(schedule=form)
        steps.start(self.issue, by=self.request.user, starts_at=form.starts_at)
        messages.success(self.request, _("It will be sent on %(moment)s.") % {"moment": _moment(form.starts_at)})
        return None

    def _stop_action(self) -> None:
        steps.stop(self._of_issue())
        messages.success(
            self.request,
            _("The sending is stopped. Those who have the issue keep it; the others wait until you resume."),
        )

    def _resume_action(self) -> None:
        steps.go_on(self._of_issue())
        messages.success(self.request, _("The sending goes on where it was."))

    def _cancel_action(self) -> None:
        steps.cancel(self._of_issue())
        messages.success(self.request, _("The sending is called off. Nothing was sent."))

    def _of_issue(self) -> Sending:
        if self.sending is None:
            raise Http404
        return self.sending


class SendNowView(SendingPage):
    """Asks first, and says to how many; the POST sends."""

    template_name = "newsletter/admin/send_now.html"
    page_title = gettext_lazy("Send now")

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        foretold = foretell(self.issue)
        if foretold.refusal:
            messages.error(request, foretold.refusal)
            return redirect(ADDRESS, pk)
        return self.page(foretold=foretold)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            steps.start(self.issue, by=request.user)
        except steps.CannotSend as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("The sending has begun. You can leave this page: it goes on without you."))
        return redirect(ADDRESS, pk)


class NotDeliveredView(SendingPage):
    """Deliveries that did not arrive, with what the server said; page by page."""

    template_name = "newsletter/admin/not_delivered.html"
    page_title = gettext_lazy("Not delivered")

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        if self.sending is None:
            raise Http404
        rows = self.sending.deliveries.filter(state__in=NOT_DELIVERED).select_related("subscriber").order_by("pk")
        return self.page(rows=CappedPaginator(rows, ROWS).get_page(request.GET.get("p")))


def progress_of(sending: Sending) -> Progress:
    """Two queries."""
    found = steps.counts(sending)
    most, open_ = sum(found.values()), sum(found[state] for state in OPEN_DELIVERIES)
    lines = [
        Count(_("Sent"), found[DeliveryState.SENT] + found[DeliveryState.BOUNCED]),
        Count(_("Waiting"), open_),
        Count(_("Refused by the mail server"), found[DeliveryState.REFUSED]),
        Count(_("Given up after several tries"), found[DeliveryState.GAVE_UP]),
        Count(_("Left out: no longer subscribed"), found[DeliveryState.LEFT_OUT]),
        Count(_("Came back after it was sent"), found[DeliveryState.BOUNCED]),
        Count(_("Unsubscribed since"), steps.unsubscribed_since(sending)),
    ]
    return Progress(most - open_, most, _summary(sending, most - open_, most), tuple(lines))


def _summary(sending: Sending, done: int, most: int) -> str:
    """One sentence about where it stands."""
    values = {"done": done, "all": most}
    if sending.state == SendingState.DONE:
        return _("The sending ended on %(moment)s.") % {"moment": _moment(sending.finished_at)}
    if sending.state == SendingState.STOPPED:
        return (
            ngettext(
                "Stopped: %(done)d of %(all)d message handled.", "Stopped: %(done)d of %(all)d messages handled.", most
            )
            % values
        )
    if not sending.is_prepared:
        return _("Being prepared: the list of subscribers is written down.")
    if sending.trouble:
        return _("Waiting for the mail server: %(done)d of %(all)d handled. Next try: %(moment)s.") % {
            **values,
            "moment": _moment(sending.next_batch_at or sending.starts_at),
        }
    return (
        ngettext(
            "Being sent: %(done)d of %(all)d message handled.",
            "Being sent: %(done)d of %(all)d messages handled.",
            most,
        )
        % values
    )


def _moment(value: datetime | None) -> str:
    """ "24 novembre 2026 à 09:30": a day and an hour as they are said in the language of the moment."""
    local = localtime(value) if value else None
    return (
        _("%(day)s at %(hour)s") % {"day": date_format(local), "hour": date_format(local, "TIME_FORMAT")}
        if local
        else ""
    )


def in_trouble(user: Any, held: frozenset[str]) -> WaitingList:
    """What waits for editors: sendings that stopped by themselves or find no server.

    Two queries; named only with the second factor.
    """
    if not user.is_staff or not user.has_perm(PERMISSION):
        return WaitingList(0)
    found = list(steps.stopped_by_themselves()[: SHOWN + 1])
    total = len(found) if len(found) <= SHOWN else steps.stopped_by_themselves().count()
    address = reverse(Issue.snippet_viewset.get_url_name("list"))
    if STAFF not in held:
        return WaitingList(total, url=address)
    things = tuple(
        Waiting(
            _("L'Échos-CASS no. %(number)s") % {"number": one.issue.number},
            reverse(ADDRESS, args=[one.issue.pk]),
            since=one.started_at or one.created_at,
            word=one.get_trouble_display(),
        )
        for one in found[:SHOWN]
    )
    return WaitingList(total, things, url=address)


urlpatterns = [
    path("newsletter/sending/<int:pk>/", SendingView.as_view(), name=ADDRESS),
    path("newsletter/sending/<int:pk>/now/", SendNowView.as_view(), name="newsletter_sending_now"),
    path("newsletter/sending/<int:pk>/not-delivered/", NotDeliveredView.as_view(), name="newsletter_not_delivered"),
]
