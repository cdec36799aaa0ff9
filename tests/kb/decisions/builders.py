"""A committee of two sides, and a thing of a made-up kind that needs its agreement."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta

from django.utils import timezone

from kb.decisions.deciding.asking import Question, ask
from kb.decisions.models import Ballot, Decision
from kb.directory.choices import OrganisationKind
from kb.directory.models import Organisation
from kb.groups.choices import BodyKind, MandateRole, SideName
from kb.groups.models import Body, Mandate, Side
from kb.pages import agreements
from kb.pages.agreements import GatedKind, NotAgreed, Part, Shown
from kb.pages.texts import Texts
from tests.kb.accounts.builders import member
from tests.kb.groups.builders import body, mandate

KIND = "decisions.leaflet"
SUBJECT = f"{KIND}:1"


class Leaflets:
    """The things of the made-up kind: {id: text}, and which of them are public."""

    def __init__(self) -> None:
        self.texts: dict[int, str] = {1: "Trois pages sur l'accueil"}
        self.drafts: dict[int, str] = {}
        self.public: dict[int, int] = {}
        self.standing: dict[int, str] = {}

    def shown(self, pk: int, keys=None) -> tuple[Shown, ...]:
        if pk not in self.texts:
            raise LookupError(pk)
        return (Shown(f"{KIND}:{pk}", "fr", "Dépliant", {"text": self._text(pk, keys)}),)

    def _text(self, pk: int, keys) -> str:
        return self.texts[pk] if keys is None else self.drafts.get(pk, self.texts[pk])

    def open(self, pk: int, agreement: int, keys) -> None:
        digest = agreements.digest_of(self.shown(pk))
        if agreements.agreement_for(f"{KIND}:{pk}", digest) != agreement:
            raise NotAgreed("not this")
        self.public[pk] = agreement

    def close(self, pk: int, agreement: int, for_good: bool) -> None:
        self.public.pop(pk, None)

    def reopen(self, pk: int, agreement: int) -> None:
        self.open(pk, agreement, ())

    def kind(self) -> GatedKind:
        return GatedKind(
            name=KIND,
            label="leaflet",
            titles=lambda pk: Texts(fr="Dépliant"),
            body=lambda pk: "PA",
            parts=lambda pk: (Part("all", "Everything", True),),
            shown=self.shown,
            open=self.open,
            close=self.close,
            reopen=self.reopen,
            standing=lambda pk, keys: self.standing.get(pk, "the group"),
            url=lambda pk: "/fr/depliant/",
            page=lambda request, rows: {"rows": rows},
            template="decisions/index.html",
            file=lambda values: None,
        )


@contextmanager
def leaflets():
    found = Leaflets()
    with agreements.KINDS.temporarily(*agreements.KINDS.names()):
        agreements.KINDS.register(KIND, found.kind())
        yield found


def committee(code: str = "CP", *, cpas: int = 4, associations: int = 4, seats: int = 4) -> Body:
    """A committee with so many people a side; `seats` seats each. People are cpas1@…, asso1@…"""
    found = body(code, kind=BodyKind.STEERING_COMMITTEE)
    centre = organisation("CPAS", OrganisationKind.CPAS)
    for side, count, name in ((SideName.CPAS, cpas, "cpas"), (SideName.ASSOCIATIVE, associations, "asso")):
        Side.objects.create(body=found, name=side, seats=seats)
        for number in range(1, count + 1):
            of = centre if side == SideName.CPAS else organisation(f"Asso {number}", OrganisationKind.ASSOCIATION)
            sitting(found, f"{name}{number}", of)
    return found


def organisation(name: str, kind: str) -> Organisation:
    return Organisation.objects.get_or_create(
        name=name, defaults={"kind": kind, "code": name.replace(" ", "")[:8].upper()}
    )[0]


def sitting(of: Body, name: str, organisation: Organisation, **values) -> Mandate:
    user = member(f"{name}@cass.example", name=name.capitalize())
    return mandate(user, of, organisation=organisation, **values)


def invited(of: Body, name: str = "invite") -> Mandate:
    return mandate(member(f"{name}@cass.example", name=name), of, role=MandateRole.INVITEE)


def asked(of: Body, *, by=None, subject: str = SUBJECT, hours: int = 72, **values) -> Decision:
    question = Question(
        of, Texts(fr="Publier le dépliant ?", nl="De folder publiceren?", source="fr"), subject=subject, **values
    )
    return ask(question, closes_at=timezone.now() + timedelta(hours=hours), by=by)


def ballot(decision: Decision, name: str) -> Ballot:
    return Ballot.objects.get(decision=decision, user__email=f"{name}@cass.example")
