"""People in the admin, for every editor: person, invitations, change of employer, closing.

The list is in `lists`; log-ins are Wagtail's.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views import View
from wagtail.admin import messages
from wagtail.admin.ui.tables import Column, DateColumn, TitleColumn
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.admin.viewsets.base import ViewSet
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.log_actions import log
from wagtail.permissions import ModelPermissionPolicy

from kb.accounts.choices import InvitationState
from kb.accounts.login import invitations
from kb.accounts.login.invitations import invitation_state, never_came, with_invitation
from kb.accounts.models import User
from kb.accounts.sessions.ending import PersonRequest, end_sessions
from kb.backoffice.counting import numbers_of
from kb.directory.models import Employment
from kb.groups.models import Mandate
from kb.groups.people.bringing_in import is_editor, matching, may_close, people
from kb.groups.people.forms import EmployerForm, EmploymentFormSet, MandateFormSet, PersonForm
from kb.groups.people.inviting import ask_invitations
from kb.groups.people.lists import (
    ChoiceColumn,
    InvitationColumn,
    PeopleFilters,
    PeopleIndexView,
    employers_of,
    in_state,
    seats_of,
)

SHOWN = 20  # names on the page that asks to confirm


class PeoplePage(PermissionCheckedMixin, WagtailAdminTemplateMixin, View):
    """The furniture of the pages of one person, or of several."""

    header_icon = "user"
    permission_policy: Any = None
    permission_required = "change"
    index_url_name = ""
    edit_url_name = ""
    request: PersonRequest

    def get_breadcrumbs_items(self):
        crumbs = [*self.breadcrumbs_items, {"url": reverse(self.index_url_name), "label": _("People")}]
        return [*crumbs, *self.more_crumbs(), {"url": "", "label": self.get_page_title()}]

    def more_crumbs(self) -> list[dict[str, str]]:
        return []

    def page(self, **context: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(**context))


class PersonView(PeoplePage):
    """A new person, or one who is there: their own lines, employments and mandates, saved together."""

    template_name = "groups/admin/people/person.html"
    person: User

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        pk = kwargs.get("pk")
        self.person = get_object_or_404(with_invitation(people()), pk=pk) if pk else User()

    def get_page_title(self) -> str:
        return str(self.person) if self.person.pk else _("Add a person")

    def get(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        return self._form_page(*self._forms(None))

    def post(self, request: PersonRequest, pk: int | None = None) -> HttpResponse:
        form, employments, mandates = self._forms(request.POST)
        if not all([form.is_valid(), employments.is_valid(), mandates.is_valid()]):
            messages.error(request, _("Nothing is saved yet: correct what is marked below."))
            return self._form_page(form, employments, mandates)
        with transaction.atomic():
            try:
                person = form.save()
            except ValidationError as error:  # somebody took the address between the look and the save
                form.add_error(None, error)
                return self._form_page(form, employments, mandates)
            for formset in (employments, mandates):
                formset.instance = person
                formset.save()
            log(instance=person, action="wagtail.edit" if pk else "wagtail.create")
        messages.success(request, _("%(person)s is saved.") % {"person": person})
        if "invite" in request.POST:
            ask_invitations([person.pk], by=request.user)
            messages.success(request, _("The invitation is on its way."))
        return redirect(self.edit_url_name, person.pk)

    def _forms(self, data: Any):
        options = {"data": data, "instance": self.person}
        return PersonForm(**options, by=self.request.user), EmploymentFormSet(**options), MandateFormSet(**options)

    def _form_page(self, form: PersonForm, employments, mandates) -> HttpResponse:
        person = self.person
        return self.page(
            form=form,
            formsets=((_("Where this person works"), employments), (_("Where this person sits"), mandates)),
            person=person,
            media=form.media + employments.media + mandates.media,
            state=invitation_state(person) if person.pk else None,
            states=InvitationState,
            may_invite=bool(person.pk) and never_came(User.objects.filter(pk=person.pk)).exists(),
            may_close=bool(person.pk) and may_close(person, self.request.user),
            is_editor=bool(person.pk) and is_editor(person),
            employers=list(Employment.objects.running().filter(user=person).select_related("organisation"))
            if person.pk
            else [],
        )


class OfPerson(PeoplePage):
    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.person = get_object_or_404(people(), pk=kwargs["pk"])

    def more_crumbs(self) -> list[dict[str, str]]:
        return [{"url": reverse(self.edit_url_name, args=(self.person.pk,)), "label": str(self.person)}]


class EmployerView(OfPerson):
    """From one employer to another.

    Where the person has several, `?from=` says which they leave ("none": the new one comes beside).
    """

    template_name = "groups/admin/people/employer.html"
    page_title = gettext_lazy("Change of employer")

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.running = list(
            Employment.objects.running().filter(user=self.person).select_related("organisation").order_by("pk")
        )
        chosen = request.GET.get("from", "")
        self.former = next((one for one in self.running if str(one.pk) == chosen), None)
        self.must_choose = self.former is None and chosen != "none" and len(self.running) > 1
        if len(self.running) == 1 and chosen != "none":
            self.former = self.running[0]

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._form_page(EmployerForm(self.person, self.former))

    def post(self, request: PersonRequest, pk: int) -> HttpResponse:
        form = EmployerForm(self.person, self.former, request.POST)
        if self.must_choose or not form.is_valid():
            return self._form_page(form)
        with transaction.atomic():
            form.save()
            log(instance=self.person, action="wagtail.edit")
        messages.success(request, _("The change of employer is saved."))
        return redirect(self.edit_url_name, pk)

    def _form_page(self, form: EmployerForm) -> HttpResponse:
        return self.page(
            form=form,
            media=form.media,
            person=self.person,
            former=self.former,
            running=self.running,
            must_choose=self.must_choose,
        )


class CloseView(OfPerson):
    """Closing an account (no log-in, no rights, every session over), and opening it again.

    An editor's account is closed by a superuser elsewhere.
    """

    template_name = "groups/admin/people/close.html"

    def get_page_title(self) -> str:
        return _("Close the account") if self.person.is_active else _("Open the account again")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may_close(self.person, self.request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        running = Mandate.objects.running().filter(user=self.person).select_related("body")
        return self.page(person=self.person, mandates=running)

    def post(self, request: PersonRequest, pk: int) -> HttpResponse:
        wanted = request.POST.get("active") == "1"
        with transaction.atomic():
            self.person.is_active = wanted
            self.person.save(update_fields=["is_active"])
            if not wanted:
                invitations.revoke(self.person)
                end_sessions(self.person)
            log(instance=self.person, action="wagtail.edit")
        sentence = (
            _("The account of %(person)s is open again.")
            if wanted
            else _("The account of %(person)s is closed: nobody logs in with it.")
        )
        messages.success(request, sentence % {"person": self.person})
        return redirect(self.edit_url_name, pk)


class InviteView(PeoplePage):
    """Invitations to the people who are ticked, or to all of the list (its filters stand in the address) in one state;
    asks first, then sends.
    """

    template_name = "groups/admin/people/invite.html"
    page_title = gettext_lazy("Send invitations")

    def get(self, request: HttpRequest) -> HttpResponse:
        return redirect(self.index_url_name)

    def post(self, request: PersonRequest) -> HttpResponse:
        chosen = self._chosen()
        invitable = never_came(chosen)
        if "confirmed" in request.POST:
            with transaction.atomic():
                asked = ask_invitations(invitable.values_list("pk", flat=True), by=request.user)
            messages.success(request, _sent_sentence(asked))
            return redirect(self.index_url_name)
        count, total = invitable.count(), chosen.count()
        names = [str(person) for person in invitable.order_by("name", "pk")[:SHOWN]]
        return self.page(
            count=count,
            left_out=total - count,
            names=names,
            more=count - len(names),
            ids=numbers_of(request.POST.getlist("people")) if "scope" not in request.POST else [],
            scope=request.POST.get("scope", ""),
        )

    def _chosen(self) -> QuerySet[User]:
        scope = self.request.POST.get("scope", "")
        if not scope:
            return people().filter(pk__in=numbers_of(self.request.POST.getlist("people")))
        if scope not in ("never-invited", "never-came"):
            raise Http404
        filters = PeopleFilters(self.request.GET, queryset=people(), request=self.request)
        listed = filters.qs if filters.is_valid() else people().none()
        return in_state(matching(listed, self.request.GET.get("q", "")), scope)


def _sent_sentence(count: int) -> str:
    if not count:
        return _("Nobody is invited: those people came already, or their account is closed.")
    return ngettext("%(count)d invitation is on its way.", "%(count)d invitations are on their way.", count) % {
        "count": count
    }


class PeopleViewSet(ModelViewSet):
    """Asks for the rights on mandates: who may say where people sit may keep the list of people.

    No rights on log-ins are given or needed.
    """

    model = User
    name = "people"
    icon = "user"
    menu_label = gettext_lazy("People")
    index_view_class = PeopleIndexView
    filterset_class = PeopleFilters
    search_fields = ("name", "email")
    search_backend_name = None
    list_per_page = 50
    copy_view_enabled = False
    form_fields = ("name",)
    list_display = (
        ChoiceColumn("choice", label=""),
        TitleColumn(
            "name", label=gettext_lazy("Name"), accessor=str, sort_key="name", url_name="people:edit", width="22%"
        ),
        Column("email", label=gettext_lazy("E-mail address"), sort_key="email"),
        Column("employers", label=gettext_lazy("Works at"), accessor=employers_of),
        Column("seats", label=gettext_lazy("Bodies"), accessor=seats_of),
        InvitationColumn("invitation", label=gettext_lazy("Invitation")),
        DateColumn("last_login", label=gettext_lazy("Last log-in"), sort_key="last_login"),
    )

    @property
    def permission_policy(self):
        return ModelPermissionPolicy(Mandate)

    def get_urlpatterns(self):
        return [
            path("", self.index_view, name="index"),
            path("results/", self.index_results_view, name="index_results"),
            path("new/", self.construct_view(PersonView, permission_required="add"), name="add"),
            path("<int:pk>/", self.construct_view(PersonView), name="edit"),
            path("<int:pk>/employer/", self.construct_view(EmployerView), name="employer"),
            path("<int:pk>/close/", self.construct_view(CloseView), name="close"),
            path("invite/", self.construct_view(InviteView), name="invite"),
        ]

    def get_common_view_kwargs(self, **kwargs):
        gone = dict.fromkeys(("delete_url_name", "history_url_name", "usage_url_name"), self.UNDEFINED)
        return {**super().get_common_view_kwargs(**kwargs), **gone}

    def on_register(self):
        """Only the menu: permissions, links and usage of log-ins stay with Wagtail's own list of users."""
        ViewSet.on_register(self)
