"""Decisions in the admin: asking, entering a meeting or a vote, taking back, looking again."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View
from wagtail.admin import messages
from wagtail.admin.views import generic
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.admin.widgets.button import Button
from wagtail.log_actions import log

from kb.accounts.audiences import STAFF, audiences_of
from kb.backoffice.counting import CappedPaginator
from kb.decisions.admin.forms import EnteredVoteForm, MeetingForm, QuestionForm, ReasonForm, WritingForm
from kb.decisions.choices import RUNNING, Outcome, Purpose, State, Weight
from kb.decisions.deciding import asking, casting, disputing, meeting
from kb.decisions.deciding.comparing import since_agreed
from kb.decisions.errors import Refused
from kb.decisions.models import Ballot, Decision, Vote
from kb.groups.choices import SideName
from kb.groups.models import Body
from kb.pages.agreements import GatedKind, kind_of


class DecisionIndexView(generic.IndexView):
    """Newest first; the same number of queries whatever the rows."""

    paginator_class = CappedPaginator

    def get_base_queryset(self):
        return super().get_base_queryset().select_related("body")

    @cached_property
    def header_more_buttons(self):
        buttons = super().header_more_buttons
        asks = (
            (_("Put a question in writing…"), "decision:ask"),
            (_("Enter what a meeting decided…"), "decision:enter"),
        )
        for label, name in asks:
            buttons.append(Button(label, url=reverse(name), icon_name="plus", priority=10))
        return buttons


class DecisionPage(PermissionCheckedMixin, WagtailAdminTemplateMixin, View):
    header_icon = "tick-inverse"
    permission_policy: Any = None
    permission_required = "change"
    index_url_name = ""
    decision: Decision | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if STAFF not in audiences_of(request):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        if "pk" in kwargs:
            rows = Decision.objects.select_related("body", "asked_by", "manifest", "drafted_by")
            self.decision = get_object_or_404(rows, pk=kwargs["pk"])

    def page(self, **context: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(**context))

    def get_breadcrumbs_items(self):
        crumbs = [*self.breadcrumbs_items, {"url": reverse(self.index_url_name), "label": _("Decisions")}]
        if self.decision is not None:
            url = reverse("decision:page", args=(self.decision.pk,))
            crumbs.append({"url": url, "label": self.decision.code or str(self.decision.question)})
        return [*crumbs, {"url": "", "label": self.get_page_title()}]


class DecisionView(DecisionPage):
    """One decision for a coordinator: who was asked, who has answered (not how), what can be done."""

    template_name = "decisions/admin/page.html"

    def get_page_title(self) -> str:
        assert self.decision is not None
        return self.decision.code or _("Question")

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        decision = self.decision
        assert decision is not None
        answered = Vote.objects.filter(ballot=OuterRef("pk")).exclude(weight=Weight.PAST)
        ballots = (
            decision.ballots.annotate(has_answered=Exists(answered))
            .select_related("user", "mandate__organisation")
            .order_by("side", "user__name", "pk")
        )
        return self.page(
            decision=decision,
            ballots=ballots,
            voted=decision.votes.filter(weight=Weight.COUNTED).count(),
            seats=sum(rule.seats for rule in decision.rules.values()),
            confirmed=[SideName(side).label for side in sorted(meeting.sides_confirmed(decision))],
            rows=decision.manifest.shown() if decision.manifest else (),
            can_enter=decision.state == State.OPEN,
            can_take_back=decision.state in RUNNING,
            can_look=decision.disputed_at is not None and decision.looked_at_by_editor is None,
            can_withdraw=decision.outcome == Outcome.AGREEMENT
            and decision.purpose == Purpose.PUBLISH
            and decision.is_in_force,
            can_word=decision.state == State.CLOSED,
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A coordinator has looked at a disputed outcome: it stands."""
        try:
            disputing.looked_by_editor(pk, by=request.user)
        except Refused as refused:
            messages.warning(request, refused.sentence)
        else:
            log(instance=self.decision, action="wagtail.edit")
            messages.success(request, _("Noted: you have looked at it. It comes back once a seat has looked too."))
        return redirect("decision:page", pk)


class _QuestionPage(DecisionPage):
    """A question is about a thing (?subject=library.reference:17), an agreement (?withdraws=4) or neither."""

    form_class: type[QuestionForm]
    submit_label: Any = ""

    def get(self, request: HttpRequest) -> HttpResponse:
        body = self._body()
        if body is None:
            return self.page(bodies=_bodies(), no_body=True)
        return self._form_page(self._form(body))

    def post(self, request: HttpRequest) -> HttpResponse:
        body = self._body()
        if body is None:
            return self.page(bodies=_bodies(), no_body=True)
        form = self._form(body, request.POST)
        if not form.is_valid():
            messages.error(request, _("Nothing is saved yet: correct what is marked below."))
            return self._form_page(form)
        try:
            decision = self.put(form)
        except Refused as refused:
            form.add_error(None, refused.sentence)
            messages.error(request, _("Nothing is saved yet: correct what is marked below."))
            return self._form_page(form)
        log(instance=decision, action="wagtail.create")
        messages.success(request, self.said(decision))
        return redirect("decision:page", decision.pk)

    def put(self, form: Any) -> Decision:
        raise NotImplementedError

    def said(self, decision: Decision) -> str:
        raise NotImplementedError

    def _form(self, body: Body, *data: Any) -> QuestionForm:
        return self.form_class(body, *data, about=self._about(), withdraws=self._withdraws())

    def _form_page(self, form: QuestionForm) -> HttpResponse:
        about = self._about()
        more: dict[str, Any] = {"about_title": "", "since": None}
        if about is not None:
            kind, pk = about
            try:
                rows = kind.shown(pk, frozenset(part.key for part in form.offered if not part.refusal))
            except LookupError:  # gone since the form was opened
                rows = ()
            subject = f"{kind.name}:{pk}"
            more["running"] = Decision.objects.filter(manifest__subject=subject, state__in=RUNNING).first()
            more |= {"about_title": kind.titles(pk), "since": since_agreed(f"{kind.name}:{pk}", rows)}
        return self.page(form=form, body=form.body, media=form.media, submit_label=self.submit_label, **more)

    def _body(self) -> Body | None:
        """The one that decides: named in the address, else the only one that has seats."""
        named = self.request.GET.get("body", "")
        bodies = _bodies()
        if named:
            return next((body for body in bodies if body.code == named), None)
        return bodies[0] if len(bodies) == 1 else None

    def _about(self) -> tuple[GatedKind, int] | None:
        subject = self.request.GET.get("subject", "")
        if not subject or self.request.GET.get("withdraws"):
            return None
        try:
            kind, pk = kind_of(subject)
            kind.titles(pk)
        except LookupError:
            raise Http404 from None
        return kind, pk

    def _withdraws(self) -> Decision | None:
        """Only the body that agreed withdraws."""
        named = self.request.GET.get("withdraws", "")
        if not named.isdecimal():
            return None
        agreed = Decision.objects.filter(outcome=Outcome.AGREEMENT, purpose=Purpose.PUBLISH, body=self._body())
        return get_object_or_404(agreed, pk=named)


class AskView(_QuestionPage):
    template_name = "decisions/admin/ask.html"
    page_title = gettext_lazy("Put a question in writing")
    submit_label = gettext_lazy("Send the question to the seats")
    form_class = WritingForm

    def put(self, form: WritingForm) -> Decision:
        return asking.ask(form.as_question(form.named), closes_at=form.cleaned_data["closes_at"], by=self.request.user)

    def said(self, decision: Decision) -> str:
        return _("The question is put: each voice gets its link by mail.")


class EnterView(_QuestionPage):
    template_name = "decisions/admin/meeting.html"
    page_title = gettext_lazy("Enter what a meeting decided")
    submit_label = gettext_lazy("Note it and ask the seats to confirm")
    form_class = MeetingForm

    def put(self, form: MeetingForm) -> Decision:
        return meeting.enter(form.as_question(), form.sat, held_on=form.cleaned_data["held_on"], by=self.request.user)

    def said(self, decision: Decision) -> str:
        return _(
            "Noted. It takes effect when one seat of each side has confirmed it and 48 hours passed without objection."
        )


class EnterVoteView(DecisionPage):
    template_name = "decisions/admin/vote.html"
    page_title = gettext_lazy("Enter a vote by telephone or on paper")

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        assert self.decision is not None
        return self.page(form=EnteredVoteForm(self.decision), decision=self.decision)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        assert self.decision is not None
        form = EnteredVoteForm(self.decision, request.POST)
        if form.is_valid():
            given = form.cleaned_data
            ballot: Ballot = given["ballot"]
            try:
                casting.cast(ballot.pk, given["choice"], given["word"], way=given["way"], entered_by=request.user)
            except Refused as refused:
                form.add_error(None, refused.sentence)
            else:
                log(instance=self.decision, action="wagtail.edit")
                done = _("The vote is entered; %(person)s gets the receipt.")
                messages.success(request, done % {"person": ballot.user})
                return redirect("decision:page", pk)
        messages.error(request, _("Nothing is saved yet: correct what is marked below."))
        return self.page(form=form, decision=self.decision)


class TakeBackView(DecisionPage):
    template_name = "decisions/admin/take_back.html"
    page_title = gettext_lazy("Take the question back")

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.page(form=ReasonForm(), decision=self.decision)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A second press, or one after the outcome, changes nothing and says so."""
        assert self.decision is not None
        form = ReasonForm(request.POST)
        if not form.is_valid():
            return self.page(form=form, decision=self.decision)
        if asking.take_back(self.decision, reason=form.cleaned_data["reason"]):
            log(instance=self.decision, action="wagtail.edit")
            messages.success(request, _("The question is taken back; those who were asked are told."))
        else:
            messages.warning(request, _("It has an outcome, or was taken back before: nothing changed."))
        return redirect("decision:page", pk)


class WordsView(generic.EditView):
    """The words of the outcome, which the site composed; nothing else of a decision is edited."""

    def get_queryset(self):
        return Decision.objects.filter(state=State.CLOSED)

    def get_success_url(self):
        return reverse("decision:page", args=(self.object.pk,))


def _bodies() -> list[Body]:
    return list(Body.objects.filter(is_active=True, sides__isnull=False).distinct().order_by("code"))
