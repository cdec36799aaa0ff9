"""The page of one who votes, by the link of a message or logged in: a GET only shows, a POST acts.

link ─► token into the session ─► /vote/ : the question, what it is about, the ballot ─ POST ─► noted ─► the receipt
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from kb.accounts.audiences import audiences_of
from kb.accounts.linking import is_of, keep_token, kept_token, mark_of, secret_address
from kb.decisions.choices import Manner, State, Weight
from kb.decisions.deciding import casting, closing, disputing, meeting
from kb.decisions.deciding.comparing import row_since_agreed
from kb.decisions.deciding.meeting import votes_of_seats
from kb.decisions.errors import Refused
from kb.decisions.models import Ballot, Vote
from kb.decisions.reading import rows_read
from kb.decisions.voting.forms import ObjectionForm, VoteForm
from kb.decisions.voting.links import ballot_of_person, ballot_of_token, vote_of_token
from kb.groups.choices import SideName
from kb.pages.agreements import Shown, kind_of
from kb.site.limiting import Budget, spend

METHODS = ["GET", "HEAD", "POST"]
VOTE, UNDO = "vote", "undo-vote"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a voter stands: by link or logged in. of: what the page says of which link it is."""

    ballot: Ballot
    url: str
    of: str
    row_url: Callable[[int], str]
    file_url: Callable[[int], str]


@secret_address
@require_http_methods(METHODS)
def vote(request: HttpRequest, token: str = "") -> HttpResponse:
    """The page of a link. A link that nobody sent, was taken back or is too old tells of no vote."""
    if request.method != "POST" and token and ballot_of_token(token):
        return keep_token(request, VOTE, token, reverse("decisions:vote"))
    place = _by_link(request, token)
    if place is None:
        return render(request, "decisions/voting/unknown.html", status=404)
    if request.method == "POST" and not is_of(request, token or kept_token(request, VOTE)):
        return render(request, "decisions/voting/unknown.html", status=409)
    return _page(request, place)


@login_required
@never_cache
@require_http_methods(METHODS)
def own_vote(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, _logged_in(request, pk))


@secret_address
@require_safe
def row(request: HttpRequest, position: int) -> HttpResponseBase:
    return _row(request, _needed(_by_link(request)), position)


@secret_address
@require_safe
def row_file(request: HttpRequest, position: int) -> HttpResponseBase:
    return _file(request, _needed(_by_link(request)), position)


@login_required
@never_cache
@require_safe
def own_row(request: HttpRequest, pk: int, position: int) -> HttpResponseBase:
    return _row(request, _logged_in(request, pk), position)


@login_required
@never_cache
@require_safe
def own_file(request: HttpRequest, pk: int, position: int) -> HttpResponseBase:
    return _file(request, _logged_in(request, pk), position)


@secret_address
@require_http_methods(METHODS)
def undo(request: HttpRequest, token: str = "") -> HttpResponse:
    """ "This was not me", from a receipt."""
    if request.method != "POST" and token and vote_of_token(token):
        return keep_token(request, UNDO, token, reverse("decisions:undo"))
    kept = token or kept_token(request, UNDO)
    found = vote_of_token(kept)
    if found is None or (request.method == "POST" and not is_of(request, kept)):
        return render(request, "decisions/voting/unknown.html", status=404)
    if request.user.is_authenticated and found.ballot is not None and request.user.pk != found.ballot.user_id:
        return render(request, "decisions/voting/other.html", {"decision": found.decision}, status=409)
    if request.method == "POST":
        try:
            _undo(found)
        except Refused as refused:
            shown = {"sentence": refused.sentence, "decision": found.decision}
            return render(request, "decisions/voting/refused.html", shown, status=409)
        found = Vote.objects.select_related("decision__body", "seat").get(pk=found.pk)
    shown = {"vote": found, "decision": found.decision, "of": mark_of(kept), "is_done": found.undone_at is not None}
    return render(request, "decisions/voting/undo.html", shown)


def _undo(vote: Vote) -> None:
    """Before the closing the vote is undone; what is due is counted first."""
    try:
        casting.undo(vote.pk)
    except Refused:
        closing.close(vote.decision_id)
        disputing.dispute(vote.pk)


# Which ballot


def _by_link(request: HttpRequest, token: str = "") -> Place | None:
    kept = token or kept_token(request, VOTE)
    ballot = ballot_of_token(kept)
    if ballot is None:
        return None
    return Place(
        ballot,
        reverse("decisions:vote"),
        mark_of(kept),
        lambda position: reverse("decisions:vote-row", args=(position,)),
        lambda position: reverse("decisions:vote-file", args=(position,)),
    )


def _logged_in(request: HttpRequest, pk: int) -> Place:
    ballot = ballot_of_person(request.user, pk)
    if ballot is None:
        raise Http404
    return Place(
        ballot,
        reverse("decisions:own-vote", args=(pk,)),
        "",
        lambda position: reverse("decisions:own-row", args=(pk, position)),
        lambda position: reverse("decisions:own-file", args=(pk, position)),
    )


def _needed(place: Place | None) -> Place:
    if place is None:
        raise Http404
    return place


# The page


def _page(request: HttpRequest, place: Place) -> HttpResponse:
    ballot = place.ballot
    if request.user.is_authenticated and request.user.pk != ballot.user_id:
        return _show(request, place, "other", status=409)
    state = _state_of(ballot)
    if state == "declined" and "change" in request.GET:
        state = "vote"
    if request.method == "POST":
        act = _ACTS.get(request.POST.get("do", ""))
        if act is None:
            return HttpResponseRedirect(place.url)
        try:
            return act(request, place)
        except Refused as refused:
            place.ballot.refresh_from_db()
            ballot.decision.refresh_from_db()
            return _refused(request, place, refused)
    if state == "vote":
        mine = _own_vote(ballot)
        if mine is not None and "change" not in request.GET:
            return _show(request, place, "receipt", vote=mine)
        if mine is None and ballot.counts and (why_not := casting.taken(ballot)) is not None:
            return _show(request, place, "taken", vote=why_not.detail.get("vote"))
        initial = {"choice": mine.choice, "word": mine.word} if mine else {}
        return _show(request, place, "vote", form=VoteForm(initial=initial), vote=mine)
    return _show(request, place, state, form=ObjectionForm() if state == "meeting" else None, vote=_own_vote(ballot))


def _state_of(ballot: Ballot) -> str:
    """Which page there is for a ballot now: its template's name."""
    decision = ballot.decision
    if not ballot.may_answer:
        return "ended"
    if decision.state == State.WITHDRAWN:
        return "withdrawn"
    if decision.state == State.CLOSED:
        return "disputed" if decision.disputed_at is not None and ballot.counts else "closed"
    if decision.manner == Manner.MEETING:
        return "meeting"
    return "vote" if ballot.declined_at is None else "declined"


def _show(request: HttpRequest, place: Place, name: str, *, status: int = 200, **more: Any) -> HttpResponse:
    """The page of that name; one of the ballot holds what the question is about."""
    ballot = place.ballot
    decision = ballot.decision
    shown = {"place": place, "ballot": ballot, "decision": decision, "is_counted": ballot.counts, **more}
    if name in {"vote", "meeting", "receipt", "taken", "disputed"}:
        rows = rows_read(decision)
        shown["rows"] = [{"row": one, "url": place.row_url(position)} for position, one in rows.items()]
        shown["is_gone"] = decision.manifest is not None and not rows
        shown["voted"] = decision.votes.filter(weight=Weight.COUNTED).count()
        shown["seats"] = sum(rule.seats for rule in decision.rules.values())
        shown["seat"] = next((one for one in decision.seats.all() if one.holder_id == ballot.mandate_id), None)
    if name == "meeting":
        seats = {seat.pk: (SideName.values.index(seat.side), seat.number) for seat in decision.seats.all()}
        votes = votes_of_seats(decision)
        shown["written"] = [votes[pk] for pk in sorted(votes, key=seats.__getitem__)]
    return render(request, f"decisions/voting/{name}.html", shown, status=status)


def _refused(request: HttpRequest, place: Place, refused: Refused) -> HttpResponse:
    if refused.code == "taken":
        return _show(request, place, "taken", status=409, vote=refused.detail.get("vote"))
    return _show(request, place, "refused", status=409, sentence=refused.sentence)


def _own_vote(ballot: Ballot) -> Vote | None:
    return ballot.votes.exclude(weight=Weight.PAST).select_related("seat").first()


# The acts


def _vote(request: HttpRequest, place: Place) -> HttpResponse:
    form = VoteForm(request.POST)
    if not form.is_valid():
        return _show(request, place, "vote", form=form, status=422)
    choice, word = form.cleaned_data["choice"], form.cleaned_data["word"]
    mine = _own_vote(place.ballot)
    is_changed = mine is not None and (mine.choice, mine.word) != (choice, word.strip())
    if is_changed and spend(Budget("vote", f"{place.ballot.pk}@{place.ballot.made_at.isoformat()}")) is None:
        raise Refused("too-often")  # each change sends a receipt
    casting.cast(place.ballot.pk, choice, word)
    return HttpResponseRedirect(place.url)


def _decline(request: HttpRequest, place: Place) -> HttpResponse:
    casting.decline(place.ballot.pk)
    return HttpResponseRedirect(place.url)


def _confirm(request: HttpRequest, place: Place) -> HttpResponse:
    meeting.confirm(place.ballot.pk)
    return HttpResponseRedirect(place.url)


def _object(request: HttpRequest, place: Place) -> HttpResponse:
    form = ObjectionForm(request.POST)
    if not form.is_valid():
        return _show(request, place, "meeting", form=form, status=422)
    meeting.object_to(place.ballot.pk, form.cleaned_data["word"])
    return HttpResponseRedirect(place.url)


def _looked(request: HttpRequest, place: Place) -> HttpResponse:
    disputing.looked_by_seat(place.ballot.pk)
    return HttpResponseRedirect(place.url)


_ACTS = {"vote": _vote, "decline": _decline, "confirm": _confirm, "object": _object, "looked": _looked}


# What the question is about


def _row(request: HttpRequest, place: Place, position: int) -> HttpResponse:
    rows, shown = _rows_at(place, position)
    kind, _pk = kind_of(_subject(place))
    file_urls = {one.subject: place.file_url(at) for at, one in rows.items() if kind.file(one.values)}
    more = {"row": shown, "position": position, "file_urls": file_urls, "file_url": file_urls.get(shown.subject, "")}
    held, asked = audiences_of(request), place.ballot.decision.manifest_id
    more["since"] = row_since_agreed(_subject(place), shown, asked=asked or 0, held=held)
    page = {**kind.page(request, [kind.readable(shown, held)]), "row_template": kind.template, **more}
    return render(request, "decisions/voting/row.html", {"place": place, "decision": place.ballot.decision, **page})


def _file(request: HttpRequest, place: Place, position: int) -> HttpResponseBase:
    _rows, shown = _rows_at(place, position)
    kind, _pk = kind_of(_subject(place))
    serve = kind.file(shown.values)
    if serve is None:
        raise Http404
    return serve(request)


def _rows_at(place: Place, position: int) -> tuple[dict[int, Shown], Shown]:
    """All rows by their position, and the one at this position, from 1; only under a mandate that runs, while they may
    be read (`kb.decisions.reading`).
    """
    rows = rows_read(place.ballot.decision) if place.ballot.may_answer else {}
    if position not in rows:
        raise Http404
    return rows, rows[position]


def _subject(place: Place) -> str:
    manifest = place.ballot.decision.manifest
    assert manifest is not None
    return manifest.subject
