"""Pages about personal data: one's own, with export and erasure; the same for editors who are asked to; the public
register of processing.

What is kept is in `personal`, erasing in `erasing`. Every page of the three about a person is for that person, or for
whoever `may_answer_for` them.
"""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from wagtail.log_actions import log

from kb.accounts.models import NamedPlace, User
from kb.accounts.personal_data import erasing, places, registry
from kb.accounts.personal_data.forms import ConfirmErasureForm
from kb.accounts.sessions import recognising
from kb.languages import current_language, word
from search.registry import contact_url

PLACES = 50  # a page
# The Belgian data protection authority, to whom anybody may complain.
AUTHORITIES = {
    "fr": "https://www.autoriteprotectiondonnees.be/citoyen",
    "nl": "https://www.gegevensbeschermingsautoriteit.be/burger",
    "en": "https://www.dataprotectionauthority.be/citizen",
}


@never_cache
@login_required
@require_GET
def my_data(request: HttpRequest) -> HttpResponse:
    """What we keep about whoever asks."""
    return render(
        request, "accounts/my_data.html", {"kinds": registry.kinds_about(request.user), "authority": _authority()}
    )


@never_cache
@login_required
@reauthentication_required
@require_GET
def my_data_file(request: HttpRequest) -> StreamingHttpResponse:
    return _file(request.user)


@never_cache
@login_required
@reauthentication_required
@require_http_methods(["GET", "HEAD", "POST"])
def my_data_erase(request: HttpRequest) -> HttpResponse:
    """A GET says what goes and what stays; a POST erases, ends the session and says so."""
    form = ConfirmErasureForm(request.POST if request.method == "POST" else None)
    refused = erasing.refusal(request.user)
    if request.method == "POST" and form.is_valid() and not refused:
        recognising.forget(request, request.user)
        erasing.erase(request.user, by=request.user)
        logout(request)
        messages.success(
            request,
            _("Your account is erased. What we knew about you is gone; what you contributed stays, without your name."),
        )
        return HttpResponseRedirect(f"/{current_language()}/")
    words = {"form": form, "refused": refused, "kinds": registry.KINDS}
    return render(request, "accounts/my_data_erase.html", words, status=400 if form.errors else 200)


def _file(user: Any) -> StreamingHttpResponse:
    """Streamed as it is read; kept by no cache and no browser."""
    title = _("my-data")
    name = f"{title}-{timezone.localdate():%Y-%m-%d}.json"
    response = StreamingHttpResponse(
        (piece.encode() for piece in registry.exported(user)), content_type="application/json; charset=utf-8"
    )
    response.headers["Content-Disposition"] = f'attachment; filename="{settings.SITE_NAME.lower()}-{name}"'
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


# For editors who are asked to


def may_answer_for(actor: Any, person: Any) -> bool:
    """Whether an editor may export or erase a person: the editor-in-chief anybody, editors whoever does not edit."""
    return bool(actor.is_superuser or (actor.is_staff and not person.is_staff and not person.is_superuser))


def _person_for(request: HttpRequest, pk: int) -> User:
    person = get_object_or_404(User, pk=pk, erased_at=None)
    if not may_answer_for(request.user, person):
        raise PermissionDenied(_("Only the editor-in-chief answers requests about the data of another editor."))
    return person


@never_cache
@require_GET
def person_data(request: HttpRequest, pk: int) -> HttpResponse:
    person = _person_for(request, pk)
    return render(request, "accounts/my_data_of_person.html", {"person": person, "kinds": registry.kinds_about(person)})


@never_cache
@reauthentication_required
@require_GET
def export_person(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    person = _person_for(request, pk)
    log(person, erasing.EXPORTED, user=request.user, title=str(person.pk))
    return _file(person)


@never_cache
@reauthentication_required
@require_http_methods(["GET", "HEAD", "POST"])
def erase_person(request: HttpRequest, pk: int) -> HttpResponse:
    """On request of the person. Afterwards the editor is shown which texts may still name them."""
    person = _person_for(request, pk)
    form = ConfirmErasureForm(request.POST if request.method == "POST" else None)
    refused = erasing.refusal(person)
    if request.method == "POST" and form.is_valid() and not refused:
        done = erasing.erase(person, by=request.user)
        messages.success(
            request,
            _("The account is erased. It stays as number %(number)s, for the statistics.") % {"number": person.pk},
        )
        if done.to_look_at:
            messages.warning(request, _("Some texts may still name the person: they are listed for you to decide."))
            return HttpResponseRedirect(reverse("account_named_places"))
        return HttpResponseRedirect(reverse("wagtailadmin_home"))
    words = {"form": form, "refused": refused, "person": person, "kinds": registry.KINDS}
    return render(request, "accounts/my_data_erase_person.html", words, status=400 if form.errors else 200)


@never_cache
@require_GET
def named_places(request: HttpRequest) -> HttpResponse:
    """Texts that may name people whose accounts were erased, oldest first, until an editor has decided."""
    page = Paginator(NamedPlace.objects.order_by("pk"), PLACES).get_page(request.GET.get("p"))
    return render(request, "accounts/named_places.html", {"page": page, "rows": places.shown(page.object_list)})


@never_cache
@require_GET
def open_place(request: HttpRequest, pk: int) -> HttpResponse:
    """Leads to the form or the history in which the text stands."""
    address = places.address_for(request.user, get_object_or_404(NamedPlace, pk=pk))
    if not address:
        messages.info(request, _("This text has no page of its own: decide here."))
    return HttpResponseRedirect(address or reverse("account_named_places"))


@never_cache
@require_POST
def decide_place(request: HttpRequest, pk: int) -> HttpResponse:
    """Replaces the words by the number of the account, or leaves them; either takes the text off the list."""
    place = NamedPlace.objects.filter(pk=pk).first()
    if place is None:
        messages.warning(request, _("Somebody else decided before you."))
    elif request.POST.get("do") != "take out":
        place.delete()
        messages.success(request, _("The text stays as it is."))
    elif places.take_out(place):
        messages.success(request, _("The name is taken out."))
    else:
        messages.warning(
            request, _("The words cannot be taken out here, or the text was changed since: open it and look yourself.")
        )
    here = request.POST.get("p", "")
    page = f"?p={here}" if here.isascii() and here.isdigit() and here != "1" else ""
    return HttpResponseRedirect(reverse("account_named_places") + page)


# For everyone


@require_GET
def processing_register(request: HttpRequest) -> HttpResponse:
    """The register of processing activities (GDPR, article 30), made from what the domains registered."""
    words = {"kinds": registry.KINDS, "contact": contact_url(), "authority": _authority()}
    return render(request, "accounts/processing_register.html", words)


def _authority() -> str:
    return AUTHORITIES[current_language()]


urlpatterns = [
    path(format_lazy("{}/", word("my-data")), my_data, name="account_my_data"),
    path(format_lazy("{}/{}/", word("my-data"), word("file")), my_data_file, name="account_my_data_file"),
    path(format_lazy("{}/{}/", word("my-data"), word("take-away")), my_data_erase, name="account_my_data_erase"),
]

admin_urlpatterns = [
    path("personal-data/places/", named_places, name="account_named_places"),
    path("personal-data/places/<int:pk>/", decide_place, name="account_decide_place"),
    path("personal-data/places/<int:pk>/open/", open_place, name="account_open_place"),
    path("personal-data/<int:pk>/", person_data, name="account_person_data"),
    path("personal-data/<int:pk>/file/", export_person, name="account_export_person"),
    path("personal-data/<int:pk>/erase/", erase_person, name="account_erase_person"),
]
