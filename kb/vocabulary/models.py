"""Concepts (SKOS: labels per language, broader, narrower, related, exact matches) and keywords (free words, each with its language).

What uses them is above: references carry both. Themes are the concepts at the top.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from taggit.models import TagBase

from kb.languages import CODES, LANGUAGES, current_language


class Concept(models.Model):
    """A controlled notion with labels in three languages. `code` never changes; a theme is a concept without a broader one."""

    code = models.SlugField(_("code"), max_length=80, unique=True)
    broader = models.ForeignKey("self", verbose_name=_("broader concept"), null=True, blank=True, on_delete=models.PROTECT, related_name="narrower")
    related = models.ManyToManyField("self", verbose_name=_("related concepts"), blank=True, symmetrical=True)
    exact_match = models.JSONField(_("same concept elsewhere (addresses)"), default=list, blank=True)
    label_fr = models.CharField(_("label in French"), max_length=160)
    label_nl = models.CharField(_("label in Dutch"), max_length=160)
    label_en = models.CharField(_("label in English"), max_length=160)
    note_fr = models.TextField(_("scope note in French"), blank=True)
    note_nl = models.TextField(_("scope note in Dutch"), blank=True)
    note_en = models.TextField(_("scope note in English"), blank=True)

    class Meta:
        verbose_name = _("concept")
        verbose_name_plural = _("concepts")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.label(current_language())

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


class AltLabel(models.Model):
    """Another word for a concept (SKOS altLabel), or one that only helps to find it (hiddenLabel)."""

    concept = models.ForeignKey(Concept, on_delete=models.CASCADE, related_name="labels")
    language = models.CharField(_("language"), max_length=2, choices=list(LANGUAGES.items()))
    text = models.CharField(_("label"), max_length=160)
    hidden = models.BooleanField(_("only for searching"), default=False)

    class Meta:
        verbose_name = _("other label")
        verbose_name_plural = _("other labels")
        constraints = [models.UniqueConstraint(fields=["concept", "language", "text"], name="vocabulary_altlabel_once")]
        indexes = [models.Index(fields=["text"])]

    def __str__(self) -> str:
        return self.text


class Keyword(TagBase):
    """A free word in one language. The same letters in two languages are two keywords."""

    language = models.CharField(_("language"), max_length=2, choices=list(LANGUAGES.items()), default="fr")
    name = models.CharField(_("keyword"), max_length=100)

    class Meta:
        verbose_name = _("keyword")
        verbose_name_plural = _("keywords")
        ordering = ["name", "language"]
        constraints = [models.UniqueConstraint(fields=["name", "language"], name="vocabulary_keyword_once_a_language")]

    def slugify(self, tag: str, i: int | None = None) -> str:
        return f"{super().slugify(tag, i)}-{self.language}"
