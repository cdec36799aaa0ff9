"""The catalogue card and the names on it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from modelcluster.contrib.taggit import ClusterTaggableManager
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from modelcluster.models import ClusterableModel
from taggit.models import ItemBase
from wagtail.models import Orderable

from kb.accounts import audiences
from kb.accounts.fields import AudiencesField, FirstPublicField, given_to, holds, members_only, note_public
from kb.decisions.choices import ManifestState
from kb.decisions.models import Manifest
from kb.directory.models import Organisation
from kb.files.models import FileVersion, StoredFile
from kb.groups.models import Body
from kb.languages import LANGUAGES
from kb.library.choices import (
    FOLLOWED_STATES,
    AuthorityKind,
    CreatorRole,
    Force,
    Handling,
    ReferenceState,
    ReferenceType,
)
from kb.library.models.authorities import preferred
from kb.library.models.marks import Mark, MarkCounter
from kb.pages.agreements import NotAgreed
from kb.pages.texts import Texts, TranslatedText
from kb.vocabulary.models import Concept, Keyword
from search.recording import Recorded, RecordingQuerySet, check, rewrites
from search.registry import Opened

NEEDS_AGREEMENT = _(
    "This is the coordination's own work: the Steering Committee must agree before everyone may read it. "
    "Choose the group or all members until it has agreed."
)
STAYS_OURS = _(
    "This was public or proposed as the coordination's own work, and stays so: otherwise what needs the Steering "
    "Committee's agreement could become public without it."
)
NAMED_AS_OURS = _(
    "“%(name)s” is one of our own names: this is taken as the coordination's own work, which is public only with the "
    "Steering Committee's agreement. Mark it as own work; or, if it is not ours, an editor says why on its page."
)
TAKEN_OFF_NOT_DELETED = _(
    "The Steering Committee agreed that this is public: it is taken off, not deleted. Withdraw it instead."
)
KIND = "library.reference"
_AT_ONCE = 500
_CHOSEN = frozenset({"state", "audiences"})  # what decides who reads a notice


class ReferenceQuerySet(RecordingQuerySet):
    """References; every way to change many of them records each for the search."""

    def with_mark(self, mark: Mark) -> ReferenceQuerySet:
        return self.filter(body__code=mark.code, mark_year=mark.year, mark_number=mark.number)

    def public(self) -> ReferenceQuerySet:
        """The accepted references whose notice everyone may see, chosen by the database; of our own work what was
        agreed to.
        """
        theirs_or_agreed = Q(own_production=None) | Q(agreement__isnull=False)
        return given_to(self.filter(theirs_or_agreed, state=ReferenceState.ACCEPTED), audiences.PUBLIC)

    def for_everyone(self) -> ReferenceQuerySet:
        """The coordination's own work that says it is for everyone, agreed to or not: `Reference.is_for_everyone`."""
        ours = Q(state=ReferenceState.ACCEPTED, own_production__isnull=False)
        return self.filter(ours & holds((audiences.PUBLIC,), using=self.db))

    def seen_by(self, held: Iterable[str]) -> ReferenceQuerySet:
        """The references whose notice a reader who holds `held` may see, chosen by the database: what `is_open_to`
        says of each, before any cut.
        """
        held = frozenset(held)
        if audiences.STAFF in held:
            return self
        accepted = Q(state=ReferenceState.ACCEPTED)
        for_fewer = ~holds((audiences.PUBLIC,), using=self.db)
        may_stand = Q(own_production=None) | Q(agreement__isnull=False) | for_fewer
        return self.filter((accepted & may_stand & holds(held, using=self.db)) | (~accepted & self._worked_on_by(held)))

    def _worked_on_by(self, held: frozenset[str]) -> Q:
        """Of those that are not accepted: what these readers put in or follow; of what was accepted once, only what
        its readers hold too.
        """
        worked_on = self._of_before(held, created_by__in=audiences.named(held, audiences.PERSON))
        for code in audiences.named(held, audiences.REFERENT):
            worked_on |= self._of_before({*held, audiences.body(code)}, body__code=code, state__in=FOLLOWED_STATES)
        return worked_on

    def _of_before(self, held: Iterable[str], **worked_on: Any) -> Q:
        return Q(**worked_on) & (Q(accepted_at=None) | holds({*held, audiences.PUBLIC}, using=self.db))

    def update(self, **values) -> int:
        """Readers chosen for many are an editor's choice for each.

        Raises NotAgreed where our own work would no longer be ours, after it was public or proposed as such.
        """
        if "audiences" in values:
            values.setdefault("audiences_at_most", values["audiences"])
        with transaction.atomic(using=self.db):
            if values.get("own_production", values.get("own_production_id", "")) is None:
                refuse_not_ours(self)
            return super().update(**values)

    update.alters_data = True  # type: ignore[attr-defined]

    def delete(self) -> tuple[int, dict[str, int]]:
        with transaction.atomic(using=self.db):
            refuse_deleting(self)
            stored = list(
                StoredFile.objects.filter(reference_file__reference__in=self.order_by().values("pk")).values_list(
                    "pk", flat=True
                )
            )
            note_gone(shown_to_others(pk__in=self.order_by().values("pk")))
            deleted = super().delete()
            StoredFile.objects.filter(pk__in=stored).delete()
        return deleted

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def bulk_create(self, objs, *args, **options) -> Sequence[models.Model]:
        with transaction.atomic(using=self.db):
            objs = list(objs)
            for reference in objs:
                reference.complete()
            return super().bulk_create(objs, *args, **options)

    def _follow(self, ids: Sequence[int], values: Mapping[str, Any]) -> None:
        """Opens the files of those that an update accepted,
        and notes the moment of those it made public for the first time.
        """
        if values.get("state") == ReferenceState.ACCEPTED:
            for start in range(0, len(ids), _AT_ONCE):
                open_versions(ids[start : start + _AT_ONCE])
        if not _CHOSEN.isdisjoint(values):
            for start in range(0, len(ids), _AT_ONCE):
                leave_to_editors(ids[start : start + _AT_ONCE])
                note_public(self.model.objects.using(self.db).filter(pk__in=ids[start : start + _AT_ONCE]).public())


def open_versions(reference_ids: Iterable[int], *, of: Collection[int] | None = None) -> None:
    """Opens to their readers the versions that stand now, of those of these references that are accepted; of: the ids
    of the files that are meant, None for all. One query, and those of `search.recording.check`.

    Call it inside the transaction in which somebody accepts what they were shown, or puts it in for readers at once.
    Raises NotAgreed where everyone would read other versions of our own work than were agreed to.
    """
    reference_ids = list(reference_ids)
    files: models.QuerySet[Any] = models.QuerySet(Reference._meta.get_field("files").related_model)
    last = StoredFile.objects.filter(pk=OuterRef("stored_file_id")).values("last_number")
    accepted = files.filter(reference__in=reference_ids, reference__state=ReferenceState.ACCEPTED)
    (accepted if of is None else accepted.filter(pk__in=of)).update(opened_to=Subquery(last))
    check(map(Reference.subject_of, reference_ids))


def leave_to_editors(reference_ids: Iterable[int]) -> None:
    """The state or the readers of these references, or of their files, were chosen: those that an import brought are
    never accepted by themselves again. One query; call it inside the transaction of the choice.
    """
    contributions: models.QuerySet[Any] = models.QuerySet(Reference._meta.get_field("contribution").related_model)
    waiting = contributions.filter(accept_when_read=True, left_to_editors_at=None)
    waiting.filter(reference__in=list(reference_ids)).update(left_to_editors_at=timezone.now())


def refuse_not_ours(references: models.QuerySet[Any], *, because: str = "") -> None:
    """Raises NotAgreed where one of these stays our own work: it was public, or proposed as ours. What its names alone
    made ours is given back with a reason, as long as it never was public nor put to the committee.
    """
    for reference in references.filter(own_production__isnull=False):
        if reference.was_shown_as_ours() and not (because and reference.is_ours_by_its_names()):
            raise NotAgreed({"own_production": STAYS_OURS})


def refuse_deleting(references: models.QuerySet[Any]) -> None:
    """Raises NotAgreed where one of these is public as the Steering Committee agreed to it. One query."""
    if references.order_by().filter(agreement__isnull=False).exists():
        raise NotAgreed(TAKEN_OFF_NOT_DELETED)


class GoneContent(models.Model):
    """The fingerprint of bytes that somebody deleted or took away, or replaced before they were accepted: an import
    does not bring them back while no accepted reference holds them, opened (`catalogue.returning`). The row stays
    whatever else goes. Of a draft that its author alone had seen there is none.
    """

    sha256 = models.CharField(max_length=64, primary_key=True)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.sha256


def note_gone(versions: models.QuerySet[FileVersion]) -> None:
    """Remembers the bytes of these versions, which are about to go. Call it in the transaction that deletes them."""
    gone = {sha256: GoneContent(sha256=sha256) for sha256 in versions.values_list("sha256", flat=True)}
    GoneContent.objects.bulk_create(gone.values(), ignore_conflicts=True, batch_size=_AT_ONCE)


def shown_to_others(**of_reference: Any) -> models.QuerySet[FileVersion]:
    """The versions of the references meant that more people than a contributor have seen: all but those of a draft
    that was only begun. of_reference: conditions on `Reference`.
    """
    begun = Q(state=ReferenceState.DRAFT, accepted_at=None, contribution__confirmed_at=None) & Q(
        contribution__isnull=False, contribution__accept_when_read=False
    )
    references = Reference.objects.filter(**of_reference).exclude(begun)
    return FileVersion.objects.filter(stored_file__reference_file__reference__in=references.order_by().values("pk"))


class ReferenceKeyword(ItemBase):
    tag = models.ForeignKey(Keyword, on_delete=models.CASCADE, related_name="references")
    content_object = ParentalKey("library.Reference", on_delete=models.CASCADE, related_name="keyword_items")


class Reference(Recorded, ClusterableModel):
    """A catalogue card. `mark` ("PA 2012/147") is its permanent name; its own title and language are as printed on the
    document.

    date_text keeps its precision: "2010", "2010-05", "2010-05-21". type and language are "" where they are not known.
    audiences_at_most: the readers that an editor chose last, None where none did: its author and its referents never
    give it more.
    """

    body = models.ForeignKey(
        Body, verbose_name=_("body that feeds it"), on_delete=models.PROTECT, related_name="references"
    )
    mark_year = models.PositiveSmallIntegerField(_("year of the shelf mark"), editable=False)
    mark_number = models.PositiveIntegerField(_("number of the shelf mark"), editable=False)
    type = models.CharField(
        _("type"), max_length=20, choices=ReferenceType.choices, default=ReferenceType.REPORT, blank=True
    )
    title = models.CharField(_("title"), max_length=500)
    subtitle = models.CharField(_("subtitle"), max_length=500, blank=True)
    language = models.CharField(
        _("language of the title"), max_length=2, choices=list(LANGUAGES.items()), default="fr", blank=True
    )
    translated_titles = TranslatedText(_("title in the other languages"), blank=True)
    abstract = TranslatedText(_("summary"), blank=True, multiline=True)
    publisher = models.CharField(_("publisher"), max_length=255, blank=True)
    container_title = models.CharField(_("journal or book it is in"), max_length=255, blank=True)
    date_text = models.CharField(
        _("date"),
        max_length=10,
        blank=True,
        validators=[
            RegexValidator(
                r"^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$",
                _("Write the year, or year-month, or year-month-day: 2010, 2010-05, 2010-05-21."),
            )
        ],
        help_text=_("As precise as is known: 2010, 2010-05 or 2010-05-21."),
    )
    year = models.PositiveSmallIntegerField(null=True, blank=True, editable=False, db_index=True)
    pages = models.CharField(
        _("pages"), max_length=40, blank=True, help_text=_("Number of pages, or from–to in a journal.")
    )
    url = models.URLField(_("web address"), max_length=500, blank=True)
    doi = models.CharField("DOI", max_length=200, blank=True, db_index=True)
    isbn = models.CharField("ISBN", max_length=20, blank=True, db_index=True)
    concepts = ParentalManyToManyField(Concept, verbose_name=_("concepts"), blank=True, related_name="references")
    keywords = ClusterTaggableManager(through=ReferenceKeyword, verbose_name=_("keywords"), blank=True)
    force = models.CharField(
        _("still in force"), max_length=12, choices=Force.choices, blank=True, default=Force.UNKNOWN
    )
    superseded_by = models.ForeignKey(
        "self",
        verbose_name=_("superseded by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="supersedes",
    )
    source = models.CharField(_("where it came from"), max_length=255, blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=ReferenceState.choices, default=ReferenceState.DRAFT, db_index=True
    )
    state_reason = models.CharField(_("a word of reason"), max_length=500, blank=True)
    own_production = models.ForeignKey(
        Body,
        verbose_name=_("the coordination's own work, by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="own_productions",
    )
    not_ours_because = models.CharField(
        _("why it is not our own work"),
        max_length=300,
        blank=True,
        help_text=_(
            "Only where one of our groups is named as creator or publisher, and it is not our work all the same."
        ),
    )
    agreement = models.ForeignKey(
        Manifest, null=True, blank=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    audiences = AudiencesField(_("who may see the notice"), default=members_only)
    audiences_at_most = models.JSONField(null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("contributed by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="references",
        editable=False,
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    accepted_at = models.DateTimeField(null=True, blank=True, editable=False)
    first_public_at = FirstPublicField()

    search_kind = KIND
    rights = ("state", "audiences", "created_by_id", "body_id", "own_production_id", "agreement_id")
    checked = frozenset(
        {"state", "audiences", "own_production", "agreement", "type", "title", "subtitle", "language"}
        | {"translated_titles", "abstract", "publisher", "container_title", "date_text", "pages", "url", "doi", "isbn"}
    )
    objects = ReferenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("reference")
        verbose_name_plural = _("references")
        # Cascades (a person who leaves) go through the recording queryset too.
        base_manager_name = "objects"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["body", "mark_year", "mark_number"], name="library_reference_mark_once")
        ]
        indexes = [
            models.Index(fields=["title"]),
            models.Index(fields=["state", "-id"]),
            models.Index(fields=["state", "first_public_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.mark} {self.title}" if self.mark_number else self.title

    def clean(self) -> None:
        super().clean()
        if self.pk and Reference.objects.filter(pk=self.pk).exclude(body_id=self.body_id).exists():
            raise ValidationError(
                {
                    "body": _(
                        "The shelf mark carries the code of this group and is permanent: the group cannot be changed."
                    )
                }
            )
        if self.wants_agreement():
            raise NotAgreed({"own_production": NEEDS_AGREEMENT})

    def is_for_everyone(self) -> bool:
        """Whether this is the coordination's own work, accepted and for everyone: which wants an agreement."""
        return (
            self.own_production_id is not None
            and self.state == ReferenceState.ACCEPTED
            and audiences.PUBLIC in (self.audiences or ())
        )

    def wants_agreement(self) -> bool:
        """Whether saving it now would publish the coordination's own work to which the Steering Committee never agreed.
        One query for such work.

        Whether it agreed to exactly this is asked after the change (`kb.library.catalogue.guarding`).
        """
        return self.is_for_everyone() and not self.may_be_agreed()

    def may_be_agreed(self) -> bool:
        """Whether the Steering Committee agreed to something of it. One query."""
        agreed = Manifest.objects.filter(subject=self.search_subject(), state=ManifestState.AGREED)
        return not self._state.adding and agreed.exists()

    def was_shown_as_ours(self) -> bool:
        """Whether it was public or proposed, or put to the committee. Two queries at most."""
        return (
            self.state in FOLLOWED_STATES
            or self.first_public_at is not None
            or self.steps.filter(handling__in=(Handling.PROPOSED, Handling.MENDED)).exists()
            or Manifest.objects.filter(subject=self.search_subject()).exists()
        )

    def is_ours_by_its_names(self) -> bool:
        """Whether its creator or publisher alone made it ours, and nobody else but its group read it or was asked. Two
        queries.
        """
        contributions: models.QuerySet[Any] = models.QuerySet(Reference._meta.get_field("contribution").related_model)
        return (
            self.first_public_at is None
            and contributions.filter(reference=self.pk, taken_as_ours=True).exists()
            and not Manifest.objects.filter(subject=self.search_subject()).exists()
        )

    def complete(self) -> None:
        """What follows from other fields: the shelf mark (given once), the year, the first acceptance. Call inside a
        transaction.

        Raises NotAgreed for own work that would become public without the Steering Committee's agreement.
        """
        if self.wants_agreement():
            raise NotAgreed({"own_production": NEEDS_AGREEMENT})
        if not self.mark_year:
            self.mark_year = timezone.localdate().year
        if not self.mark_number:
            self.mark_number = MarkCounter.objects.next_number(self.body, self.mark_year)
        elif self._state.adding:
            MarkCounter.objects.passed(self.body, self.mark_year, self.mark_number)
        self.year = int(self.date_text[:4]) if self.date_text else None
        if self.state == ReferenceState.ACCEPTED and not self.accepted_at:
            self.accepted_at = timezone.now()

    def save(self, *args, follows_contribution: bool = False, update_fields=None, **options) -> None:
        """follows_contribution: other readers are the choice of who contributes; chosen otherwise, an editor chose
        them.
        """
        if update_fields is not None:
            update_fields = {*update_fields, "year", "accepted_at", "first_public_at", "updated_at"}
            if "audiences" in update_fields:
                update_fields.add("audiences_at_most")
        with transaction.atomic():
            self._follows_contribution = follows_contribution
            self.complete()
            if update_fields is None or "publisher" in update_fields:
                self.publisher = preferred(AuthorityKind.PUBLISHER, self.publisher)
            super().save(*args, update_fields=update_fields, **options)

    def _opened_before(
        self, subjects: Sequence[str], stored: Mapping[str, Any], written: Sequence[str]
    ) -> dict[str, Opened]:
        """Where the save chooses another state or other readers, an import's reference is from now on the editors'."""
        if rewrites(self, stored, _CHOSEN.intersection(written)):
            leave_to_editors([self.pk])
        if not self._follows_contribution and rewrites(self, stored, {"audiences"}.intersection(written)):
            self.audiences_at_most = sorted(self.audiences)
        if self.own_production_id is None and stored.get("own_production_id") is not None:
            refuse_not_ours(Reference.objects.filter(pk=self.pk), because=self.not_ours_because)
        self._is_accepting = "state" in written and stored.get("state") != ReferenceState.ACCEPTED
        return super()._opened_before(subjects, stored, written)

    def _follow(self) -> None:
        """The step to accepted opens what there is; a save of what is accepted opens nothing that waits."""
        if self._is_accepting and self.state == ReferenceState.ACCEPTED:
            open_versions([self.pk])

    def delete(self, *args, **options):
        with transaction.atomic():
            refuse_deleting(Reference.objects.filter(pk=self.pk))
            stored = list(StoredFile.objects.filter(reference_file__reference=self.pk).values_list("pk", flat=True))
            note_gone(shown_to_others(pk=self.pk))
            deleted = super().delete(*args, **options)
            StoredFile.objects.filter(pk__in=stored).delete()
        return deleted

    def is_public(self) -> bool:
        """Whether everyone may see the notice, as the row stands here."""
        is_open = self.state == ReferenceState.ACCEPTED and audiences.PUBLIC in (self.audiences or ())
        return is_open and (self.own_production_id is None or self.agreement_id is not None)

    @property
    def mark(self) -> str:
        """The shelf mark as printed: "PA 2012/147"."""
        return str(Mark(self.body.code, self.mark_year, self.mark_number))

    @property
    def mark_slug(self) -> str:
        """The shelf mark as it stands in an address: "PA-2012-147"."""
        return Mark(self.body.code, self.mark_year, self.mark_number).slug

    @property
    def full_title(self) -> str:
        """Title and subtitle on one line, a full stop between them unless the title ends with a sign of its own."""
        if not self.subtitle:
            return self.title
        return (
            f"{self.title} {self.subtitle}"
            if self.title.endswith((".", "?", "!", ":", "…"))
            else f"{self.title}. {self.subtitle}"
        )

    @property
    def effective_audiences(self) -> frozenset[str]:
        """Who may see the notice now (editors always may).

        accepted: its audiences        draft, withdrawn: its author alone        proposed, returned, refused: its author
        and the referents of its body        our own work for everyone that no agreement stands behind: editors alone
        of these two, once it was accepted: who is within its audiences

        One value is not two: who works on it and reads it only because they hold one of its audiences besides is told
        by `is_open_to`, and finds it on its page, not by the search.
        """
        if self.state == ReferenceState.ACCEPTED:
            is_held_back = self.agreement_id is None and self.is_for_everyone()
            return frozenset({audiences.STAFF} if is_held_back else self.audiences or ())
        found = self.at_work()
        if self.accepted_at and audiences.PUBLIC not in self.audiences:
            is_for_body = audiences.is_within(audiences.body(self.body.code), self.audiences)
            found &= {audiences.referent(self.body.code)} if is_for_body else set()
        return frozenset(found or {audiences.STAFF})

    def at_work(self) -> set[str]:
        """Its author, and who follows it in the state it is in."""
        found = {audiences.person(self.created_by_id)} if self.created_by_id else set()
        if self.state in FOLLOWED_STATES:
            found.add(audiences.referent(self.body.code))
        return found

    def is_worked_on_by(self, held: Collection[str]) -> bool:
        """Whether who holds these is its author or follows it, while it is not accepted; of what was accepted once,
        only if they could read it then.
        """
        is_at_work = self.state != ReferenceState.ACCEPTED and not self.at_work().isdisjoint(held)
        return is_at_work and self.was_open_to(held)

    def was_open_to(self, held: Collection[str]) -> bool:
        """Whether it was never accepted, or who holds these is among the readers it has when it is."""
        return not self.accepted_at or not set(self.audiences).isdisjoint({*held, audiences.PUBLIC})

    def is_open_to(self, held: Collection[str]) -> bool:
        """Whether who holds these may see the notice now."""
        return audiences.may_see(held, self.effective_audiences) or self.is_worked_on_by(held)

    def all_titles(self) -> Texts:
        """Titles by language, the document's own as source; one in no language that we know stands for French."""
        language = self.language or self.translated_titles.source
        return Texts({**self.translated_titles, language: self.title, "source": language})


class Creator(Recorded, Orderable):
    """A name on the title page, in order; never an account. `name` is as printed: an organisation,
    or "Family, Given".
    """

    reference = ParentalKey(Reference, on_delete=models.CASCADE, related_name="creators")
    name = models.CharField(_("name"), max_length=255)
    is_organisation = models.BooleanField(_("is an organisation"), default=True)
    organisation = models.ForeignKey(
        Organisation,
        verbose_name=_("organisation of the directory"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    role = models.CharField(_("role"), max_length=20, choices=CreatorRole.choices, default=CreatorRole.AUTHOR)

    search_kind = KIND
    subject_path = "reference_id"
    checked = frozenset({"reference", "name", "role", "sort_order"})

    class Meta(Orderable.Meta):
        verbose_name = _("creator")
        verbose_name_plural = _("creators")

    def __str__(self) -> str:
        return self.name

    def save(self, *args, **options) -> None:
        with transaction.atomic():
            self.name = preferred(AuthorityKind.CREATOR, self.name)
            super().save(*args, **options)
