"""What a coordinator fills in: a question in writing, what a meeting decided, a vote by telephone or on paper."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kb.accounts.fields import DayInput
from kb.decisions.choices import ENTERED, Choice, Way, Weight
from kb.decisions.deciding.asking import Question
from kb.decisions.deciding.meeting import Sat
from kb.decisions.models import Ballot, Decision
from kb.groups.choices import Standing, Voice
from kb.groups.models import Body, Mandate, Side
from kb.languages import CODES
from kb.pages.agreements import GatedKind, Part
from kb.pages.texts import Texts, TextsFormField

DAYS_TO_VOTE = 14
ENDS_AT = time(18)


class MomentInput(forms.DateTimeInput):
    """The browser's own field for a day and an hour."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class QuestionForm(forms.Form):
    """A question about a thing (kind and pk), about an agreement that would end (withdraws), or about neither."""

    question = TextsFormField(label=_("Question"), max_length=300)
    explanation = TextsFormField(
        label=_("Explanation"),
        multiline=True,
        required=False,
        help_text=_("What the seats should know before they vote. Public once it is agreed to."),
    )
    asked_by = forms.ModelChoiceField(label=_("Who asks"), queryset=Body.objects.none(), required=False)
    parts = forms.MultipleChoiceField(
        label=_("What would be public"), widget=forms.CheckboxSelectMultiple, required=True
    )

    def __init__(
        self,
        body: Body,
        *args: Any,
        about: tuple[GatedKind, int] | None = None,
        withdraws: Decision | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.body, self.about, self.withdraws = body, about, withdraws
        self.sides = list(body.sides.order_by("name"))
        self.mandates = list(
            Mandate.objects.running()
            .filter(body=body, voice=Voice.DELIBERATIVE)
            .select_related("user", "organisation")
            .order_by("side", "standing", "user__name", "pk")
        )
        self.fields["asked_by"].queryset = Body.objects.order_by("-is_active", "code")  # type: ignore[attr-defined]
        self.fields["question"].initial = _proposed(about, withdraws)
        self._prepare_parts()

    def _prepare_parts(self) -> None:
        self.offered: Collection[Part] = ()
        if self.about is None:
            del self.fields["parts"]
            return
        kind, pk = self.about
        self.offered = kind.parts(pk)
        asker = Body.objects.filter(code=kind.body(pk)).first()
        self.fields["asked_by"].initial = asker
        field = self.fields["parts"]
        field.choices = [(part.key, part.label) for part in self.offered if not part.refusal]  # type: ignore[attr-defined]
        field.initial = [part.key for part in self.offered if not part.refusal]

    def refused_parts(self) -> list[Part]:
        """What cannot be public with it, each with its reason."""
        return [part for part in self.offered if part.refusal]

    def mandates_of(self, side: str, *, holders: bool = False) -> list[Mandate]:
        found = [one for one in self.mandates if one.side == side]
        return [one for one in found if one.standing == Standing.HOLDER] if holders else found

    def as_question(self, named: dict[str, list[int]] | None = None) -> Question:
        given = self.cleaned_data
        kind_and_pk = self.about
        return Question(
            body=self.body,
            texts=Texts(given["question"]),
            explanation=Texts(given["explanation"] or {}),
            asked_by=given["asked_by"],
            subject=f"{kind_and_pk[0].name}:{kind_and_pk[1]}" if kind_and_pk else "",
            parts=given.get("parts", ()),
            withdraws=self.withdraws,
            named=named or {},
        )


class WritingForm(QuestionForm):
    closes_at = forms.DateTimeField(label=_("The vote closes"), widget=MomentInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        day = timezone.localdate() + timedelta(days=DAYS_TO_VOTE)
        self.fields["closes_at"].initial = timezone.make_aware(datetime.combine(day, ENDS_AT))
        for side in self.sides:
            holders = self.mandates_of(side.name, holders=True)
            self.fields[f"named-{side.name}"] = forms.MultipleChoiceField(
                label=gettext("Who holds the seats: %(side)s") % {"side": side},
                help_text=gettext("None ticked: the first who vote take the seats."),
                choices=[(one.pk, _said(one)) for one in holders],
                widget=forms.CheckboxSelectMultiple,
                required=False,
            )

    def named_fields(self) -> Iterator[forms.BoundField]:
        for side in self.sides:
            yield self[f"named-{side.name}"]

    def clean(self) -> None:
        self.named: dict[str, list[int]] = {}
        for side in self.sides:
            name = f"named-{side.name}"
            chosen = [int(pk) for pk in self.cleaned_data.get(name) or ()]
            if len(chosen) > side.seats:
                self.add_error(
                    name, gettext("This side has %(seats)s seats: tick no more people.") % {"seats": side.seats}
                )
            if chosen:
                self.named[side.name] = chosen


class MeetingForm(QuestionForm):
    """Seat by seat, or unanimous: who sat is then for it."""

    held_on = forms.DateField(label=_("Day of the meeting"), widget=DayInput)
    unanimous = forms.BooleanField(label=_("Unanimous: all who sat are for it"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["held_on"].initial = timezone.localdate()
        for side, number in self._seats():
            people = [(one.pk, _said(one)) for one in self.mandates_of(side.name)]
            self.fields[f"who-{side.name}-{number}"] = forms.ChoiceField(
                label=gettext("Who sat"), choices=[("", "–"), *people], required=False
            )
            self.fields[f"choice-{side.name}-{number}"] = forms.ChoiceField(
                label=gettext("Vote"), choices=[("", gettext("Not there")), *Choice.choices], required=False
            )

    def _seats(self) -> Iterator[tuple[Side, int]]:
        for side in self.sides:
            for number in range(1, side.seats + 1):
                yield side, number

    def lines(self) -> Iterator[tuple[Side, int, forms.BoundField, forms.BoundField]]:
        for side, number in self._seats():
            yield side, number, self[f"who-{side.name}-{number}"], self[f"choice-{side.name}-{number}"]

    def clean_held_on(self):
        if self.cleaned_data["held_on"] > timezone.localdate():
            raise forms.ValidationError(gettext("The meeting is still to come: enter it when it was held."))
        return self.cleaned_data["held_on"]

    def clean(self) -> None:
        self.sat: list[Sat] = []
        seen: set[str] = set()
        for side, number in self._seats():
            name = f"{side.name}-{number}"
            who, choice = self.cleaned_data.get(f"who-{name}", ""), self.cleaned_data.get(f"choice-{name}", "")
            if who and who in seen:
                self.add_error(f"who-{name}", gettext("This person sits on another seat already."))
            seen.add(who)
            if not choice and self.cleaned_data.get("unanimous") and who:
                choice = Choice.FOR
            if who and not choice:
                self.add_error(f"choice-{name}", gettext("Say how this seat voted, or that nobody sat there."))
            if choice:
                self.sat.append(Sat(side.name, number, choice, int(who) if who else None))
        if not self.sat and not self.errors:
            raise forms.ValidationError(gettext("Say of one seat at least how it voted."))


class EnteredVoteForm(forms.Form):
    """A vote that somebody gave by telephone or on paper."""

    ballot = forms.ModelChoiceField(label=_("Whose vote"), queryset=Ballot.objects.none())
    choice = forms.ChoiceField(label=_("Vote"), choices=Choice.choices, widget=forms.RadioSelect)
    way = forms.ChoiceField(
        label=_("How it came"),
        choices=[(way.value, way.label) for way in Way if way in ENTERED],
        widget=forms.RadioSelect,
    )
    word = forms.CharField(
        label=_("A word, if they wished"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, decision: Decision, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["ballot"]
        field.queryset = (  # type: ignore[attr-defined]
            decision.ballots.exclude(user=None)
            .exclude(votes__in=decision.votes.exclude(weight=Weight.PAST))
            .select_related("user", "mandate__organisation")
            .order_by("side", "user__name")
        )
        field.label_from_instance = lambda one: f"{one.user} ({one.get_side_display() or one.get_voice_display()})"  # type: ignore[attr-defined]


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Why"),
        max_length=500,
        error_messages={"required": _("Say why in a few words: those who were asked read it.")},
        widget=forms.Textarea(attrs={"rows": 2}),
    )


def _said(mandate: Mandate) -> str:
    words = [str(mandate.user), str(mandate.organisation) if mandate.organisation else ""]
    if mandate.standing == Standing.SUBSTITUTE:
        words.append(str(mandate.get_standing_display()))
    return ", ".join(word for word in words if word)


def _proposed(about: tuple[GatedKind, int] | None, withdraws: Decision | None) -> dict[str, str]:
    """The question as the site words it, to be corrected."""
    found: dict[str, str] = {}
    if about is None and withdraws is None:
        return found
    for code in CODES:
        with translation.override(code):
            if withdraws is not None:
                found[code] = gettext("Withdraw the agreement %(number)s?") % {"number": withdraws.code}
            elif about is not None:
                titles = about[0].titles(about[1])
                found[code] = gettext("Publish “%(title)s”?") % {"title": titles.shown(code).text[:250]}
    return {**found, "source": "fr"}
