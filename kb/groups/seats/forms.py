"""The form of a renewal: a day, and for each mandate of the side its lot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from kb.accounts.addresses import find_person
from kb.accounts.fields import DayInput
from kb.accounts.models import User
from kb.groups.models import Mandate, Side
from kb.groups.seats.renewing import Drawn, Lot, mandates_of, renew, sits_already


class RenewalForm(forms.Form):
    """Nothing is chosen beforehand: each mandate gets its lot by hand. A mandate that began meanwhile has no lot, and
    the form comes back with it.
    """

    day = forms.DateField(label=_("First day of the new composition"), widget=DayInput)

    def __init__(self, side: Side, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.side = side
        self.mandates = list(mandates_of(side))
        for mandate in self.mandates:
            self.fields[f"lot-{mandate.pk}"] = forms.ChoiceField(
                label=_("What becomes of it"),
                choices=Lot.choices,
                widget=forms.RadioSelect,
                error_messages={"required": _("Say what becomes of this mandate.")},
            )
            self.fields[f"to-{mandate.pk}"] = forms.EmailField(
                label=_("Address of the person it passes to"),
                required=False,
                widget=forms.EmailInput(attrs={"autocomplete": "off"}),
            )

    def lines(self) -> Iterator[tuple[Mandate, BoundField, BoundField]]:
        for mandate in self.mandates:
            yield mandate, self[f"lot-{mandate.pk}"], self[f"to-{mandate.pk}"]

    def clean(self) -> None:
        self.drawn: dict[int, Drawn] = {}
        coming: set[int] = set()
        for mandate in self.mandates:
            lot = self.cleaned_data.get(f"lot-{mandate.pk}")
            if lot is None:
                continue
            person = self._successor(mandate, coming) if lot == Lot.PASSES else None
            self.drawn[mandate.pk] = Drawn(lot, person)

    def save(self) -> int:
        return renew(self.side, self.cleaned_data["day"], self.drawn)

    def _successor(self, mandate: Mandate, coming: set[int]) -> User | None:
        name, day = f"to-{mandate.pk}", self.cleaned_data.get("day")
        email = self.cleaned_data.get(name, "")
        if name in self.errors:
            return None
        person = find_person(email) if email else None
        if not email:
            self.add_error(name, _("Write the address of the person it passes to."))
        elif person is None:
            self.add_error(name, _("Nobody here has this address. Add the person first, then come back."))
        elif not person.is_active:
            self.add_error(name, _("The account of this person is closed: open it again first."))
        elif person.pk == mandate.user_id:
            self.add_error(name, _("This is the person who has it now: choose “Stays”."))
        elif person.pk in coming or (day and sits_already(person, self.side, day, besides=mandate.pk)):
            self.add_error(name, _("This person sits in the body already. One person has one mandate there."))
        else:
            coming.add(person.pk)
            return person
        return None
