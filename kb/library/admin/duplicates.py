"""The list of possible duplicates in the admin, for editors whose session passed the second factor."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from wagtail.admin import messages

from kb.accounts.audiences import STAFF, audiences_of
from kb.backoffice.counting import CappedPaginator
from kb.library.choices import ReferenceState
from kb.library.contributions.duplicates import ADDRESS, HOW_WORDS, open_pairs, settle
from kb.library.contributions.waiting import contribution_url
from kb.library.hits.cards import reference_url
from kb.library.models import Reference

PERMISSION = "library.change_reference"
PER_PAGE = 50


def duplicates(request: HttpRequest) -> HttpResponse:
    """Pairs that look like one document, side by side, until an editor says that they were looked at."""
    _check(request)
    page = CappedPaginator(open_pairs(), PER_PAGE).get_page(request.GET.get("p"))
    rows = [
        {
            "pk": pair.pk,
            "how": HOW_WORDS.get(pair.how, ""),
            "at": pair.noticed_at,
            "both": _both(pair.reference, pair.other),
        }
        for pair in page
    ]
    return render(request, "library/admin/duplicates.html", {"page": page, "rows": rows})


@require_POST
def settle_pair(request: HttpRequest, pk: int) -> HttpResponse:
    _check(request)
    if settle(pk):
        messages.success(request, _("The pair is settled and leaves the list."))
    else:
        messages.warning(request, _("Somebody else settled this pair before you."))
    return HttpResponseRedirect(reverse(ADDRESS))


def _both(*references: Reference) -> list[dict]:
    """Title, mark, state and where each is dealt with."""
    return [
        {
            "title": one.full_title,
            "language": one.language,
            "mark": one.mark,
            "state": one.get_state_display(),
            "url": reference_url(one) if one.state == ReferenceState.ACCEPTED else contribution_url(one),
        }
        for one in references
    ]


def _check(request: HttpRequest) -> None:
    if not request.user.has_perm(PERMISSION) or STAFF not in audiences_of(request):
        raise PermissionDenied


urlpatterns = [
    path("library/duplicates/", duplicates, name=ADDRESS),
    path("library/duplicates/<int:pk>/settled/", settle_pair, name="library_settle_duplicate"),
]
