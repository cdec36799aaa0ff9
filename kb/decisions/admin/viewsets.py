"""Decisions in the menu of the admin: a list, a page each, and what a coordinator does."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.panels import FieldPanel, ObjectList
from wagtail.admin.ui.tables import Column, DateColumn, TitleColumn
from wagtail.admin.viewsets.model import ModelViewSet

from kb.backoffice.searching import in_any_language
from kb.decisions.admin.amending import AmendView
from kb.decisions.admin.views import (
    AskView,
    DecisionIndexView,
    DecisionView,
    EnterView,
    EnterVoteView,
    TakeBackView,
    WordsView,
)
from kb.decisions.models import Decision


class DecisionFilters(WagtailFilterSet):
    class Meta:
        model = Decision
        fields = ("state", "outcome", "manner")


class DecisionViewSet(ModelViewSet):
    model = Decision
    icon = "tick-inverse"
    menu_label = _("Decisions")
    menu_order = 310
    add_to_admin_menu = True
    name = "decision"
    index_view_class = DecisionIndexView
    edit_view_class = WordsView
    filterset_class = DecisionFilters
    list_display = (
        TitleColumn("question", label=_("Question"), url_name="decision:page"),
        Column("code", label=_("Number")),
        Column("body", label=_("Body"), accessor="body.code"),
        Column("state", label=_("State"), accessor="get_state_display", sort_key="state"),
        Column("outcome", label=_("Outcome"), accessor="get_outcome_display", sort_key="outcome"),
        DateColumn("opened_at", label=_("Put on"), sort_key="opened_at"),
    )
    search_fields = in_any_language("question", "words")  # the words begin with the number
    search_backend_name = None
    ordering = ("-opened_at",)
    list_per_page = 50
    copy_view_enabled = False
    inspect_view_enabled = False
    edit_handler = ObjectList([FieldPanel("words")])

    def get_urlpatterns(self):
        more = [
            path("ask/", self.construct_view(AskView), name="ask"),
            path("amend/", self.construct_view(AmendView), name="amend"),
            path("meeting/", self.construct_view(EnterView), name="enter"),
            path("<int:pk>/", self.construct_view(DecisionView), name="page"),
            path("<int:pk>/vote/", self.construct_view(EnterVoteView), name="vote"),
            path("<int:pk>/take-back/", self.construct_view(TakeBackView), name="take_back"),
        ]
        return [*more, *super().get_urlpatterns()]
