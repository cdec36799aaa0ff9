"""Proposing a change that needs no vote: which kinds the draft allows, why not the others, who reads it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin import messages

from kb.accounts.models import User
from kb.decisions.admin.views import DecisionPage
from kb.decisions.choices import AmendmentKind
from kb.decisions.deciding import amending
from kb.decisions.errors import SENTENCES, Refused
from kb.groups.models import Mandate


class AmendmentForm(forms.Form):
    """Only the kinds that the draft allows are offered."""

    kind = forms.ChoiceField(label=gettext_lazy("What it is"), widget=forms.RadioSelect)
    added = forms.ChoiceField(label=gettext_lazy("Which translation"), required=False)
    reader = forms.ModelChoiceField(
        label=gettext_lazy("Who reads it"),
        queryset=User.objects.none(),
        required=False,
        help_text=gettext_lazy(
            "For a translation: a person who knows the language. A correction is read by any other editor."
        ),
    )
    word = forms.CharField(label=gettext_lazy("Why, in a few words"), max_length=300, required=False)

    def __init__(self, draft: amending.Draft, by: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        allowed = [kind for kind, why in draft.why_not.items() if not why]
        choices = [choice for choice in AmendmentKind.choices if choice[0] in allowed]
        self.fields["kind"].choices = choices  # type: ignore[attr-defined]
        self.fields["kind"].initial = choices[0][0] if choices else None
        sitting = Mandate.objects.running().values("user")
        people = User.objects.filter(Q(pk__in=sitting) | Q(is_staff=True), is_active=True)
        self.fields["reader"].queryset = people.exclude(pk=by.pk).order_by("name", "pk")  # type: ignore[attr-defined]
        self.fields["added"].choices = [(part.key, part.label) for part in draft.new]  # type: ignore[attr-defined]
        if AmendmentKind.TRANSLATION.value not in allowed:
            del self.fields["reader"], self.fields["added"]

    def clean(self) -> None:
        given = self.cleaned_data
        if given.get("kind") == AmendmentKind.TRANSLATION and not given.get("reader") and "reader" in self.fields:
            self.add_error("reader", _("Name the person who reads the translation."))


class AmendView(DecisionPage):
    """?subject=home.page:17"""

    template_name = "decisions/admin/amend.html"
    page_title = gettext_lazy("Change it without a vote")

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page()

    def post(self, request: HttpRequest) -> HttpResponse:
        return self._page(request.POST)

    def _page(self, *data: Any) -> HttpResponse:
        subject = self.request.GET.get("subject", "")
        try:
            draft = amending.draft_to_show(subject)
        except Refused as refused:
            return self.page(refused=refused.sentence)
        allowed = [kind for kind, why in draft.why_not.items() if not why]
        form = AmendmentForm(draft, self.request.user, *data)
        if data and form.is_valid():
            given = form.cleaned_data
            chosen = {"reader": given.get("reader"), "added": given.get("added", ""), "word": given["word"]}
            try:
                made = amending.propose(subject, given["kind"], by=self.request.user, **chosen)
            except Refused as refused:
                form.add_error(None, refused.sentence)
            else:
                messages.success(self.request, _("Proposed: it is public once a second person has read it."))
                return redirect("decisions:amendment", made.pk)
        lines = [
            {
                "kind": AmendmentKind(kind).label,
                "why": SENTENCES[why] if why else "",
                "changes": () if draft.changes[kind] in list(draft.changes.values())[:at] else draft.changes[kind],
            }
            for at, (kind, why) in enumerate(draft.why_not.items())
        ]
        return self.page(form=form, lines=lines, allowed=allowed, media=form.media)
