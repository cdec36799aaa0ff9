"""Why something cannot be done with a decision: a code for the page, a sentence for the person."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SENTENCES: dict[str, str | Promise] = {
    "closed": _("The vote is closed: this question is decided."),
    "withdrawn": _("This question was taken back: there is nothing to vote on any more."),
    "ended": _("Your mandate has ended: you can no longer vote for this seat."),
    "declined": _("You said that this vote is not for you."),
    "not-yours": _("No seat of this question is yours to vote for."),
    "taken": _("Your seat has voted already. A seat has one vote: it counts, yours is not added."),
    "not-open": _("This question is not open for votes."),
    "no-seats": _("Give the sides of this body their seats first: without seats nobody can decide."),
    "no-object": _("What the question is about is no longer there."),
    "too-early": _("Choose a later closing time: the seats need time to read and to vote."),
    "not-public": _("Nothing of it would be public with these choices. Choose at least the notice."),
    "same-text": _("Exactly this was agreed to already."),
    "own-entry": _("You drafted this question: somebody else confirms it."),
    "not-competent": _("Only the Steering Committee agrees to this, and only it withdraws what it agreed to."),
    "too-often": _(
        "This vote was changed many times: it stands as you gave it last, and can be changed again within the hour."
    ),
    "one-side": _("This needs seats on both sides: one side alone agrees to nothing."),
    "over": _("This agreement is over already: there is nothing to withdraw."),
    "own-doubt": _("You said yourself that a vote was not yours: another coordinator looks at it."),
    "not-counted": _("This vote was not counted, or was changed since: there is nothing to undo."),
    "no-agreement": _("The committee never agreed to this by a decision: ask it first."),
    "not-public-now": _("This is not public now. Ask the committee, or open it as it was agreed to."),
    "asked-already": _("The committee is being asked about this: wait for its answer, or take the question back."),
    "said-no": _("The committee said no to this, or called it back: ask it again, or write something else."),
    "second-person": _("Somebody else reads it first: who proposes something does not confirm it."),
    "amendment-over": _("This is settled already."),
    "amendment-changed": _("The draft was changed since this was proposed: propose it again as it is now."),
    "amendment-later": _("Something later was changed on top of it: call that back first."),
    "translation-only": _(
        "The draft changes more than it adds: a text that was agreed to differs. Put that back, or ask the committee."
    ),
    "translation-language": _("The draft adds no language to what was agreed to."),
    "form-rows": _("Something was added or taken away: that is a new question for the committee."),
    "form-else": _("More than words changed: that is a new question for the committee."),
    "form-markup": _("A heading, a link or the layout changed: that is a new question for the committee."),
    "form-digits": _("A number changed: that is a new question for the committee."),
    "form-quotation": _("A quotation changed: that is a new question for the committee."),
    "form-capitals": _("A name or another word with a capital changed: that is a new question for the committee."),
    "form-negation": _("A “not”, a “no” or a “without” changed: that is a new question for the committee."),
    "form-much": _("More than one word in twenty of a text changed: that is a new question for the committee."),
}


class Refused(Exception):
    """An act that the state of the decision does not allow; nothing was changed.

    code: one of SENTENCES. detail: what the page adds, such as the vote that stands.
    """

    def __init__(self, code: str, **detail: object) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail

    @property
    def sentence(self) -> str:
        return str(SENTENCES[self.code])
