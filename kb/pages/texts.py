"""Texts of records in three languages: one field, one fallback rule, the same everywhere.

Pages are translated with wagtail-localize instead; concepts keep their labels in columns, because they are searched by
them.
"""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from kb.languages import CODES, LANGUAGES, current_language
from kb.site.signs import without_unseen

LONGEST_TEXT = 20_000  # letters of a text of a record in one language; what is longer is a document


@dataclass(frozen=True, slots=True)
class Shown:
    """A text as shown: `language` is its own, which may not be the one asked for; carry it as `lang`."""

    text: str
    language: str

    def __str__(self) -> str:
        return self.text


class Texts(dict[str, str]):
    """{"fr": …, "nl": …, "en": …}, missing languages left out; `source` is the language it was written in first."""

    @property
    def source(self) -> str:
        return self.get("source") or next((code for code in CODES if self.get(code)), "fr")

    def shown(self, language: str | None = None) -> Shown:
        """The text in that language, else in its source language, else in the first there is."""
        for code in (language or current_language(), self.source, *CODES):
            if self.get(code):
                return Shown(self[code], code)
        return Shown("", language or current_language())

    def __str__(self) -> str:
        return self.shown().text


class TextsWidget(forms.MultiWidget):
    """Three fields one below the other, each named by its language;
    tabs are made of them by a small module where there is JavaScript.
    """

    template_name = "pages/widgets/texts.html"

    def __init__(self, *, multiline: bool = False, attrs=None) -> None:
        self.multiline = multiline
        one = forms.Textarea if multiline else forms.TextInput
        widgets: dict[str, forms.Widget | type[forms.Widget]] = {
            code: one(
                attrs={"lang": code, "rows": 4, "aria-label": name} if multiline else {"lang": code, "aria-label": name}
            )
            for code, name in LANGUAGES.items()
        }
        super().__init__(widgets, attrs)

    def decompress(self, value):
        return [(value or {}).get(code, "") for code in CODES]

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        for part, (code, title) in zip(context["widget"]["subwidgets"], LANGUAGES.items(), strict=True):
            part["language_code"], part["language_name"] = code, title
        return context


class TextsFormField(forms.MultiValueField):
    """One text in up to three languages, each of LONGEST_TEXT letters at most."""

    def __init__(self, *, multiline: bool = False, required: bool = True, **options) -> None:
        for name in ("encoder", "decoder", "max_length"):
            options.pop(name, None)
        options["widget"] = TextsWidget(multiline=multiline)
        # No `max_length`: a browser would cut what is pasted without a word.
        widget = forms.Textarea if multiline else forms.TextInput
        one = [
            forms.CharField(required=False, widget=widget, validators=[MaxLengthValidator(LONGEST_TEXT)])
            for _code in CODES
        ]
        super().__init__(fields=one, require_all_fields=False, required=required, **options)

    def compress(self, values):
        texts = [text or "" for text in values or ["", "", ""]]
        return {code: text for code, text in zip(CODES, texts, strict=True) if text}

    def clean(self, value):
        found = super().clean(value)
        if self.required and not found:
            raise ValidationError(_("Write the text in at least one language."), code="required")
        return found

    def has_changed(self, initial, data) -> bool:
        return dict(initial or {}) != {
            code: text for code, text in zip(CODES, data or ["", "", ""], strict=True) if text
        }


class TranslatedText(models.JSONField):
    """A short or long text in up to three languages; reading gives `Texts`."""

    description = "text in three languages"

    def __init__(self, *args, multiline: bool = False, **options) -> None:
        self.multiline = multiline
        options.setdefault("default", dict)
        super().__init__(*args, **options)

    def deconstruct(self):
        name, path, args, options = super().deconstruct()
        if self.multiline:
            options["multiline"] = True
        return name, path, args, options

    def from_db_value(self, value, expression, connection):
        return Texts(super().from_db_value(value, expression, connection) or {})

    def to_python(self, value):
        value = super().to_python(value)
        return value if isinstance(value, Texts) else Texts(value or {})

    def pre_save(self, model_instance, add):
        written = getattr(model_instance, self.attname) or {}
        if not self.multiline:
            written = {code: without_unseen(text) if isinstance(text, str) else text for code, text in written.items()}
        value = Texts(written)
        setattr(model_instance, self.attname, value)
        return value

    def formfield(self, **options):
        return models.Field.formfield(self, **{"form_class": TextsFormField, "multiline": self.multiline, **options})

    def validate(self, value, model_instance) -> None:
        if not self.blank and not any(value.get(code) for code in CODES):
            raise ValidationError(_("Write the text in at least one language."), code="required")
