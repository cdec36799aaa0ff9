"""The personal data of the decisions: what was asked of a person, and how they voted. The vote stays, as that of a
seat; who cast it goes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kb.accounts.personal_data.registry import COORDINATION, PEOPLE, Basis, PersonalData, register_personal, rows_of
from kb.accounts.personal_data.scrubbing import Identity, scrub
from kb.decisions.choices import RUNNING, AmendmentState, ManifestState
from kb.decisions.models import Amendment, Ballot, Decision, Link, ManifestRow, Vote


def votes_of(user: Any):
    """Of questions that are not open any more: until then nobody reads how somebody voted. Of one that was taken back
    no choice is kept (`deciding.asking.take_back`).
    """
    return Vote.objects.filter(ballot__user=user).exclude(decision__state__in=RUNNING).order_by("pk")


def votes_in_words(user: Any) -> Iterator[str]:
    for vote in votes_of(user).select_related("decision__body", "seat"):
        decision = vote.decision.code
        if not decision:  # its question is the body's alone
            yield _("A question of %(body)s that was taken back: voted") % {"body": vote.decision.body}
            continue
        yield _("%(decision)s: %(choice)s") % {"decision": decision, "choice": vote.get_choice_display()}


def erase_votes(user: Any, identity: Identity) -> int:
    """The vote stays counted as that of its seat; its word, its links and its person go."""
    mine = Ballot.objects.filter(user=user)
    votes = Vote.objects.filter(ballot__in=mine).update(word="", undo_hash="")
    for model, fields in ((Vote, ("word",)), (Ballot, ("word",)), (Decision, ("reason",)), (Amendment, ("word",))):
        votes += scrub(model.objects.all(), fields, identity, own=Q(pk__in=()))
    # What is compared with a thing is rewritten with that thing (`catalogue.guarding`); nothing rests on the others.
    votes += scrub(ManifestRow.objects.filter(manifest__state=ManifestState.OVER), ("label", "values"), identity)
    votes += scrub(Amendment.objects.exclude(state=AmendmentState.STANDING), ("former",), identity)
    Link.objects.filter(ballot__in=mine).delete()
    Vote.objects.filter(entered_by=user).update(entered_by=None)
    Decision.objects.filter(drafted_by=user).update(drafted_by=None)
    for name in ("asked_by", "reader", "decided_by", "called_back_by"):
        Amendment.objects.filter(**{name: user}).update(**{name: None})
    return votes + mine.update(user=None, word="")


def register_all() -> None:
    register_personal(
        PersonalData(
            name="decisions.votes",
            label=gettext_lazy("Votes"),
            what=gettext_lazy("Which questions were put to the person, how they voted and with which word"),
            people=PEOPLE,
            purpose=gettext_lazy("Deciding, and showing that a decision was taken as the charter asks"),
            basis=Basis.PUBLIC_TASK,
            basis_words=COORDINATION,
            kept_words=gettext_lazy("As long as the account"),
            seen_by=gettext_lazy("The members of the body that decides, once the vote is closed; the editors"),
            after_erasure=gettext_lazy("The vote, as that of a seat of a side, without a name"),
            order=75,
            shown=votes_in_words,
            erase=erase_votes,
            **rows_of(
                votes_of,
                "decision__body__code",
                "decision__year",
                "decision__number",
                "choice",
                "word",
                "way",
                "cast_at",
            ),
        )
    )
