"""Issues in the admin: the list, writing the next one, the form, asking for the approval and giving it.

What is public is decided by `kb.pages.gate`; here nobody is offered what it would refuse, and a refusal is a sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from django.contrib.admin.utils import quote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.generic import View
from wagtail.admin import messages
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.generic import PermissionCheckedMixin
from wagtail.admin.widgets.button import Button, HeaderButton
from wagtail.models import TaskState
from wagtail.snippets.views.snippets import (
    CopyView,
    CreateView,
    EditView,
    IndexView,
    SnippetViewSet,
    SnippetViewSetGroup,
    WorkflowActionView,
)

from kb.backoffice.counting import CappedPaginator
from kb.newsletter.admin import sending_views
from kb.newsletter.admin.panels import EDIT_HANDLER
from kb.newsletter.admin.subscribers import SubscriberViewSet
from kb.newsletter.issues import agreeing, composing, states
from kb.newsletter.models import Issue
from kb.pages.news import NewsSource
from kb.pages.texts import Texts

CHANGED_MEANWHILE = _(
    "Somebody saved another version while you were reading: nothing was approved. "
    "What you see is what you had; open the issue again to read the newest."
)
ASKED_FOR_ANOTHER = _(
    "This issue was changed after its approval was asked for. Open it, read it, and approve it there."
)

DONE = {
    "submit": _("The approval of no. %(number)s is asked for."),
    "approve": _("No. %(number)s is approved: it is public, and can be sent."),
    "reject": _("Changes are asked for in no. %(number)s; who asked for the approval is told."),
    "restart-workflow": _("The approval of no. %(number)s is asked for."),
    "cancel-workflow": _("The approval of no. %(number)s is no longer asked for: it is a draft again."),
}


def url_of(issue: Issue, name: str = "edit") -> str:
    return reverse(Issue.snippet_viewset.get_url_name(name), args=[quote(issue.pk)])


def refusal(error: ValidationError) -> str:
    return " ".join(error.messages)


def sending_buttons(request: HttpRequest, issue: Issue, kind: type[Button]) -> list[Button]:
    """The way to the trial and the sending of this issue, for those who may send."""
    if not request.user.has_perm(sending_views.PERMISSION):
        return []
    return [kind(gettext("Sending"), url=reverse(sending_views.ADDRESS, args=[issue.pk]), icon_name="mail")]


def asking_buttons(request: HttpRequest, issue: Issue) -> list[Button]:
    """The way to the Steering Committee's agreement, where issues need it, for those who may ask."""
    if not agreeing.is_chosen() or not request.user.has_perm("decisions.change_decision"):
        return []
    url = f"{reverse('decision:ask')}?subject={issue.search_subject()}"
    label = gettext("Ask for the committee's agreement…")
    return [Button(label, url=url, icon_name="tick-inverse", priority=15)]


# The list


class TitleColumn(Column):
    """The title of the newest version, in the language of the moment."""

    def get_value(self, instance: Issue) -> str:
        return str(Texts(instance.newest_title or instance.title))


class DayColumn(Column):
    """The day itself: Wagtail's own column says "13 years ago"."""

    def get_value(self, instance: Issue) -> str:
        return date_format(instance.date)


class StateColumn(Column):
    cell_template_name = "newsletter/admin/state_cell.html"

    def get_value(self, instance: Issue) -> states.Standing:
        return states.standing(instance)


class IssueIndex(IndexView):
    """Newest first; the same number of queries whatever its rows. Issues are begun by "Write the next issue"."""

    paginator_class = CappedPaginator
    default_ordering = "-number"
    list_display = [
        "number",
        TitleColumn("newest_title", label=_("Lead story")),
        DayColumn("date", label=_("Date"), sort_key="date"),
        StateColumn("state", label=_("State")),
    ]

    def get_base_queryset(self):
        rows = super().get_base_queryset().annotate(newest_title=F("latest_revision__content__title"))
        return states.with_states(rows)

    def _annotate_queryset_updated_at(self, queryset):
        return queryset  # it would bring the whole content of each newest version along

    def get_add_url(self):
        return None

    def get_list_more_buttons(self, instance):
        return [*super().get_list_more_buttons(instance), *sending_buttons(self.request, instance, Button)]

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        may_add = self.user_has_permission("add")
        return {
            **context,
            "next_url": reverse(Issue.snippet_viewset.get_url_name("next")) if may_add else "",
            "proposed": composing.proposed_date(),
            "rhythm_url": reverse("wagtailsettings:edit", args=["newsletter", "newslettersettings"]),
        }


class WriteNext(PermissionCheckedMixin, View):
    """POST: the next issue, drafted from what became public since the last one."""

    permission_required = "add"
    http_method_names = ["post"]
    model = Issue

    def post(self, request: HttpRequest) -> HttpResponse:
        is_begun, counts = composing.open_draft() is not None, composing.whats_new()
        issue = composing.compose(by=request.user)
        messages.success(request, already_begun(issue) if is_begun else what_was_gathered(issue, counts))
        return HttpResponseRedirect(url_of(issue))


def already_begun(issue: Issue) -> str:
    return gettext(
        "No. %(number)s is being written already: here it is. “Save and gather what is new” adds what came since."
    ) % {"number": issue.number}


def what_was_gathered(issue: Issue, counts: Sequence[tuple[NewsSource, int]]) -> str:
    """ "No. 14 is drafted from what became public. Articles: 2, In the library: 12." Or that there was nothing."""
    found = ", ".join(
        gettext("%(heading)s: %(count)s") % {"heading": source.label(), "count": count} for source, count in counts
    )
    if found:
        return gettext("No. %(number)s is drafted from what became public. %(found)s.") % {
            "number": issue.number,
            "found": found,
        }
    last = Issue.objects.exclude(pk=issue.pk).order_by("-number").values_list("number", flat=True).first()
    if last is None:
        return gettext("No. %(number)s is drafted, without items: nothing is public yet.") % {"number": issue.number}
    return gettext("No. %(number)s is drafted, without items: nothing became public since no. %(last)s.") % {
        "number": issue.number,
        "last": last,
    }


# The form


if TYPE_CHECKING:
    _View: TypeAlias = CreateView
else:
    _View = object


class IssueForms(_View):
    """What writing a new issue and changing one have in common: nobody publishes, whatever is posted."""

    def get_available_actions(self):
        return [action for action in super().get_available_actions() if action != "publish"]

    def is_valid(self, form) -> bool:
        if "action-publish" in self.request.POST:
            return self.refuse(Issue.gate.not_approved)
        return super().is_valid(form)

    def get_success_message(self, instance=None) -> str:
        done = self.workflow_action if self.action == "workflow-action" else self.action
        if done in DONE:
            return str(DONE[done]) % {"number": (instance or self.object).number}
        return super().get_success_message(instance)

    def refuse(self, sentence) -> bool:
        self.produced_error_code, self.produced_error_message = "refused", str(sentence)
        return False


class IssueCreate(IssueForms, CreateView):
    def get_initial_form_instance(self):
        return Issue(number=composing.next_number(), date=composing.proposed_date())


class IssueCopy(IssueForms, CopyView):
    """A copy has a number of its own."""

    def get_initial_form_instance(self):
        issue = super().get_initial_form_instance()
        issue.number, issue.date = composing.next_number(), composing.proposed_date()
        return issue


class IssueEdit(IssueForms, EditView):
    """Saves drafts; "gather" saves, then adds what became public since; approving agrees to what the form shows."""

    def setup(self, request, *args, **kwargs) -> None:
        super().setup(request, *args, **kwargs)
        self.saving_as_draft = self.saving_as_draft or (request.method == "POST" and self.action == "gather")

    def get_available_actions(self):
        return [*super().get_available_actions(), *(["gather"] if may_gather(self.object) else [])]

    def is_valid(self, form) -> bool:
        if self.approves and self.is_out_of_date:
            # The form keeps saying what it was made from: pressing again is refused again.
            loaded = self.request.POST.get("loaded_revision_id")
            known = (pk for pk in self.object.revisions.values_list("pk", flat=True) if str(pk) == loaded)
            self.object.latest_revision_id = next(known, self.object.latest_revision_id)
            return self.refuse(CHANGED_MEANWHILE)
        return super().is_valid(form)

    @cached_property
    def header_buttons(self):
        return [*super().header_buttons, *sending_buttons(self.request, self.object, HeaderButton)]

    @cached_property
    def header_more_buttons(self):
        return [*super().header_more_buttons, *asking_buttons(self.request, self.object)]

    @property
    def approves(self) -> bool:
        return self.action == "workflow-action" and self.workflow_action == "approve"

    def gather_action(self) -> HttpResponse:
        count = composing.gather_again(self.object, by=self.request.user)
        give_rows(self.object, by=self.request.user)
        if count:
            sentence = ngettext(
                "%(count)s item was added, at the end of its heading.",
                "%(count)s items were added, at the end of their headings.",
                count,
            )
            messages.success(self.request, sentence % {"count": count})
        else:
            messages.info(self.request, gettext("Nothing more became public. What you wrote is saved."))
        return HttpResponseRedirect(self.get_edit_url())

    def workflow_action_action(self) -> HttpResponse | None:
        """The version just saved is the one that is agreed to; a refusal leaves it as a draft."""
        try:
            with transaction.atomic():
                if self.approves:
                    TaskState.objects.filter(pk=self.object.current_workflow_task_state.pk).update(
                        revision=self.new_revision
                    )
                return super().workflow_action_action()
        except ValidationError as error:
            messages.error(self.request, refusal(error))
            return HttpResponseRedirect(self.get_edit_url())


def give_rows(issue: Issue, *, by: Any) -> None:
    """Items that came get their rows, by which the form knows them again and the language each was written in first."""
    newest = Issue.objects.get(pk=issue.pk).get_latest_revision_as_object()
    if any(item.pk is None for item in newest.items.all()):
        newest.save()
        newest.save_revision(user=by, clean=False)


def may_gather(issue: Issue | None) -> bool:
    """Drafts that were never public, unless they wait for an approval."""
    return issue is not None and not issue.live and issue.first_published_at is None and not issue.workflow_in_progress


class IssueWorkflowAction(WorkflowActionView):
    """Approving from a list, without the form: only what was asked for, and if it is still the newest version."""

    def post(self, request, *args, **kwargs):
        if self.task_state.workflow_state.object_id != str(self.object.pk):
            raise PermissionDenied
        if self.action_name == "approve" and self.task_state.revision_id != self.object.latest_revision_id:
            return self.refused(str(ASKED_FOR_ANOTHER))
        try:
            return super().post(request, *args, **kwargs)
        except ValidationError as error:
            return self.refused(refusal(error))

    def refused(self, sentence: str) -> HttpResponse:
        messages.error(self.request, sentence)
        if self.request.headers.get("x-requested-with") == "XMLHttpRequest":
            return self.render_modal_json(self.request, {"step": "success", "redirect": url_of(self.object)})
        return HttpResponseRedirect(url_of(self.object))


class IssueViewSet(SnippetViewSet):
    model = Issue
    icon = "doc-full"
    menu_label = _("Issues")
    menu_name = "newsletter-issues"
    ordering = "-number"
    paginator_class = CappedPaginator
    index_template_name = "newsletter/admin/issues.html"
    index_view_class = IssueIndex
    add_view_class = IssueCreate
    copy_view_class = IssueCopy
    edit_view_class = IssueEdit
    workflow_action_view_class = IssueWorkflowAction
    edit_handler = EDIT_HANDLER

    @property
    def next_view(self):
        return self.construct_view(WriteNext)

    def get_urlpatterns(self):
        return [
            *super().get_urlpatterns(),
            path("next/", self.next_view, name="next"),
        ]  # the first is the address of the menu


class NewsletterViewSetGroup(SnippetViewSetGroup):
    menu_label = "L'Échos-CASS"
    menu_name = "newsletter"
    menu_icon = "mail"
    menu_order = 250
    items = (IssueViewSet, SubscriberViewSet)
