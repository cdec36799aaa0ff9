"""The authority list in the admin: names of creators and of publishers,
and merging several forms of one into the form we use.
"""

from __future__ import annotations

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST
from wagtail.admin import messages

from kb.backoffice.searching import words_of
from kb.library.catalogue.authorities import LONGEST, forget, look_alikes, merge, names_in_use, other_forms
from kb.library.choices import AuthorityKind
from kb.library.models import OtherName

PERMISSION = "library.change_reference"
PER_PAGE = 100
TITLES: dict[str, Promise] = {
    AuthorityKind.CREATOR: gettext_lazy("Names of creators"),
    AuthorityKind.PUBLISHER: gettext_lazy("Names of publishers"),
}


def names(request: HttpRequest, kind: str) -> HttpResponse:
    """All names in use, or those that look the same (?alike=1); POST merges the ticked ones, after a page that says
    what will change.
    """
    _check(request, kind)
    if request.method == "POST":
        return _merge(request, kind)
    words = " ".join(words_of(request.GET.get("q", "")))
    alike = look_alikes(kind) if request.GET.get("alike") else None
    page = Paginator(names_in_use(kind, words), PER_PAGE).get_page(request.GET.get("p"))
    forms_of = other_forms(kind, [row["name"] for row in page])
    rows = [{**row, "others": forms_of.get(row["name"], [])} for row in page]
    shown = {
        "kind": kind,
        "title": TITLES[kind],
        "kinds": _tabs(kind),
        "words": words,
        "page": page,
        "rows": rows,
        "alike": alike,
    }
    return render(request, "library/admin/names.html", shown)


def _merge(request: HttpRequest, kind: str) -> HttpResponse:
    chosen = [name for name in dict.fromkeys(request.POST.getlist("names")) if "\x00" not in name]
    into = request.POST.get("into", "").replace("\x00", " ").strip() or (chosen[0] if chosen else "")
    if "confirmed" not in request.POST:
        counts = {row["name"]: row["count"] for row in names_in_use(kind).filter(**{_field(kind): chosen})}
        rows = [{"name": name, "count": counts.get(name, 0)} for name in chosen]
        shown = {"kind": kind, "title": TITLES[kind], "rows": rows, "into": into, "longest": LONGEST}
        return render(request, "library/admin/merge_names.html", shown)
    try:
        changed = merge(kind, chosen, into)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        rows = [{"name": name, "count": None} for name in chosen]
        shown = {"kind": kind, "title": TITLES[kind], "rows": rows, "into": into, "longest": LONGEST}
        return render(request, "library/admin/merge_names.html", shown)
    said = ngettext("%(count)d reference now says “%(name)s”.", "%(count)d references now say “%(name)s”.", changed)
    messages.success(request, said % {"count": changed, "name": into})
    return HttpResponseRedirect(reverse("library_names", args=[kind]))


def forms_known(request: HttpRequest, kind: str) -> HttpResponse:
    """The authority list: each form we use with the forms that lead to it."""
    _check(request, kind)
    others = OtherName.objects.filter(kind=kind).select_related("authority").order_by("authority__name", "name")
    page = Paginator(others, PER_PAGE).get_page(request.GET.get("p"))
    return render(
        request,
        "library/admin/name_forms.html",
        {"kind": kind, "title": TITLES[kind], "kinds": _tabs(kind), "page": page},
    )


@require_POST
def forget_form(request: HttpRequest, pk: int) -> HttpResponse:
    other = get_object_or_404(OtherName, pk=pk)
    _check(request, other.kind)
    forget(other)
    messages.success(request, _("“%(name)s” leads nowhere any more.") % {"name": other.name})
    return HttpResponseRedirect(reverse("library_name_forms", args=[other.kind]))


def _check(request: HttpRequest, kind: str) -> None:
    if kind not in AuthorityKind.values:
        raise Http404("no such kind of names")
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied


def _field(kind: str) -> str:
    return "name__in" if kind == AuthorityKind.CREATOR else "publisher__in"


def _tabs(current: str) -> list[dict]:
    return [{"kind": kind, "label": label, "is_current": kind == current} for kind, label in TITLES.items()]


urlpatterns = [
    path("library/names/<slug:kind>/", names, name="library_names"),
    path("library/names/<slug:kind>/forms/", forms_known, name="library_name_forms"),
    path("library/names/forget/<int:pk>/", forget_form, name="library_forget_name"),
]
