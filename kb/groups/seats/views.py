"""Seats in the admin: a mandate ends at this moment; a side is renewed in one act."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views import View
from wagtail.admin import messages
from wagtail.admin.views import generic
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.admin.widgets.button import Button
from wagtail.log_actions import log

from kb.groups.models import Body, Mandate
from kb.groups.seats.forms import RenewalForm


class _SeatPage(PermissionCheckedMixin, WagtailAdminTemplateMixin, View):
    header_icon = "user"
    permission_policy: Any = None
    permission_required = "change"
    index_url_name = ""
    edit_url_name = ""

    def page(self, **context: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(**context))

    def crumbs(self, label: Any, *more: dict[str, str]) -> list[dict[str, Any]]:
        return [
            *self.breadcrumbs_items,
            {"url": reverse(self.index_url_name), "label": label},
            *more,
            {"url": "", "label": self.get_page_title()},
        ]


class EndMandateView(_SeatPage):
    """Asks, then ends: for who must lose every right this minute, not at the end of the day."""

    template_name = "groups/admin/seats/end.html"
    page_title = gettext_lazy("End this mandate now")

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        found = Mandate.objects.select_related("user", "body", "organisation")
        self.mandate = get_object_or_404(found, pk=kwargs["pk"])

    def get_breadcrumbs_items(self):
        edit = {"url": reverse(self.edit_url_name, args=(self.mandate.pk,)), "label": str(self.mandate)}
        return self.crumbs(_("Mandates"), edit)

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.page(mandate=self.mandate, edit_url=reverse(self.edit_url_name, args=(pk,)))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A second press, or one after it ended, changes nothing."""
        with transaction.atomic():
            mandate = Mandate.objects.select_for_update().get(pk=pk)
            if mandate.ended_at is None:
                mandate.end_now()
                log(instance=mandate, action="wagtail.edit")
        messages.success(request, _("The mandate of %(person)s has ended.") % {"person": self.mandate.user})
        return redirect(self.index_url_name)


class RenewView(_SeatPage):
    """All mandates of one side on one page; none is left without a word."""

    template_name = "groups/admin/seats/renew.html"
    header_icon = "group"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.body = get_object_or_404(Body, pk=kwargs["pk"])
        self.side = get_object_or_404(self.body.sides, name=kwargs["side"])

    def get_page_title(self) -> str:
        return _("Renew a side: %(side)s") % {"side": self.side}

    def get_breadcrumbs_items(self):
        edit = {"url": reverse(self.edit_url_name, args=(self.body.pk,)), "label": str(self.body)}
        return self.crumbs(_("Bodies"), edit)

    def get(self, request: HttpRequest, pk: int, side: str) -> HttpResponse:
        return self._form_page(RenewalForm(self.side))

    def post(self, request: HttpRequest, pk: int, side: str) -> HttpResponse:
        form = RenewalForm(self.side, request.POST)
        if not form.is_valid():
            messages.error(request, _("Nothing is saved yet: correct what is marked below."))
            return self._form_page(form)
        with transaction.atomic():
            try:
                changed = form.save()
            except KeyError:  # a mandate began between the look and the save
                messages.error(request, _("A mandate was added to this side meanwhile. Say what becomes of it too."))
                return self._form_page(RenewalForm(self.side, request.POST))
            log(instance=self.body, action="wagtail.edit")
        done = ngettext("%(count)d mandate has changed.", "%(count)d mandates have changed.", changed)
        messages.success(request, done % {"count": changed})
        return redirect(self.edit_url_name, pk)

    def _form_page(self, form: RenewalForm) -> HttpResponse:
        edit_url = reverse(self.edit_url_name, args=(self.body.pk,))
        return self.page(form=form, side=self.side, body=self.body, media=form.media, edit_url=edit_url)


class MandateEditView(generic.EditView):
    """A mandate, with the way to end it at this moment."""

    @cached_property
    def header_more_buttons(self):
        buttons = super().header_more_buttons
        if self.object.ended_at is None:
            url = reverse("mandate:end", args=(self.object.pk,))
            buttons.append(Button(_("End this mandate now…"), url=url, icon_name="cross", priority=15))
        return buttons


class BodyEditView(generic.EditView):
    """A body, with the way to renew each of its sides."""

    @cached_property
    def header_more_buttons(self):
        buttons = super().header_more_buttons
        for side in self.object.sides.all():
            url = reverse("body:renew", args=(self.object.pk, side.name))
            label = _("Renew a side: %(side)s…") % {"side": side}
            buttons.append(Button(label, url=url, icon_name="repeat", priority=15))
        return buttons
