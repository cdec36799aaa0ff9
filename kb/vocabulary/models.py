"""Concepts (SKOS: labels per language, broader, narrower, related, exact matches) and keywords (free words, each with
its language).

What uses them is above: references carry both. Themes are the concepts at the top.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel
from taggit.models import TagBase

from kb.languages import CODES, LANGUAGES, current_language
from kb.vocabulary.changes import concepts_changed, keywords_changed


class VocabularyQuerySet(models.QuerySet):
    """Many rows changed at once are said to those who use them, like one row saved."""

    def say(self, ids: Iterable[int]) -> None:
        raise NotImplementedError

    def touched(self) -> list[int]:
        return list(self.order_by().values_list("pk", flat=True))

    def update(self, **values) -> int:
        with transaction.atomic(using=self.db):
            ids = self.touched()
            changed = super().update(**values)
            self.say(ids)
        return changed

    update.alters_data = True  # type: ignore[attr-defined]

    def delete(self) -> tuple[int, dict[str, int]]:
        with transaction.atomic(using=self.db):
            self.say(self.touched())
            return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]


class ConceptQuerySet(VocabularyQuerySet):
    def say(self, ids: Iterable[int]) -> None:
        concepts_changed(with_narrower(ids))


class AltLabelQuerySet(VocabularyQuerySet):
    def touched(self) -> list[int]:
        return list(self.order_by().values_list("concept_id", flat=True).distinct())

    def say(self, ids: Iterable[int]) -> None:
        concepts_changed(ids)

    def bulk_create(self, objs, *args, **options):
        with transaction.atomic(using=self.db):
            made = super().bulk_create(objs, *args, **options)
            self.say({label.concept_id for label in made})
        return made


class KeywordQuerySet(VocabularyQuerySet):
    def say(self, ids: Iterable[int]) -> None:
        keywords_changed(ids)


class Concept(ClusterableModel):
    """A controlled notion with labels in three languages.

    `code` never changes; a theme is a concept without a broader one.
    """

    code = models.SlugField(_("code"), max_length=80, unique=True)
    broader = models.ForeignKey(
        "self",
        verbose_name=_("broader concept"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="narrower",
    )
    related = models.ManyToManyField("self", verbose_name=_("related concepts"), blank=True, symmetrical=True)
    exact_match = models.JSONField(_("same concept elsewhere (addresses)"), default=list, blank=True)
    label_fr = models.CharField(_("label in French"), max_length=160)
    label_nl = models.CharField(_("label in Dutch"), max_length=160)
    label_en = models.CharField(_("label in English"), max_length=160)
    note_fr = models.TextField(_("scope note in French"), blank=True)
    note_nl = models.TextField(_("scope note in Dutch"), blank=True)
    note_en = models.TextField(_("scope note in English"), blank=True)

    objects = ConceptQuerySet.as_manager()

    class Meta:
        verbose_name = _("concept")
        verbose_name_plural = _("concepts")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.label(current_language())

    def save(self, *args, **options) -> None:
        with transaction.atomic():
            is_new = self._state.adding
            super().save(*args, **options)
            if not is_new:
                concepts_changed(with_narrower([self.pk]))

    def delete(self, *args, **options):
        with transaction.atomic():
            concepts_changed(with_narrower([self.pk]))
            return super().delete(*args, **options)

    def label(self, language: str) -> str:
        """The preferred label; every concept has one in each language."""
        return getattr(self, f"label_{language}") or self.label_fr or self.code

    def note(self, language: str) -> str:
        return getattr(self, f"note_{language}")

    @property
    def is_theme(self) -> bool:
        return self.broader_id is None

    def all_labels(self) -> list[tuple[str, str]]:
        """(language, label) of the preferred and alternative labels; asks for `labels` once (prefetch it in lists)."""
        preferred = [(code, getattr(self, f"label_{code}")) for code in CODES]
        return preferred + [(label.language, label.text) for label in self.labels.all()]


def with_narrower(ids: Iterable[int]) -> set[int]:
    """These concepts and all below them: their themes hang on it. One query a level."""
    found: set[int] = set()
    level = set(ids)
    while level:
        found |= level
        level = set(Concept.objects.filter(broader__in=level).values_list("pk", flat=True)) - found
    return found


class AltLabel(models.Model):
    """Another word for a concept (SKOS altLabel), or one that only helps to find it (hiddenLabel)."""

    concept = ParentalKey(Concept, on_delete=models.CASCADE, related_name="labels")
    language = models.CharField(_("language"), max_length=2, choices=list(LANGUAGES.items()))
    text = models.CharField(_("label"), max_length=160)
    hidden = models.BooleanField(_("only for searching"), default=False)

    objects = AltLabelQuerySet.as_manager()

    class Meta:
        verbose_name = _("other label")
        verbose_name_plural = _("other labels")
        constraints = [models.UniqueConstraint(fields=["concept", "language", "text"], name="vocabulary_altlabel_once")]
        indexes = [models.Index(fields=["text"])]

    def __str__(self) -> str:
        return self.text

    def save(self, *args, **options) -> None:
        with transaction.atomic():
            super().save(*args, **options)
            concepts_changed([self.concept_id])

    def delete(self, *args, **options):
        with transaction.atomic():
            concepts_changed([self.concept_id])
            return super().delete(*args, **options)


class Keyword(TagBase):
    """A free word in one language. The same letters in two languages are two keywords."""

    language = models.CharField(_("language"), max_length=2, choices=list(LANGUAGES.items()), default="fr")
    name = models.CharField(_("keyword"), max_length=100)

    objects = KeywordQuerySet.as_manager()

    class Meta:
        verbose_name = _("keyword")
        verbose_name_plural = _("keywords")
        ordering = ["name", "language"]
        constraints = [models.UniqueConstraint(fields=["name", "language"], name="vocabulary_keyword_once_a_language")]

    def slugify(self, tag: str, i: int | None = None) -> str:
        return f"{super().slugify(tag, i)}-{self.language}"

    def save(self, *args, **options) -> None:
        with transaction.atomic():
            is_new = self._state.adding
            super().save(*args, **options)
            if not is_new:
                keywords_changed([self.pk])

    def delete(self, *args, **options):
        with transaction.atomic():
            keywords_changed([self.pk])
            return super().delete(*args, **options)
