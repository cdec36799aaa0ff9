"""Taking one version of a file away, in the admin: asked with a reason, confirmed,
for editors whose session passed the second factor.
"""

from __future__ import annotations

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from wagtail.admin import messages

from kb.accounts.audiences import STAFF, audiences_of
from kb.files.models import FileVersion
from kb.library.catalogue.versions import take_away
from kb.library.models import Reference, ReferenceFile
from kb.pages.agreements import NotAgreed

PERMISSION = "library.change_reference"
ADDRESS = "library_take_version_away"


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=500,
        error_messages={"required": gettext_lazy("Say why in a few words: the address goes on saying it.")},
        widget=forms.Textarea(attrs={"rows": 3}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def take_version_away(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    if not request.user.has_perm(PERMISSION) or STAFF not in audiences_of(request):
        raise PermissionDenied
    file = get_object_or_404(ReferenceFile.objects.select_related("reference__body"), pk=pk)
    version = FileVersion.objects.filter(stored_file=file.stored_file_id, number=number).first()
    if version is None:
        raise Http404("no such version")
    back = reverse(Reference.snippet_viewset.get_url_name("edit"), args=[file.reference_id])
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            take_away(file, number, reason=form.cleaned_data["reason"], user=request.user)
        except FileVersion.DoesNotExist:
            messages.warning(request, _("Somebody else took this version away before you."))
        except NotAgreed as why:
            messages.error(request, " ".join(why.messages))
        else:
            messages.success(
                request,
                _("The version is taken away. Its address says so, with your reason, to those who could open it."),
            )
        return HttpResponseRedirect(back)
    open_url = reverse("library:file", args=[file.reference.mark_slug, file.number, number])
    shown = {
        "form": form,
        "file": file,
        "version": version,
        "reference": file.reference,
        "open_url": open_url,
        "back": back,
    }
    return render(request, "library/admin/take_version_away.html", shown)


urlpatterns = [path("library/files/<int:pk>/<int:number>/take-away/", take_version_away, name=ADDRESS)]
