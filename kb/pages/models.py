"""What every page of the tree shares. Kinds of pages are in their domains; the site's own in `home`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalManyToManyField
from wagtail.admin.forms import WagtailAdminPageForm
from wagtail.admin.panels import FieldPanel, MultiFieldPanel, ObjectList, Panel, TabbedInterface
from wagtail.models import Page, PageManager, PageViewRestriction
from wagtail.query import PageQuerySet
from wagtail_localize.fields import SynchronizedField

from kb.accounts.audiences import PUBLIC, STAFF, audiences_of, may_see, narrowed
from kb.accounts.fields import AudiencesField, FirstPublicField, given_to, note_public, public_only
from kb.accounts.reopening import STAMP, OpensNothingAgain, earlier, later, more_readers, stamp_of_rights
from kb.languages import current_language
from kb.pages.addressing import addresses
from kb.pages.translations.echoes import Echo
from kb.pages.translations.originals import Originals, pieces_of
from search.indexing import record, record_closing
from search.recording import check, checked_together, opened_before_saving, record_since
from search.registry import Opened, dependents_of, open_to

TOP_DEPTH = 3
TAKEN_OFFLINE = _(
    "Somebody changed this page since you opened the form, and it is not online now. If it "
    "should be, publish it once more."
)


_DAYS = ("go_live_at", "expire_at")


def _moment(written: str | None) -> datetime | None:
    """A moment as a revision keeps it."""
    return parse_datetime(written) if written else None


def _kept(name: str, older: Any, now: Any) -> Any:
    """What an older version of a page takes in a field of rights: readers it had and that the page has now, editors
    alone where those have nobody in common, who then choose in the form.
    """
    if name != "audiences":
        return now
    return sorted(narrowed(older or [], now) | narrowed(now, older or [])) or [STAFF]


def refuse_reserved(slug: str) -> None:
    """Raises ValidationError when a page at the top of the tree would hide behind a route."""
    if slug in addresses.reserved_words():
        raise ValidationError(
            {
                "slug": _("“%(slug)s” is the address of a part of the site. Choose another word for this page.")
                % {"slug": slug}
            }
        )


class BasePageForm(OpensNothingAgain, WagtailAdminPageForm):
    """Compares with what holds, in the row and in the newest draft; the page of the form itself may be an older version
    that is looked at. Of that one the words come back: its readers and days are shown as they are now.
    """

    rights = {"audiences": more_readers, "go_live_at": earlier, "expire_at": later}
    newest: Mapping[str, Any] = {}  # of a page that is not saved yet

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, value in self.newest.items():
            if getattr(self.instance, name) != value:
                self.take(name, _kept(name, getattr(self.instance, name), self.rights_now[name]))

    def read_rights(self) -> dict[str, Any]:
        """One query.

        A draft gives nobody a page, but whoever publishes it from its form would give it to the readers chosen there.
        Besides, in `newest`: the values with which Wagtail opens the form of the page, if not that of an older version.
        """
        now = type(self.instance)._base_manager.filter(pk=self.instance.pk)
        draft = {name: f"latest_revision__content__{name}" for name in self.rights}
        row = now.values("live", "has_unpublished_changes", "latest_revision_id", *self.rights, *draft.values()).get()
        drafted = {
            "audiences": row[draft["audiences"]] or row["audiences"],
            **{name: _moment(row[draft[name]]) for name in _DAYS},
        }
        is_drafted = row["latest_revision_id"] is not None
        held = {name: row[name] for name in self.rights}
        self.newest = drafted if is_drafted and row["has_unpublished_changes"] else held
        readers = drafted["audiences"]
        if row["live"]:
            readers = sorted(narrowed(readers, row["audiences"])) or row["audiences"]
        return {
            "audiences": readers,
            **{name: (drafted if is_drafted else held)[name] for name in _DAYS},
            "live": row["live"],
        }

    def clean(self):
        super().clean()
        cleaned = self.cleaned_data
        if self.rights_now and not self.rights_now["live"] and "action-publish" in self.data and self.is_of_before():
            self.add_error(None, forms.ValidationError(TAKEN_OFFLINE, code="changed_meanwhile"))
            self.show(STAMP, stamp_of_rights(self.rights_now))
        if self.parent_page is not None and self.parent_page.depth == TOP_DEPTH - 1 and cleaned.get("slug"):
            try:
                refuse_reserved(cleaned["slug"])
            except ValidationError as error:
                self.add_error(None, error)
        return cleaned


class BasePageQuerySet(PageQuerySet):
    """Changes of many pages at once also reach the search."""

    def update(self, **values) -> int:
        with transaction.atomic():
            pages = list(self.all())
            subjects = [page.search_subject() for page in pages if page.search_subject()]
            closes = not {*values, *(f"{name}_id" for name in values)}.isdisjoint(self.model.rights)
            before = open_to(subjects) if closes else {}
            with checked_together():
                changed = super().update(**values)
                if self.model.is_checked(values):
                    check(subjects)
            if closes:
                note_public(self.model.objects.filter(pk__in=[page.pk for page in pages]).public())
            _record_since(before, subjects, pages)
        return changed

    update.alters_data = True  # type: ignore[attr-defined]

    def delete(self, *args, **options):
        """With what stands under them. A page's own `delete` comes through here too."""
        with transaction.atomic():
            going = [page for one in self.all() for page in one.get_descendants(inclusive=True).specific(defer=True)]
            subjects, others = _subjects_of(going), _subjects_of(_translations_of(going))
            deleted = super().delete(*args, **options)
            record_closing(*subjects, *dependents_of([*subjects, *others]))
            record(*(subject for subject in others if subject not in subjects))
        return deleted

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def public(self) -> BasePageQuerySet:
        """The live pages that everyone may see, chosen by the database."""
        return given_to(self.live(), PUBLIC)

    def for_audiences(self, audiences: frozenset[str]) -> list:
        """The pages among these that a reader may see; decided in Python, so for short lists."""
        return [page for page in self if page.is_for(audiences)]


BasePageManager = PageManager.from_queryset(BasePageQuerySet)


class BasePage(Page):
    """A page with audiences, authoring bodies and a date of review.

    The audience of a translation is its source's: whatever is saved on a translation, the source's set is kept.
    rights: the attributes by which a row says who may see it. checked: the fields of which a change is asked about
    (`search.recording.CHECKS`).
    """

    rights: tuple[str, ...] = ("live", "audiences")
    checked: frozenset[str] = frozenset()

    audiences = AudiencesField(_("who may see this page"), default=public_only)
    bodies = ParentalManyToManyField("groups.Body", verbose_name=_("written by"), blank=True, related_name="+")
    last_reviewed = models.DateField(_("last reviewed"), null=True, blank=True)
    first_public_at = FirstPublicField(db_index=True)

    base_form_class = BasePageForm
    subpage_types: list[str] = []
    private_page_options: list[str] = []
    show_in_menus_default = False
    has_workflow = False  # editors publish pages themselves: approval is for records that are agreed to
    exclude_fields_in_copy = ["first_public_at"]
    # Named one by one: what is the same in all languages, and may not be changed in a translation.
    override_translatable_fields = [
        SynchronizedField("audiences", overridable=False),
        SynchronizedField("last_reviewed", overridable=False),
    ]

    objects = BasePageManager()

    promote_panels = [
        MultiFieldPanel(
            [FieldPanel("slug"), FieldPanel("seo_title"), FieldPanel("search_description")],
            heading=_("Address and search engines"),
        ),
    ]
    settings_panels = [
        FieldPanel("audiences"),
        FieldPanel("bodies"),
        FieldPanel("last_reviewed"),
        FieldPanel("owner"),
        *Page.settings_panels,
    ]

    class Meta:
        abstract = True

    @classmethod
    def tabbed(cls, *content_panels: Panel, whose: Sequence[Panel] = ()) -> TabbedInterface:
        """The editing form of a kind of page: its own panels, then address, then who may see it; whose: after that,
        whose work it is.
        """
        return TabbedInterface(
            [
                ObjectList([*Page.content_panels, *content_panels], heading=_("Content")),
                ObjectList(cls.promote_panels, heading=_("Address")),
                ObjectList(
                    [*cls.settings_panels[:1], *whose, *cls.settings_panels[1:]], heading=_("Readers and dates")
                ),
            ]
        )

    def get_workflow(self) -> None:
        """None: see has_workflow."""

    # Saving and moving

    def clean(self) -> None:
        super().clean()
        if self.depth == TOP_DEPTH:
            refuse_reserved(self.slug)

    def save(self, *args, **options):
        fields = options.get("update_fields")
        with transaction.atomic():
            source = self.source_page()
            before = Page.objects.filter(pk=self.pk).values_list("url_path", flat=True).first() if self.pk else None
            if source is not None:
                self.audiences = list(source.audiences)
            opened = opened_before_saving(self, _called(self), rights=self.rights, update_fields=fields)
            with checked_together():
                saved = super().save(*args, **options)
                if source is None and (
                    fields is None or "audiences" in fields
                ):  # readers chosen in a draft are nobody's yet
                    others = type(self).objects.filter(translation_key=self.translation_key).exclude(pk=self.pk)
                    others.exclude(audiences=self.audiences).update(audiences=self.audiences)
                if self.is_checked(fields):
                    check(_called(self))
            moved = before is not None and before != self.url_path
            # Also its source: by that one others speak of all its translations (`kb.pages.news`).
            _record_since(opened, [*(self._subjects_of_branch() if moved else _called(self)), *_called(source)], [self])
        return saved

    @classmethod
    def is_checked(cls, names: Iterable[str] | None) -> bool:
        """Whether a change of the fields with these names is asked about; None: of all fields."""
        return bool(cls.checked) if names is None else not cls.checked.isdisjoint(names)

    def move(self, target, pos=None, user=None):
        """Moves the page with what is under it. Raises ValidationError where its slug would hide behind a route."""
        if target.depth + (pos in ("first-child", "last-child", "sorted-child")) == TOP_DEPTH:
            refuse_reserved(self.slug)
        with transaction.atomic():
            super().move(target, pos=pos, user=user)
            record(*type(self).objects.get(pk=self.pk)._subjects_of_branch())

    def copy(self, *args, **options):
        """All or nothing: a copy of a branch of which one page is refused leaves no part of it."""
        with transaction.atomic():
            return super().copy(*args, **options)

    def create_alias(self, *args, **options):
        """All or nothing, as `copy`."""
        with transaction.atomic():
            return super().create_alias(*args, **options)

    def publish(self, revision, *args, **options):
        """A revision older than the one that readers see, or of a page that is not online than the newest, gives its
        words back and not its readers. (Of a revert in its form there is a new revision.)
        """
        names = ("live", "live_revision_id", "latest_revision_id", "audiences", "expire_at")
        row = type(self)._base_manager.filter(pk=self.pk).values(*names).get()
        newest = row["live_revision_id" if row["live"] else "latest_revision_id"]
        if newest is not None and revision.pk < newest:
            older = revision.as_object()
            for name in ("audiences", "expire_at"):
                setattr(older, name, _kept(name, getattr(older, name), row[name]))
            revision.content = older.serializable_data()  # of this object only: what is stored stays as it was
        return super().publish(revision, *args, **options)

    # Search

    def search_subject(self) -> str:
        """What the search calls this page ("home.page:17"); "" for kinds that are not searched."""
        return ""

    def _subjects_of_branch(self) -> list[str]:
        return _subjects_of(self.get_descendants(inclusive=True).specific(defer=True))

    # Translations

    def source_page(self):
        """The page this one translates: the eldest of its translations; None when it is itself the source."""
        eldest = type(self).objects.filter(translation_key=self.translation_key).order_by("pk").first()
        return None if eldest is None or eldest.pk == self.pk else eldest

    def echoes(self, others: Sequence[Page]) -> list[Echo]:
        """The titles in the other two languages, of which `others` are the live pages; for one without a page, that it
        is not there yet.
        """
        written = {page.locale.language_code: page for page in others}
        written[self.locale.language_code] = self
        here = current_language()
        return [
            Echo(code, written[code].title, written[code].get_url()) if code in written else Echo(code)
            for code in addresses.CODES
            if code != here
        ]

    def originals(self, source: Page | None) -> Originals | None:
        """The words of the source, by which an untranslated piece is known; None for the source itself,
        which has no other.
        """
        if source is None:
            return None
        values = [
            getattr(source, field.name) for field in self._meta.get_fields() if field.name in self.translated_bodies
        ]
        pieces = frozenset().union(*(pieces_of(value) for value in values)) | {" ".join(source.title.split())}
        return Originals(source.locale.language_code, pieces)

    # Fields whose words are compared with the source's; kinds with more of them say so.
    translated_bodies: tuple[str, ...] = ("body", "intro")

    # Showing

    @property
    def effective_audiences(self) -> frozenset[str]:
        """Who may see this page while it is live (editors always may): the one rule that every way out asks."""
        return frozenset(self.audiences or ())

    def agreed_record(self, mark: str) -> Mapping[str, str] | None:
        """The words of a reference that this page shows, where they are fixed by an agreement; None: as they are."""
        return None

    def is_public(self) -> bool:
        """Whether everyone may see this page, as the row stands here."""
        return self.live and PUBLIC in self.effective_audiences

    def is_for(self, audiences: frozenset[str]) -> bool:
        return may_see(audiences, self.effective_audiences)

    def get_view_restrictions(self) -> models.QuerySet[PageViewRestriction]:
        """Those of this page and the pages above it, as Wagtail asks for at each serving, by one query less: their
        places are in `path`. Of a page that shows another's content, those of the other hold as well.
        """
        ends = range(self.steplen, len(self.path) + 1, self.steplen)
        here = [self.path[:end] for end in ends]
        of_these = models.Q(page__path__in=here) | models.Q(page__aliases__path__in=here)
        return PageViewRestriction.objects.filter(of_these).distinct()

    def get_context(self, request: HttpRequest, *args, **options) -> dict:
        context = super().get_context(request, *args, **options)
        group = addresses.group(self)
        if mine := next((page for page in group if page.pk == self.pk), None):
            self.locale = mine.locale
        held = audiences_of(request)
        others = [page for page in group if page.live and page.pk != self.pk and page.is_for(held)]
        source = group[0] if group and group[0].pk != self.pk else None
        language = self.locale.language_code
        shown_elsewhere = language != current_language() and not getattr(request, "is_preview", False)
        context["page_language"] = language
        context["shown_elsewhere"] = shown_elsewhere
        context["addresses"] = addresses.of(request, self, others=others)
        context["echoes"] = self.echoes(others)
        originals = context["originals"] = self.originals(source)
        context["title_language"] = originals.language_of(self.title) if originals else ""
        return context

    def check_request_method(self, request: HttpRequest, *args, **options) -> HttpResponse | None:
        """Wagtail asks this first, and answers OPTIONS and wrong methods without `serve`:
        for others the page is not there either.
        """
        if not self.is_for(audiences_of(request)):
            raise Http404
        return super().check_request_method(request, *args, **options)

    def serve(self, request: HttpRequest, *args, translation: Page | None = None, **options) -> HttpResponse:
        """The page for those who may see it; for others it is not there.

        Leads to its translation where the tree found one.
        """
        if not self.is_for(audiences_of(request)):
            raise Http404
        if translation is not None:
            return HttpResponseRedirect(translation.get_url(request))
        return super().serve(request, *args, **options)


def record_unpublished(sender, instance: Page, **kwargs) -> None:
    """Scheduled expiry unpublishes pages as plain `Page`, past `BasePage.save`: this is how the search hears of it."""
    if isinstance(instance, BasePage) and instance.search_subject():
        with transaction.atomic():
            others = _subjects_of(_translations_of([instance]))
            record_closing(*_called(instance), *dependents_of(others))
            record(*_called(instance.source_page()))


def _record_since(before: Mapping[str, Opened], subjects: Sequence[str], pages: Sequence[BasePage]) -> None:
    """As `record_since`, of these pages; what speaks of a page that closed by another of its translations is closing
    too.
    """
    if record_since(before, subjects):
        record_closing(*dependents_of(_subjects_of(_translations_of(pages))))


def _translations_of(pages: Iterable[Page]) -> list[Page]:
    """These and their translations. One query, and one per kind of page."""
    return list(Page.objects.filter(translation_key__in={page.translation_key for page in pages}).specific(defer=True))


def _subjects_of(pages: Iterable[Page]) -> list[str]:
    return [page.search_subject() for page in pages if isinstance(page, BasePage) and page.search_subject()]


def _called(page: BasePage | None) -> list[str]:
    """What the search calls a page, if it does."""
    return [page.search_subject()] if page is not None and page.search_subject() else []
