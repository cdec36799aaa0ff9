"""A form that was open since before opens nothing again that somebody closed meanwhile: readers, a mandate, an account,
a page.

Each form says which of its fields decide rights, and what gives more in them. What an acceptance of a reference asks
for is in `kb.library.contributions.stamping`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from kb.accounts.audiences import is_within

CHANGED_MEANWHILE = _(
    "Somebody changed this since you opened the form. Here is what holds now. If it should "
    "be otherwise, change it again and save."
)
STAMP = "rights_shown"

GivesMore = Callable[[Any, Any], bool]  # (what holds now, what is wanted) -> whether somebody may do or read more by it


def more_readers(now: Any, wanted: Any) -> bool:
    return not all(is_within(value, now or ()) for value in wanted or ())


def another(now: Any, wanted: Any) -> bool:
    """True if the wanted value is another: where it cannot be told which of two gives more."""
    return now != wanted


def given(now: Any, wanted: Any) -> bool:
    return bool(wanted) and not now


def taken_off(now: Any, wanted: Any) -> bool:
    """True if something that held rights back (a suspension) is taken off."""
    return bool(now) and not wanted


def later(now: Any, wanted: Any) -> bool:
    """True if a last day or moment moves later; an empty one is without end."""
    return now is not None and (wanted is None or wanted > now)


def earlier(now: Any, wanted: Any) -> bool:
    """True if a first day or moment moves earlier; an empty one is without beginning."""
    return now is not None and (wanted is None or wanted < now)


class _StampField(forms.CharField):
    """An old stamp is no change that somebody typed: lines of a formset are saved only where there is one."""

    def __init__(self, stamp: str) -> None:
        super().__init__(required=False, widget=forms.HiddenInput, initial=stamp)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return False


# What it is mixed into.
if TYPE_CHECKING:
    _Form = forms.ModelForm
else:
    _Form = object


class OpensNothingAgain(_Form):
    """For a form of a row that is there: where its rights are not those that the form showed, nothing posted gives more
    than they do.

    Such a form is shown again with a sentence, with what holds now in the field and all else as typed; what is chosen
    then counts. A form without a stamp showed nothing. The stamp is no secret and not signed: whoever may save the form
    may also open what it is about.
    """

    rights: ClassVar[Mapping[str, GivesMore]] = {}
    data: MultiValueDict[str, Any]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.rights_now = self.read_rights() if self.instance.pk else {}
        if self.rights_now:
            self.fields[STAMP] = _StampField(stamp_of_rights(self.rights_now))

    def read_rights(self) -> dict[str, Any]:
        """What holds now, by the names in `rights`: of the row as it was read for this form, before anything posted is
        written into it.
        """
        return {name: self.instance._meta.get_field(name).value_from_object(self.instance) for name in self.rights}

    def take(self, name: str, value: Any) -> None:
        """Puts a value into the row and into what the form shows at first: of an older version that is looked at, the
        words come back and the rights do not.
        """
        setattr(self.instance, name, value)
        self.initial[name] = self.instance._meta.get_field(name).value_from_object(self.instance)

    def clean(self) -> Any:
        found = super().clean()
        if self.is_of_before():
            refused = [
                name
                for name, gives_more in self.rights.items()
                if name in self.cleaned_data and self._reopens(name, gives_more)
            ]
            for name in refused:
                self.refuse_reopening(name)
        return found

    def is_of_before(self) -> bool:
        """Whether what holds now is not what the form showed."""
        return bool(self.rights_now) and self.cleaned_data.get(STAMP) != stamp_of_rights(self.rights_now)

    def _reopens(self, name: str, gives_more: GivesMore) -> bool:
        wanted = self.cleaned_data[name]
        return gives_more(self.rights_now[name], getattr(wanted, "pk", wanted))

    def refuse_reopening(self, name: str) -> None:
        """The field says the sentence and shows what holds now; the stamp is that of now."""
        self.add_error(name, forms.ValidationError(CHANGED_MEANWHILE, code="changed_meanwhile"))
        self.show(name, self.rights_now[name])
        self.show(STAMP, stamp_of_rights(self.rights_now))

    def show(self, name: str, value: Any) -> None:
        """In the place of what was posted, in a form that is shown again."""
        self.data = self.data.copy()
        _put(self.data, self.add_prefix(name), self.fields[name], value)


def stamp_of_rights(rights: Mapping[str, Any]) -> str:
    """32 hexadecimal digits that change whenever one of these rights does."""
    return hashlib.sha256(repr(sorted(rights.items())).encode()).hexdigest()[:32]


def _put(data: Any, key: str, field: forms.Field, value: Any) -> None:
    """Writes a value as a browser would post it."""
    if isinstance(field.widget, forms.CheckboxInput):
        posted = ["on"] if value else []
    else:
        written = field.widget.format_value(field.prepare_value(value))
        posted = list(written) if isinstance(written, list | tuple) else [] if written is None else [written]
    if not posted:
        data.pop(key, None)
    elif isinstance(data, MultiValueDict):
        data.setlist(key, posted)
    else:
        data[key] = posted if isinstance(field.widget, forms.SelectMultiple) else posted[0]
