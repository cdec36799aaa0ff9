"""Subscribers in the admin: a list to read and search, one subscriber with what was agreed to, and two things an editor
does for who asks.

Nobody is subscribed here without a proof (`importing`), and no address is changed: that is its owner's alone.
"""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View
from wagtail.admin import messages
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column, DateColumn, TitleColumn
from wagtail.admin.views import generic
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.permission_policies import ModelPermissionPolicy

from kb.backoffice.counting import CappedPaginator
from kb.languages import LANGUAGES
from kb.newsletter.choices import ConsentSource, DeliveryState, SubscriberState
from kb.newsletter.models import Consent, Subscriber
from kb.newsletter.subscribers import subscribing
from kb.newsletter.subscribers.forms import EraseForm

NAME = "subscribers"
MOST_CONSENTS = 100  # of one subscriber, the newest


class ViewAndActPolicy(ModelPermissionPolicy):
    """Viewing, and changing in the two ways of `SubscriberView`; never adding, never deleting."""

    def user_has_permission(self, user: Any, action: str) -> bool:
        return action in ("view", "change") and super().user_has_permission(user, action)


class SubscriberFilters(WagtailFilterSet):
    state = django_filters.ChoiceFilter(choices=SubscriberState.choices, label=gettext_lazy("State"))
    language = django_filters.ChoiceFilter(choices=list(LANGUAGES.items()), label=gettext_lazy("Language"))

    class Meta:
        model = Subscriber
        fields = ["state", "language"]


def counts() -> list[tuple[str, list[int], int]]:
    """(state in words, how many in each of LANGUAGES, how many in all), a row a state. One query, of an index alone."""
    found = {(state, language): count for state, language, count in _counted()}
    rows = []
    for state in SubscriberState:
        each = [found.get((state.value, language), 0) for language in LANGUAGES]
        rows.append((str(state.label), each, sum(each)))
    return rows


def _counted():
    return Subscriber.objects.order_by().values_list("state", "language").annotate(Count("pk"))


class SubscriberIndex(generic.IndexView):
    """Newest first; the same number of queries whatever the rows."""

    paginator_class = CappedPaginator
    template_name = "newsletter/admin/subscribers.html"
    any_permission_required = ["view"]

    def get_context_data(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        import_url = reverse("sheetimport:add") if self.request.user.has_perm("sheets.add_sheetimport") else ""
        return {
            **super().get_context_data(*args, **kwargs),
            "counts": counts(),
            "languages": LANGUAGES.values(),
            "import_url": import_url,
        }


class SubscriberView(PermissionCheckedMixin, WagtailAdminTemplateMixin, View):
    """One subscriber, to read; POST: what its owner asked the editors for."""

    template_name = "newsletter/admin/subscriber.html"
    header_icon = "mail"
    permission_policy: Any = None
    any_permission_required = ["view"]
    index_url_name = ""
    edit_url_name = ""

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.object = get_object_or_404(Subscriber, pk=kwargs["pk"])

    def get_page_title(self) -> str:
        return self.object.email

    def get_breadcrumbs_items(self):
        return [
            *self.breadcrumbs_items,
            {"url": reverse(self.index_url_name), "label": SubscriberViewSet.menu_label},
            {"url": "", "label": self.get_page_title()},
        ]

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._page(EraseForm())

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.permission_policy.user_has_permission(request.user, "change"):
            return redirect(self.index_url_name)
        if request.POST.get("action") == "unsubscribe":
            subscribing.unsubscribe(self.object, ConsentSource.REQUEST, by=request.user)
            messages.success(request, _("Unsubscribed: no further issue is sent to this address."))
            return redirect(self.edit_url_name, pk)
        form = EraseForm(request.POST)
        if request.POST.get("action") != "erase" or not form.is_valid():
            return self._page(form)
        subscribing.erase(self.object)
        messages.success(request, _("The address is erased. Lists that are brought in later do not bring it back."))
        return redirect(self.index_url_name)

    def _page(self, form: EraseForm) -> HttpResponse:
        consents = (
            Consent.objects.filter(subscriber=self.object).select_related("recorded_by").order_by("-id")[:MOST_CONSENTS]
        )
        deliveries = self.object.deliveries.order_by().values_list("state").annotate(Count("pk"))
        labels = dict(DeliveryState.choices)
        context = self.get_context_data(
            subscriber=self.object,
            consents=consents,
            deliveries=[(labels[state], count) for state, count in deliveries],
            form=form,
            may_change=self.permission_policy.user_has_permission(self.request.user, "change"),
        )
        return self.render_to_response(context)


class SubscriberViewSet(ModelViewSet):
    model = Subscriber
    name = url_prefix = NAME
    icon = "group"
    menu_label = gettext_lazy("Subscribers")
    menu_name = "newsletter-subscribers"
    index_view_class = SubscriberIndex
    list_display = (
        TitleColumn("email", label=gettext_lazy("Address"), get_url=lambda row: reverse(f"{NAME}:edit", args=[row.pk])),
        Column("state", label=gettext_lazy("State"), accessor="get_state_display"),
        Column("language", label=gettext_lazy("Language"), accessor="get_language_display"),
        Column("refusals", label=gettext_lazy("Refusals")),
        DateColumn("state_at", label=gettext_lazy("Since")),
    )
    filterset_class = SubscriberFilters
    search_fields = ("email",)
    search_backend_name = None
    ordering = ("-id",)
    list_per_page = 50
    copy_view_enabled = False
    form_fields: list[str] = []
    add_to_reference_index = False

    @property
    def permission_policy(self) -> ViewAndActPolicy:
        return ViewAndActPolicy(self.model)

    def get_urlpatterns(self):
        """edit is a page to read: an address is changed by its owner alone."""
        return [
            path("", self.index_view, name="index"),
            path("results/", self.index_results_view, name="index_results"),
            path("<int:pk>/", self.construct_view(SubscriberView), name="edit"),
        ]

    def get_common_view_kwargs(self, **kwargs):
        kwargs = super().get_common_view_kwargs(**kwargs)
        for gone in (
            "add_url_name",
            "delete_url_name",
            "history_url_name",
            "usage_url_name",
            "copy_url_name",
            "inspect_url_name",
        ):
            kwargs[gone] = self.UNDEFINED
        return {**kwargs, "header_icon": self.icon}
