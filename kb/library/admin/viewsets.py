"""References in the admin: a list quick at a hundred thousand rows, filters, search in titles and texts,
history, chooser.
"""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import urlencode

import django_filters
from django import forms
from django.db.models import Case, IntegerField, Prefetch, Q, Value, When
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.panels import (
    FieldPanel,
    FieldRowPanel,
    HelpPanel,
    InlinePanel,
    MultiFieldPanel,
    ObjectList,
    Panel,
    TabbedInterface,
)
from wagtail.admin.ui.tables import Column
from wagtail.admin.widgets.button import Button
from wagtail.snippets.views.chooser import ChooseResultsView, ChooseView, SnippetChooserViewSet
from wagtail.snippets.views.snippets import CreateView, DeleteView, EditView, IndexView, SnippetViewSet

from kb.accounts.audiences import PUBLIC, STAFF
from kb.backoffice.counting import CappedPaginator
from kb.files.choices import UNREAD_STATES, State
from kb.files.models import FileVersion
from kb.files.reading.reasons import reasons_of
from kb.files.states import shown_state
from kb.groups.models import Body
from kb.languages import current_language
from kb.library.admin import versions as version_views
from kb.library.admin.forms import OWNER_KIND, ReferenceFileForm, ReferenceForm
from kb.library.catalogue.adding import MOST_NAMES
from kb.library.catalogue.verifying import EVERY_NOTICE, field_name, to_verify
from kb.library.choices import ReferenceState, ReferenceType
from kb.library.models import Reference, ReferenceFile
from kb.pages.agreements import NotAgreed
from kb.vocabulary.models import Concept, with_narrower
from search.engines import EngineUnavailable
from search.entries import Filters
from search.opening import site_finder
from search.query import parse

FOUND_AT_MOST = 300
UNREAD = "unread"
ANYTHING = "any"
MARK = re.compile(r"^\s*([A-Za-z]{2,8})[\s-]?(\d{4})[/-](\d+)\s*$")


def found_by_words(references, typed: str):
    """References whose notice or text answers the words, best first (at most FOUND_AT_MOST); a shelf mark finds its
    reference.

    The site's own index answers; while it is away, titles that begin with the words do.
    """
    typed = typed.replace("\x00", " ").strip()  # PostgreSQL refuses a NUL
    mark = MARK.match(typed)
    if mark:
        return references.filter(body__code=mark[1].upper(), mark_year=int(mark[2]), mark_number=int(mark[3]))
    begins = Q(title__istartswith=typed)
    query = replace(parse(typed, current_language()), filters=Filters(kinds=(OWNER_KIND,)))
    try:
        results = site_finder().search(query, audiences=frozenset({PUBLIC, STAFF}), count=FOUND_AT_MOST, facets=False)
    except EngineUnavailable:
        return references.filter(begins)
    found = list(dict.fromkeys(int(hit.subject.rpartition(":")[2]) for hit in results.hits))
    place = Case(
        *(When(pk=pk, then=Value(number)) for number, pk in enumerate(found)),
        default=Value(-1),
        output_field=IntegerField(),
    )
    return references.filter(Q(pk__in=found) | begins).annotate(place=place).order_by("place", "-pk")


class ReferenceIndex(IndexView):
    """Newest first; one page costs the same number of queries whatever its rows."""

    paginator_class = CappedPaginator
    default_ordering = "-id"

    def get_base_queryset(self):
        states = Prefetch(
            "files", queryset=ReferenceFile.objects.order_by("sort_order").prefetch_related(newest_versions())
        )
        return super().get_base_queryset().select_related("body", "created_by").prefetch_related(states)

    def search_queryset(self, queryset):
        return found_by_words(queryset, self.search_query) if self.is_searching else queryset


class SaysWhyNot:
    """The form once more, with all that was typed and given, where saving it would show what nobody agreed to."""

    def form_valid(self, form):
        try:
            return super().form_valid(form)
        except NotAgreed as why:
            form.add_error(None, why.messages)
            form.keep_uploads()
            self.produced_error_message = " ".join(why.messages)
            return self.form_invalid(form)


class ReferenceCreate(SaysWhyNot, CreateView):
    pass


class ReferenceEdit(SaysWhyNot, EditView):
    """A reference; for our own work, with the way to the committee's agreement."""

    @cached_property
    def header_more_buttons(self):
        buttons = super().header_more_buttons
        reference = self.object
        is_ours = reference.own_production_id and reference.state == ReferenceState.ACCEPTED
        if is_ours and self.request.user.has_perm("decisions.change_decision"):
            url = f"{reverse('decision:ask')}?subject={reference.search_subject()}"
            label = _("Ask for the committee's agreement…")
            buttons.append(Button(label, url=url, icon_name="tick-inverse", priority=15))
        return buttons


class ReferenceDelete(DeleteView):
    """Says what goes, and what would be kept by withdrawing."""

    def form_valid(self, form):
        try:
            return super().form_valid(form)
        except NotAgreed as why:
            messages.error(self.request, " ".join(why.messages))
            return HttpResponseRedirect(self.get_success_url())

    @property
    def confirmation_message(self) -> str:
        return gettext(
            "Delete this reference with its files and all their versions? Its addresses will lead nowhere. "
            "To take it out of the library but keep what was cited, withdraw it instead."
        )


def newest_versions() -> Prefetch:
    """The versions of files without their texts, oldest first."""
    return Prefetch(
        "stored_file__versions",
        queryset=FileVersion.objects.only("stored_file_id", "number", "state", "page_count", "original_name").order_by(
            "number"
        ),
    )


class FilesColumn(Column):
    """How many files, and what keeps one of them from being searched."""

    def get_value(self, instance: Reference) -> SafeString | str:
        states = [
            versions[-1].state for file in instance.files.all() if (versions := list(file.stored_file.versions.all()))
        ]
        if not states:
            return "–"
        troubled = [State(state).label for state in states if state not in (State.READ, State.WAITING)]
        waiting = State.WAITING in states
        words = ", ".join(str(word) for word in dict.fromkeys(troubled)) or (
            str(State.WAITING.label) if waiting else ""
        )
        return format_html("{} · {}", len(states), words) if words else str(len(states))


class ReadingFilter(django_filters.ChoiceFilter):
    """References with a file whose newest version is in this state; "unread" stands for every state in which nothing
    could be read.
    """

    def filter(self, queryset, value):
        if not value:
            return queryset
        found = FileVersion.objects.newest().filter(state__in=UNREAD_STATES if value == UNREAD else [value])
        return queryset.filter(pk__in=found.values("stored_file__reference_file__reference_id"))


class ToVerifyFilter(django_filters.ChoiceFilter):
    """References with this line to verify, the same as wait on the home; "any" stands for every line."""

    def filter(self, queryset, value):
        if not value:
            return queryset
        return queryset.filter(pk__in=to_verify("" if value == ANYTHING else value).values("pk"))


class ThemeFilter(django_filters.ModelChoiceFilter):
    """References about a theme: tagged with it or with any concept below it."""

    def filter(self, queryset, value):
        return queryset.filter(concepts__in=with_narrower([value.pk])).distinct() if value else queryset


class MissingFilter(django_filters.BooleanFilter):
    def filter(self, queryset, value):
        return queryset if value is None else queryset.filter(files__isnull=value).distinct()


class ReferenceFilters(WagtailFilterSet):
    state = django_filters.MultipleChoiceFilter(
        choices=ReferenceState.choices, widget=forms.CheckboxSelectMultiple, label=_("State")
    )
    body = django_filters.ModelMultipleChoiceFilter(
        queryset=Body.objects.all(), widget=forms.CheckboxSelectMultiple, label=_("Body")
    )
    type = django_filters.MultipleChoiceFilter(
        choices=ReferenceType.choices, widget=forms.CheckboxSelectMultiple, label=_("Type")
    )
    theme = ThemeFilter(queryset=Concept.objects.filter(broader__isnull=True), label=_("Theme"))
    reading = ReadingFilter(choices=[(UNREAD, _("Could not be read")), *State.choices], label=_("State of a file"))
    to_verify = ToVerifyFilter(
        choices=[
            (ANYTHING, _("Any line")),
            *((field, capfirst(field_name(field))) for field in EVERY_NOTICE),
        ],
        label=_("To verify"),
    )
    without_file = MissingFilter(label=_("Without a file"))
    year = django_filters.NumberFilter(label=_("Year"))

    class Meta:
        model = Reference
        fields = ["state", "body", "type", "language", "theme", "reading", "to_verify", "without_file", "year"]


class ReferenceSearch:
    """The chooser searches as the list does, and shows what may be cited: accepted references first."""

    def get_object_list(self):
        return super().get_object_list().select_related("body")

    def filter_object_list(self, objects):
        typed = self.request.GET.get("q", "").strip()
        return found_by_words(objects, typed) if typed else objects.order_by("-id")


class ChooseReference(ReferenceSearch, ChooseView):
    pass


class ChooseReferenceResults(ReferenceSearch, ChooseResultsView):
    pass


class ReferenceChooser(SnippetChooserViewSet):
    choose_view_class = ChooseReference
    choose_results_view_class = ChooseReferenceResults


class FilesPanel(InlinePanel):
    """The inline panel whose forms take uploads."""

    def get_form_options(self):
        options = super().get_form_options()
        options["formsets"][self.relation_name]["form"] = ReferenceFileForm
        return options


class ToVerifyPanel(FieldPanel):
    """What is to be verified, and why; nothing where everything was."""

    class BoundPanel(FieldPanel.BoundPanel):
        def __init__(self, **options) -> None:
            super().__init__(**options)
            self.help_text = format_html(
                '{} <a href="{}">{}</a>', self.help_text, reverse("handbook:verify"), gettext("How to verify a notice")
            )

        def is_shown(self) -> bool:
            return bool(self.form is not None and self.form.marked) and super().is_shown()


class FileStatePanel(Panel):
    """What reading made of the file, and where to open it."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "library/admin/file_state.html"

        def is_shown(self) -> bool:
            return bool(self.instance and self.instance.pk)

        def get_context_data(self, parent_context=None):
            context = super().get_context_data(parent_context)
            versions = list(self.instance.stored_file.versions.order_by("-number"))
            if not versions:
                return context
            newest, *older = versions
            return {
                **context,
                "version": newest,
                "state": shown_state(newest),
                "reasons": reasons_of(newest),
                "open_url": self.address(newest),
                "older": [
                    {"version": version, "url": self.address(version), "take_away_url": self.take_away_url(version)}
                    for version in older
                ],
                "take_away_url": self.take_away_url(newest),
                "read_again_url": self.read_again_url(),
            }

        def address(self, version: FileVersion) -> str:
            mark = self.instance.reference.mark_slug
            return reverse(
                "library:file", kwargs={"mark": mark, "file": self.instance.number, "version": version.number}
            )

        def take_away_url(self, version: FileVersion) -> str:
            return reverse(version_views.ADDRESS, args=[self.instance.pk, version.number])

        def read_again_url(self) -> str:
            reference = self.instance.reference
            back = reverse(Reference.snippet_viewset.get_url_name("edit"), args=[reference.pk])
            return f"{reverse('wagtail_bulk_action', args=['library', 'reference', 'read_again'])}?{urlencode({'id': reference.pk, 'next': back})}"  # noqa: E501


NOTICE = [
    MultiFieldPanel(
        [
            FieldRowPanel([FieldPanel("type"), FieldPanel("language")]),
            FieldPanel("title"),
            FieldPanel("subtitle"),
            FieldPanel("translated_titles"),
            FieldPanel("abstract"),
        ],
        heading=_("Document"),
    ),
    InlinePanel(
        "creators",
        panels=[
            FieldRowPanel([FieldPanel("name"), FieldPanel("role")]),
            FieldRowPanel([FieldPanel("is_organisation"), FieldPanel("organisation")]),
        ],
        heading=_("Creators"),
        label=_("creator"),
        max_num=MOST_NAMES,
    ),
    MultiFieldPanel(
        [
            FieldRowPanel([FieldPanel("publisher"), FieldPanel("container_title")]),
            FieldRowPanel([FieldPanel("date_text"), FieldPanel("pages")]),
            FieldPanel("url"),
            FieldRowPanel([FieldPanel("doi"), FieldPanel("isbn")]),
            FieldRowPanel([FieldPanel("force"), FieldPanel("superseded_by")]),
            FieldPanel("source"),
        ],
        heading=_("Publication"),
    ),
]
FILES = [
    ToVerifyPanel("verified", heading=_("To verify")),
    HelpPanel(
        content=_(
            "Add the document here, write its title under “Notice”, and say under “Readers and state” who may see it. "
            "Readers find it once its state is “Accepted”. A new document on a file that is there "
            "already becomes its next version; "
            "addresses that were cited go on showing the version they cited."
        )
    ),
    FilesPanel(
        "files",
        panels=[
            FileStatePanel(),
            FieldPanel("upload"),
            FieldRowPanel([FieldPanel("title"), FieldPanel("language")]),
            FieldPanel(
                "audiences",
                help_text=_("At most those who may see the notice. For everyone, say below why we may publish it."),
            ),
            FieldRowPanel([FieldPanel("publish_reason"), FieldPanel("permission_date")]),
        ],
        heading=_("Files"),
        label=_("file"),
    ),
    InlinePanel(
        "holdings",
        panels=[FieldPanel("place"), FieldPanel("note")],
        heading=_("Copies on paper"),
        label=_("copy on paper"),
    ),
]
SUBJECTS = [
    FieldPanel("concepts"),
    MultiFieldPanel(
        [FieldPanel("keywords_fr"), FieldPanel("keywords_nl"), FieldPanel("keywords_en")], heading=_("Keywords")
    ),
]
PUBLISHING = [
    FieldPanel("state", help_text=_("Readers find the reference only while it is accepted.")),
    FieldPanel(
        "state_reason", help_text=_("To return, refuse or withdraw it: why, in a few words. Its author reads them.")
    ),
    FieldPanel(
        "audiences",
        help_text=_("Who finds the title and the summary. Each file has readers of its own, never more than these."),
    ),
    FieldPanel("body", help_text=_("Its letters begin the shelf mark.")),
    FieldPanel("own_production", help_text=_("Leave it empty if the document is someone else's.")),
    FieldPanel("not_ours_because"),
]


class ReferenceViewSet(SnippetViewSet):
    model = Reference
    icon = "doc-full-inverse"
    menu_label = _("Library")
    menu_order = 250
    add_to_admin_menu = True
    index_view_class = ReferenceIndex
    add_view_class = ReferenceCreate
    edit_view_class = ReferenceEdit
    delete_view_class = ReferenceDelete
    chooser_viewset_class = ReferenceChooser
    filterset_class = ReferenceFilters
    list_display = [
        "title",
        Column("mark", label=_("Shelf mark")),
        Column("get_state_display", label=_("State"), sort_key="state"),
        Column("get_type_display", label=_("Type")),
        Column("year", label=_("Year"), sort_key="year"),
        FilesColumn("files", label=_("Files")),
        Column("updated_at", label=_("Changed"), sort_key="updated_at"),
    ]
    list_per_page = 50
    chooser_per_page = 20
    search_fields = ["title"]
    inspect_view_enabled = False
    edit_handler = TabbedInterface(
        [
            ObjectList(FILES, heading=_("Files")),
            ObjectList(NOTICE, heading=_("Notice")),
            ObjectList(SUBJECTS, heading=_("Subjects")),
            ObjectList(PUBLISHING, heading=_("Readers and state")),
        ],
        base_form_class=ReferenceForm,
    )
