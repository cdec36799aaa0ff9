"""Pages of contributing: begin, look over and confirm, one's contributions and those to accept. Each for the person who
is logged in.

Who is not logged in is led to the log-in; what they sent is kept (`resuming`). What is not theirs is a 404, as what
does not exist.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse, translate_url
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, override
from django.views.decorators.http import require_http_methods, require_safe

from kb.accounts.audiences import audiences_of
from kb.files.intake.forms import Refused
from kb.languages import CODES, current_language
from kb.library.choices import ReferenceState
from kb.library.contributions import steps as handling
from kb.library.contributions.correcting import PLAIN_STEPS, SAVE, STEPS, correct, sentences_by_field
from kb.library.contributions.forms import SENT, AddForm, RecordForm
from kb.library.contributions.page import attachments_of, file_choices, is_reading, missing_lines, page_of
from kb.library.contributions.resuming import NotKept, Obstacle, Parked, park, resumed, ticket_for, ticket_holder
from kb.library.contributions.stamping import stamp_of
from kb.library.contributions.starting import start
from kb.library.contributions.waiting import bodies_followed, contribution_url, own_references, proposed_to, shown_own
from kb.library.models import Contribution, Reference
from kb.library.models.marks import Mark
from kb.pages.translations.echoes import Echo

A_PAGE = 20
ADD, READ_OVER, MINE = (
    gettext_lazy("Add a reference"),
    gettext_lazy("Read a contribution over"),
    gettext_lazy("My contributions"),
)
View = Callable[..., HttpResponse]


def for_persons(view: View) -> View:
    """Leads to the log-in; what a form brought whose session has ended waits there,
    and so does what somebody else's form brought.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if request.user.is_authenticated and request.method != "POST":
            return _private(view(request, *args, **kwargs))
        holder = ticket_holder(request.POST.get("ticket", "")) if request.method == "POST" else None
        if request.user.is_authenticated and holder in (None, request.user.pk):
            return _private(view(request, *args, **kwargs))
        kept = _kept_of(request, holder) if holder else None
        back = f"{request.path}?{urlencode({'resume': kept.token})}" if isinstance(kept, Parked) else ""
        if request.user.is_authenticated:
            refused = kept.refused if isinstance(kept, Parked) else ()
            shown = {"back": back, "refused": refused, "section": "library", "noindex": True}
            return _private(render(request, "library/contributing/another.html", shown, status=409))
        if isinstance(kept, Parked):
            _say_what_is_kept(request, kept)
        elif kept is not None:
            messages.warning(request, NOT_KEPT[kept])
        return _private(redirect_to_login(back or request.get_full_path(), login_url=reverse("account_login")))

    return wrapped


def _kept_of(request: HttpRequest, holder: int) -> Parked | Obstacle:
    try:
        return park(request, holder, fields=SENT)
    except NotKept as error:
        return error.why


def _say_what_is_kept(request: HttpRequest, parked: Parked) -> None:
    if not parked.refused:
        messages.info(
            request,
            _(
                "Your session has ended. What you typed and the documents you gave are kept: log in, "
                "and they are there again."
            ),
        )
        return
    messages.info(
        request,
        _(
            "Your session has ended. What you typed is kept, and every document that is not named "
            "below: log in, and it is there again."
        ),
    )
    _say_refused(request, parked.refused)


def _say_refused(request: HttpRequest, refused: tuple[Refused, ...]) -> None:
    for one in refused:
        messages.warning(request, str(one))


NOT_KEPT = {
    Obstacle.TOO_LONG: gettext_lazy(
        "Your session has ended, and what you sent could not be kept: it is too long. Go back "
        "in your browser, copy what you typed, then log in."
    ),
    Obstacle.FULL: gettext_lazy(
        "Your session has ended, and what you sent could not be kept: there is no room at this moment. "
        "Go back in your browser, copy what you typed, then log in and tell the coordination."
    ),
    Obstacle.QUOTA: gettext_lazy(
        "Your session has ended, and what you sent could not be kept: what you gave before, "
        "and nobody accepted yet, takes all your room. "
        "Go back in your browser and copy what you typed; then log in and delete drafts under "
        "“My contributions”, or wait a day."
    ),
}


@require_http_methods(["GET", "HEAD", "POST"])
@for_persons
def add(request: HttpRequest) -> HttpResponse:
    bodies = handling.bodies_for(request.user, audiences_of(request))
    if not bodies:
        return render(
            request, "library/contributing/no_group.html", {"section": "library", "noindex": True}, status=403
        )
    if request.method == "POST":
        form = AddForm(request.POST, request.FILES, user=request.user, bodies=bodies)
        if form.is_valid() and (begun := _begin(request, form)):
            return _lead_on(request, begun, form.refused)
        form.keep_uploads()
    else:
        kept = _resumed(request)
        form = (
            AddForm(kept, user=request.user, bodies=bodies)
            if kept is not None
            else AddForm(user=request.user, bodies=bodies, initial={"body": request.GET.get("body")})
        )
    shown = {
        "form": form,
        "bodies": bodies,
        "ticket": ticket_for(request.user),
        "echoes": _echoes(request, ADD),
        "largest": settings.FILES_MAX_BYTES,
        "section": "library",
        "noindex": True,
    }
    return render(request, "library/contributing/add.html", shown)


def _begin(request: HttpRequest, form: AddForm) -> list[Reference]:
    """A draft for all the files, or one for each; what a model refuses stands beside its field."""
    found = form.cleaned_data
    files, given = found["files"], {"link": found["link"], "title": found["title"]}
    together = found["together"] or len(files) < 2
    begun = []
    try:
        for some in [files] if together else [[one] for one in files]:
            begun.append(start(request.user, found["body"], uploads=some, **given))
    except ValidationError as error:
        form.add_error(None, error.messages)
        if not begun:
            return []
    form.kept.release()
    return begun


def _lead_on(request: HttpRequest, begun: list[Reference], refused: tuple[Refused, ...]) -> HttpResponse:
    _say_refused(request, refused)
    if len(begun) == 1:
        return redirect(contribution_url(begun[0]))
    said = ngettext(
        "%(count)d reference begun. Look it over and confirm it.",
        "%(count)d references begun. Look each over and confirm it.",
        len(begun),
    )
    messages.success(request, said % {"count": len(begun)})
    return redirect("library:contributions")


@require_http_methods(["GET", "HEAD", "POST"])
@for_persons
def contribution(request: HttpRequest, mark: Mark) -> HttpResponse:
    held = audiences_of(request)
    reference = _followed(request, mark)
    if reference.state in (
        ReferenceState.ACCEPTED,
        ReferenceState.WITHDRAWN,
    ):  # its readers are decided: only its own page says who they are
        if request.method == "POST":
            messages.warning(request, capfirst(handling.last_said(reference)))
        return redirect("library:reference", mark.slug)
    stamp = stamp_of(reference)
    attachments = attachments_of(reference, held)
    if "state" in request.GET:
        return JsonResponse({"reading": is_reading(attachments)})
    kept = Contribution.objects.filter(reference=reference).first()
    form = _record_form(request, reference, kept, attachments)
    if request.method == "POST" and (answer := _answer(request, form, reference)):
        return answer
    page = page_of(reference, kept, form, attachments, user=request.user, held=held)
    heading = ADD if page.is_author else READ_OVER
    shown = {
        "page": page,
        "form": form,
        "ticket": ticket_for(request.user),
        "stamp": stamp,
        "heading": heading,
        "echoes": _echoes(request, heading),
        "section": "library",
        "noindex": True,
    }
    return render(request, "library/contributing/contribution.html", shown)


def _followed(request: HttpRequest, mark: Mark) -> Reference:
    reference = Reference.objects.with_mark(mark).select_related("body", "own_production", "created_by").first()
    if reference is None or not handling.may_follow(request.user, audiences_of(request), reference):
        raise Http404("no such reference")
    return reference


def _record_form(request: HttpRequest, reference: Reference, kept: Contribution | None, attachments) -> RecordForm:
    """The form as it was posted, as it was kept when the session ended, or as the reference stands, with the lines of
    `?edit=` open."""
    data, files = (request.POST, request.FILES) if request.method == "POST" else (_resumed(request), None)
    held = audiences_of(request)
    may_edit = handling.may_edit(request.user, held, reference)
    form = partial(RecordForm, user=request.user, held=held, reference=reference, files=file_choices(attachments))
    if data is None:
        opened = request.GET.getlist("edit") if may_edit else []
        return form(opened=opened, missing=missing_lines(reference, kept) if may_edit else [])
    return form(data, files, opened=data.getlist("open"), missing=data.getlist("missing"))


def _answer(request: HttpRequest, form: RecordForm, reference: Reference) -> HttpResponse | None:
    """Takes the step that was asked for; None when the page is to be shown again with what is wrong."""
    held, step = audiences_of(request), request.POST.get("do", SAVE)
    try:
        if step in PLAIN_STEPS:
            PLAIN_STEPS[step](reference, request.user, held=held)
            messages.success(request, DONE[step]())
            return redirect("library:contributions" if step == "delete" else contribution_url(reference))
        if request.POST.get("edit"):
            step = SAVE
        if form.is_valid():
            shown = request.POST.get("stamp", "")
            fresh = correct(
                form, reference, user=request.user, held=held, step=step if step in STEPS else SAVE, shown=shown
            )
            return _after(request, fresh, step)
    except handling.NotAllowed as sentence:
        messages.warning(request, capfirst(str(sentence)))
        return redirect(
            contribution_url(reference) if _still_followed(request, reference) else reverse("library:contributions")
        )
    except ValidationError as error:
        sentences_by_field(form, error)
    form.keep_uploads()
    return None


def _after(request: HttpRequest, reference: Reference, step: str) -> HttpResponse:
    if name := request.POST.get("edit"):
        return HttpResponseRedirect(f"{contribution_url(reference)}?{urlencode({'edit': name})}#line-{name}")
    if said := DONE.get(step):
        messages.success(request, said())
    if step == "accept":
        return redirect("library:reference", reference.mark_slug)
    return redirect("library:contributions" if step in STEPS else contribution_url(reference))


def _still_followed(request: HttpRequest, reference: Reference) -> bool:
    fresh = Reference.objects.filter(pk=reference.pk).select_related("body").first()
    return fresh is not None and handling.may_follow(request.user, audiences_of(request), fresh)


DONE: dict[str, Callable[[], str]] = {
    SAVE: lambda: _("Kept as a draft."),
    "confirm": lambda: _(
        "The reference is proposed. Whoever follows the contributions of the group reads it "
        "over; you will get a message."
    ),
    "accept": lambda: _("Accepted: its readers find it in a few seconds."),
    "return": lambda: _("Sent back to the person who contributed it, with your word."),
    "refuse": lambda: _("Refused: the person who contributed it reads your reason."),
    "take_back": lambda: _("You took it back: it is your draft again."),
    "delete": lambda: _("The draft is deleted."),
}


@require_safe
@for_persons
def contributions(request: HttpRequest) -> HttpResponse:
    held = audiences_of(request)
    bodies = bodies_followed(held)
    proposed = proposed_to(request.user, held)
    chosen = next((body.code for body in bodies if body.code == request.GET.get("body")), "")
    if chosen:
        proposed = proposed.filter(body__code=chosen)
    mine = Paginator(own_references(request.user), A_PAGE).get_page(request.GET.get("page"))
    shown = {
        "mine": mine,
        "rows": [shown_own(reference, held) for reference in mine],
        "to_accept": Paginator(proposed, A_PAGE).get_page(request.GET.get("waiting")) if bodies else None,
        "bodies": bodies,
        "chosen": chosen,
        "echoes": _echoes(request, MINE),
        "may_add": bool(handling.bodies_for(request.user, held)),
        "section": "library",
        "noindex": True,
    }
    return render(request, "library/contributing/contributions.html", shown)


def _echoes(request: HttpRequest, heading) -> list[Echo]:
    """The page's heading in the other two languages, each leading to it."""
    found = []
    for code in CODES:
        if code != current_language():
            address = translate_url(request.path, code)
            with override(code):
                found.append(Echo(code, str(heading), address))
    return found


def _resumed(request: HttpRequest):
    """What was kept of this person's form, said in a message; None for nothing."""
    token = request.GET.get("resume", "")
    data = resumed(token, request.user, request.path) if token and request.user.is_authenticated else None
    if data is not None:
        messages.success(request, _("Here is what you had typed and given. Send it again."))
    return data


def _private(response: HttpResponse) -> HttpResponse:
    patch_vary_headers(response, ["Cookie"])
    response["Cache-Control"] = "private, no-store"
    return response
