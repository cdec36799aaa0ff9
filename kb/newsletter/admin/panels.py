"""Parts of an issue's editing form: where it stands, what falls back, its items with what they are drawn from.

The view is in `issues`.
"""

from __future__ import annotations

from django import forms
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel, MultiFieldPanel, ObjectList, Panel
from wagtail.admin.panels.base import get_form_for_model

from kb.languages import LANGUAGES
from kb.newsletter.issues import agreeing, states
from kb.newsletter.models import Issue, IssueItem
from kb.newsletter.public.shown import fallbacks, headings, shown, subjects
from kb.pages.news import News, still_public
from kb.pages.texts import TextsFormField

LABEL = 90  # signs of a title in a list to choose from


class TextsForm(WagtailAdminModelForm):
    """Texts keep the language they were written in first, as long as they have words in it."""

    def clean(self):
        super().clean()
        cleaned = self.cleaned_data
        for name, field in self.fields.items():
            source = (
                (getattr(self.instance, name, None) or {}).get("source") if isinstance(field, TextsFormField) else None
            )
            if source and (cleaned.get(name) or {}).get(source):
                cleaned[name]["source"] = source
        return cleaned


class ItemForm(TextsForm):
    """heading: among those there are. subject is carried along unseen: an item that has no row yet would lose it."""

    def __init__(self, *args, **options) -> None:
        super().__init__(*args, **options)
        labels = headings()
        if self.instance.heading not in labels:
            labels[self.instance.heading] = self.instance.heading
        self.fields["heading"] = forms.ChoiceField(
            choices=list(labels.items()), label=_("Heading"), initial=self.instance.heading
        )


class IssueForm(TextsForm):
    """The lead story leads to what one of the items is drawn from, or to an address."""

    def __init__(self, *args, **options) -> None:
        super().__init__(*args, **options)
        if "lead_subject" not in self.fields:
            return
        items = list(self.instance.items.all())
        choices = {item.subject: str(item.title) for item in items if item.subject}
        kept = self.instance.lead_subject
        if kept and kept not in choices:
            news = still_public([kept]).get(kept)
            choices[kept] = str(news.titles) if news else str(self.instance.title)
        self.fields["lead_subject"] = forms.ChoiceField(
            choices=[
                ("", _("nothing on this site")),
                *((subject, Truncator(title).chars(LABEL)) for subject, title in choices.items()),
            ],
            widget=forms.Select(attrs={"class": "w-w-full"}),
            required=False,
            label=_("What the lead story leads to"),
            help_text=_(
                "One of the items below that are drawn from the site. Or leave it empty, and give an address elsewhere."
            ),
        )

    def clean(self):
        super().clean()
        cleaned = self.cleaned_data
        if cleaned.get("lead_subject") and cleaned.get("lead_url"):
            self.add_error(
                "lead_url",
                _(
                    "The lead story leads to a page of the site already: leave the address empty, or "
                    "choose “nothing on this site”."
                ),
            )
        return cleaned


class ItemsPanel(InlinePanel):
    """Items with their own form; what each is drawn from is asked of the domains once for all of them."""

    def get_form_options(self):
        options = super().get_form_options()
        deferred = self.child_edit_handler.get_form_options().get("defer_required_on_fields")
        options["formsets"][self.relation_name]["form"] = get_form_for_model(
            IssueItem, form_class=ItemForm, defer_required_on_fields=deferred
        )
        return options

    class BoundPanel(InlinePanel.BoundPanel):
        def __init__(self, **options) -> None:
            super().__init__(**options)
            if self.form is None:
                return
            known = still_public([_subject_of(child.form) for child in self.children])
            for child in self.children:
                for panel in child.children:
                    if isinstance(panel, SourcePanel.BoundPanel):
                        panel.show(_subject_of(child.form), known)


def _subject_of(form) -> str:
    return (form["subject"].value() if "subject" in form.fields else form.instance.subject) or ""


class SourcePanel(Panel):
    """What an item is drawn from: its title and its page; or that it is no longer public."""

    def get_form_options(self):
        return {"fields": ["subject"], "widgets": {"subject": forms.HiddenInput}}

    def clean_name(self):
        return "source"

    class BoundPanel(Panel.BoundPanel):
        template_name = "newsletter/admin/source.html"
        subject = ""
        news: News | None = None

        def show(self, subject: str, known: dict[str, News]) -> None:
            self.subject, self.news = subject, known.get(subject)

        def get_context_data(self, parent_context=None):
            context = {**super().get_context_data(parent_context), "field": self.form["subject"]}
            if self.news is None:
                return context
            title = self.news.titles.shown()
            return {
                **context,
                "title": title,
                "url": self.news.urls.get(title.language) or next(iter(self.news.urls.values()), ""),
            }


class FoldedPanel(MultiFieldPanel):
    """Text and address, folded away so that an issue of sixty items is looked over; open on a new item and where
    something is wrong.
    """

    class BoundPanel(MultiFieldPanel.BoundPanel):
        template_name = "newsletter/admin/folded.html"

        @property
        def is_open(self) -> bool:
            names = [child.field_name for child in self.children]
            return self.instance.pk is None or (self.form.is_bound and any(name in self.form.errors for name in names))


class StandingPanel(Panel):
    """Where the issue stands, what may be done next, what was said of it."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "newsletter/admin/standing.html"

        def is_shown(self) -> bool:
            return bool(self.instance and self.instance.pk)

        def get_context_data(self, parent_context=None):
            issue: Issue = self.instance
            return {
                **super().get_context_data(parent_context),
                "issue": issue,
                "standing": states.standing(issue),
                "asked": states.request_of(issue),
                "has_course": issue.has_workflow,
                "by_committee": agreeing.is_chosen(),
                "question": agreeing.open_question(issue) if agreeing.is_chosen() else None,
            }


class FallbackPanel(Panel):
    """What readers of each language will get in another, and what is left out because it is no longer public."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "newsletter/admin/fallbacks.html"

        def is_shown(self) -> bool:
            return bool(self.instance and self.instance.pk)

        def get_context_data(self, parent_context=None):
            issue: Issue = self.instance
            known = still_public(subjects([issue]))
            found = fallbacks(issue, public=known)
            whole = shown(issue, "fr", public=known)
            gone = [item.title.shown() for item in issue.items.all() if item.subject in whole.dropped]
            return {
                **super().get_context_data(parent_context),
                "languages": [{"code": code, "name": name, "titles": found[code]} for code, name in LANGUAGES.items()],
                "gone": gone,
                "lead_gone": not whole.has_lead,
                "count": len(whole.items) + whole.has_lead,
            }


EDIT_HANDLER = ObjectList(
    [
        StandingPanel(heading=_("Where this issue stands")),
        FallbackPanel(heading=_("Languages: what falls back")),
        MultiFieldPanel([FieldRowPanel([FieldPanel("number"), FieldPanel("date")])], heading=_("Issue")),
        MultiFieldPanel(
            [
                FieldPanel("title"),
                FieldPanel("lead"),
                FieldPanel("lead_subject"),
                FieldPanel("lead_url"),
                FieldPanel("lead_link_words"),
            ],
            heading=_("Lead story"),
        ),
        ItemsPanel(
            "items",
            panels=[
                FieldPanel("heading"),
                SourcePanel(),
                FieldPanel("title"),
                FoldedPanel([FieldPanel("text"), FieldPanel("url")]),
            ],
            heading=_("Items"),
            label=_("item"),
            help_text=_(
                "Items are shown under their heading, in this order. Those drawn from the site lead to "
                "their page; your own may lead elsewhere."
            ),
        ),
    ],
    base_form_class=IssueForm,
)
