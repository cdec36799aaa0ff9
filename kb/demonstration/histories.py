"""How the references of the demonstration came in: each that a member put in gets the steps that lead to its state."""

from __future__ import annotations

from django.utils import timezone

from kb.accounts.models import User
from kb.groups.models import Mandate
from kb.library.choices import Handling, ReferenceState
from kb.library.models import Contribution, ContributionStep, Reference

DECIDED = {
    ReferenceState.ACCEPTED: (Handling.PROPOSED, Handling.ACCEPTED),
    ReferenceState.RETURNED: (Handling.PROPOSED, Handling.RETURNED),
    ReferenceState.REFUSED: (Handling.PROPOSED, Handling.REFUSED),
    ReferenceState.PROPOSED: (Handling.PROPOSED,),
    ReferenceState.WITHDRAWN: (Handling.PROPOSED, Handling.ACCEPTED, Handling.WITHDRAWN),
    ReferenceState.DRAFT: (),
}


def give_histories() -> None:
    """A contribution and its steps for every reference that a member put in, decided by the referent of its body, else
    by an editor.
    """
    editor = User.objects.filter(is_staff=True).order_by("pk").first()
    referents = {
        mandate.body_id: mandate.user
        for mandate in Mandate.objects.filter(is_referent=True).select_related("user").order_by("-pk")
    }
    for reference in Reference.objects.filter(created_by__is_staff=False).select_related("created_by").order_by("pk"):
        steps = DECIDED[ReferenceState(reference.state)]
        Contribution.objects.create(reference=reference, confirmed_at=timezone.now() if steps else None)
        for handling in steps:
            is_last = handling == steps[-1] and handling != Handling.PROPOSED
            ContributionStep.objects.create(
                reference=reference,
                handling=handling,
                actor=reference.created_by
                if handling == Handling.PROPOSED
                else referents.get(reference.body_id, editor),
                word=reference.state_reason if is_last else "",
            )
