"""Bringing workbooks in, in the admin: put in, the report with what each line would do, write, stop, go on.

The steps themselves are in `bringing_in`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views import View
from wagtail.admin import messages
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.admin.views import generic
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.admin.widgets.button import HeaderButton

from kb.backoffice.counting import CappedPaginator
from kb.languages import current_language
from kb.sheets import bringing_in
from kb.sheets.choices import ImportState, Verdict
from kb.sheets.kinds import MEDIA_TYPE, SheetKind, empty_workbook, sheet_kind, sheet_kinds, sheet_name
from kb.sheets.models import SheetImport, SheetLine
from kb.sheets.workbooks import UnreadableWorkbook, check

LINES_A_PAGE = 50
RUNNING = (ImportState.LOOKING, ImportState.WRITING)


class PutInForm(forms.Form):
    kind = forms.ChoiceField(label=gettext_lazy("What is in the workbook"), widget=forms.RadioSelect)
    content = forms.FileField(
        label=gettext_lazy("Workbook (.xlsx), or list (.csv)"),
        help_text=gettext_lazy("It is looked through first: nothing is written, and nothing is sent to anybody."),
        widget=forms.FileInput(attrs={"accept": f".xlsx,.csv,{MEDIA_TYPE},text/csv"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = self.fields["kind"]
        assert isinstance(kinds, forms.ChoiceField)
        kinds.choices = [(kind.code, kind.label) for kind in sheet_kinds()]

    def clean_content(self):
        content = self.cleaned_data["content"]
        try:
            check(content)
        except UnreadableWorkbook as error:
            raise ValidationError(str(error)) from error
        return content


class SheetPage(PermissionCheckedMixin, WagtailAdminTemplateMixin, View):
    """The furniture of these pages."""

    header_icon = "table"
    permission_policy: Any = None
    permission_required = "add"
    index_url_name = ""
    edit_url_name = ""

    def get_breadcrumbs_items(self):
        return [
            *self.breadcrumbs_items,
            {"url": reverse(self.index_url_name), "label": SheetImportViewSet.menu_label},
            {"url": "", "label": self.get_page_title()},
        ]


class PutInView(SheetPage):
    template_name = "sheets/put_in.html"
    page_title = gettext_lazy("Bring a workbook in")

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(PutInForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = PutInForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._page(form)
        content = form.cleaned_data["content"]
        made = bringing_in.put_in(content, kind=form.cleaned_data["kind"], name=content.name, user=request.user)
        return redirect(reverse(self.edit_url_name, args=(made.pk,)))

    def _page(self, form: PutInForm) -> HttpResponse:
        kinds = [{"kind": kind, "url": reverse("sheetimport:empty", args=(kind.code,))} for kind in sheet_kinds()]
        return self.render_to_response(self.get_context_data(form=form, kinds=kinds))


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line of the report; values are (header in the language of the moment, what was typed)."""

    line: SheetLine
    sheet: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Tab:
    """A filter of the report; verdict '' for all lines."""

    verdict: str
    label: str
    count: int
    is_current: bool


class ReportView(SheetPage):
    """What each line would do, or did. A fixed number of queries, whatever the lines. POST: one of the buttons."""

    template_name = "sheets/report.html"
    actions = {"write": bringing_in.write, "stop": bringing_in.stop, "go_on": bringing_in.go_on}

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.object = get_object_or_404(SheetImport.objects.select_related("created_by"), pk=kwargs["pk"])

    def get_page_title(self) -> str:
        return self.object.original_name

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        action = request.POST.get("action", "")
        if action == "delete":
            bringing_in.delete(self.object)
            messages.success(request, _("The workbook and its lines are deleted. What was written stays."))
            return redirect(self.index_url_name)
        if action not in self.actions:
            raise Http404
        if not self.actions[action](self.object):
            messages.warning(request, _("This import was no longer at that point: here is where it is now."))
        return redirect(self.edit_url_name, pk)

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        counts = self.object.rows.aggregate(
            **{verdict.value: Count("pk", filter=Q(verdict=verdict)) for verdict in Verdict},
            all=Count("pk"),
            written=Count("pk", filter=Q(written_at__isnull=False, verdict__in=bringing_in.TO_WRITE)),
        )
        verdict = request.GET.get("verdict", "")
        verdict = verdict if verdict in Verdict.values else ""
        lines = self.object.rows.filter(verdict=verdict) if verdict else self.object.rows.all()
        page = CappedPaginator(lines, LINES_A_PAGE).get_page(request.GET.get("p"))
        kind = sheet_kind(self.object.kind)
        context = self.get_context_data(
            import_=self.object,
            kind=kind,
            is_running=self.object.state in RUNNING,
            progress=self._progress(counts),
            summary=_summary(self.object, counts),
            tabs=[Tab("", _("All lines"), counts["all"], not verdict)]
            + [Tab(one.value, str(one.label), counts[one.value], verdict == one) for one in Verdict],
            page=page,
            lines=[_shown(line, kind) for line in page],
            to_write=counts["new"] + counts["changed"] - counts["written"],
            can_go_on=self.object.state == ImportState.STOPPED and bool(self.object.content),
            verdict=verdict,
        )
        return self.render_to_response(context)

    def _progress(self, counts: dict[str, int]) -> dict[str, int] | None:
        """How far it is: lines done of how many; None before they are counted."""
        if self.object.state == ImportState.WRITING:
            return {"done": counts["written"], "most": counts["new"] + counts["changed"]}
        return {"done": counts["all"], "most": self.object.lines} if self.object.lines else None


def _summary(sheet_import: SheetImport, counts: dict[str, int]) -> str:
    """One sentence about where the import stands."""
    to_write = counts["new"] + counts["changed"]
    if sheet_import.state == ImportState.LOOKED:
        if not to_write:
            return _("Looked through: there is nothing to write.")
        return ngettext(
            "Looked through: %(count)d line would change something. Nothing is written yet.",
            "Looked through: %(count)d lines would change something. Nothing is written yet.",
            to_write,
        ) % {"count": to_write}
    if sheet_import.state == ImportState.DONE:
        return ngettext("%(count)d line was written.", "%(count)d lines were written.", counts["written"]) % {
            "count": counts["written"]
        }
    if sheet_import.state == ImportState.STOPPED and sheet_import.content:
        return _("Stopped: %(written)d of %(all)d lines to write are written. “Go on” takes it up where it was.") % {
            "written": counts["written"],
            "all": to_write,
        }
    if not sheet_import.content and sheet_import.state != ImportState.FAILED:
        return _("This import is old: what was typed in the workbook is no longer kept.")
    return str(sheet_import.get_state_display())


def _shown(line: SheetLine, kind: SheetKind | None) -> ShownLine:
    sheet = next((one for one in kind.sheets if one.code == line.sheet), None) if kind else None
    if sheet is None:
        return ShownLine(line, line.sheet, tuple(line.values.items()))
    headers = {column.key: column.headers.get(current_language(), column.key) for column in sheet.columns}
    values = tuple((header, line.values[key]) for key, header in headers.items() if line.values.get(key))
    return ShownLine(line, sheet_name(sheet), values)


class EmptyWorkbookView(SheetPage):
    """A workbook to fill in, in the editor's language."""

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        kind = sheet_kind(code)
        if kind is None:
            raise Http404
        response = HttpResponse(empty_workbook(kind), content_type=MEDIA_TYPE)
        response["Content-Disposition"] = f'attachment; filename="{kind.code}-{current_language()}.xlsx"'
        return response


class SheetIndexView(generic.IndexView):
    """Newest first; the same number of queries whatever the rows."""

    paginator_class = CappedPaginator

    def get_base_queryset(self):
        return super().get_base_queryset().select_related("created_by")

    @property
    def add_button(self):
        return HeaderButton(_("Bring a workbook in"), url=self.add_url, icon_name="plus")


class SheetImportViewSet(ModelViewSet):
    model = SheetImport
    icon = "table"
    menu_label = gettext_lazy("Bring in")
    index_view_class = SheetIndexView
    list_display = (
        "original_name",
        Column("kind", label=gettext_lazy("Kind"), accessor=lambda row: _kind_label(row)),
        Column("state", label=gettext_lazy("State"), accessor="get_state_display"),
        Column("lines", label=gettext_lazy("Lines")),
        DateColumn("created_at", label=gettext_lazy("Put in"), sort_key="created_at"),
        Column("created_by", label=gettext_lazy("By"), accessor="created_by"),
    )
    search_fields = ("original_name",)
    search_backend_name = None
    ordering = ("-id",)
    list_per_page = 50
    copy_view_enabled = False
    form_fields = ("kind",)
    add_to_reference_index = False

    def get_urlpatterns(self):
        """edit is the report: what a workbook holds is never changed here."""
        return [
            path("", self.index_view, name="index"),
            path("results/", self.index_results_view, name="index_results"),
            path("new/", self.construct_view(PutInView), name="add"),
            path("<int:pk>/", self.construct_view(ReportView), name="edit"),
            path("empty/<slug:code>/", self.construct_view(EmptyWorkbookView), name="empty"),
        ]

    def get_common_view_kwargs(self, **kwargs):
        kwargs = super().get_common_view_kwargs(**kwargs)
        for gone in ("delete_url_name", "history_url_name", "usage_url_name"):
            kwargs[gone] = self.UNDEFINED
        return {**kwargs, "header_icon": self.icon}


def _kind_label(sheet_import: SheetImport) -> str:
    kind = sheet_kind(sheet_import.kind)
    return str(kind.label) if kind else sheet_import.kind
