"""Where a text may still name somebody whose account was erased: noted by an erasure, decided by an editor.

A name and a phone are chosen by the person, so that nothing is replaced in what others wrote before somebody who knows
both has looked. Neither is kept for that: a place says where they stand, and a keyed hash whether they still do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import transaction
from django.db.models import JSONField, Model, QuerySet
from django.utils.crypto import constant_time_compare, salted_hmac
from wagtail.admin.admin_url_finder import AdminURLFinder
from wagtail.models import Revision

from kb.accounts.models import NamedPlace
from kb.accounts.noting import note
from kb.accounts.personal_data.scrubbing import (
    Identity,
    fitting,
    in_batches,
    in_words,
    naming,
    texts_of,
    whole_words,
    with_texts,
    words_of,
    write,
)
from kb.backoffice.columns import column
from search.registries import Registry

MOST = 500  # of one person; words that stand in more places are those of a thing
AROUND = 60  # signs shown on either side

_JSON_AS_TEXT = {("wagtail_localize.TranslationSource", "content_json")}

# lead(row) is the thing in whose form or history an editor sees this row, by the label of its model.
LEADS: Registry[Callable[[Any], Model | None]] = Registry()


def register_lead(model: type[Model], lead: Callable[[Any], Model | None]) -> None:
    """Called from `apps.py`."""
    LEADS.register(model._meta.label, lead)


def address_for(user: Any, place: NamedPlace) -> str:
    """Where this editor sees the thing; "" where there is no page for it."""
    thing = thing_of(place)
    if thing is None:
        return ""
    lead = LEADS.get(thing._meta.label)
    seen = lead(thing) if lead else thing
    return (AdminURLFinder(user).get_edit_url(seen) or "") if seen is not None else ""


def list_places(rows: QuerySet, fields: Iterable[str], identity: Identity) -> None:
    """Notes the rows of which a column holds the words that editors are asked about. Call it after the scrubbing."""
    fields = tuple(fields)
    for row in in_batches(naming(rows, fields, identity.asked)) if identity.asked else ():
        for name in fields:
            note_place(row, name, identity)
        if _is_full(identity):
            return


def note_place(row: Model, name: str, identity: Identity) -> None:
    text = "\n".join(words_of(one) for one in _texts(row, name))
    found = (pattern.search(text) for pattern, _new, _words in identity.asked.patterns)
    spans = sorted({(one.start(), len(one[0]), fingerprint(one[0])) for one in found if one})
    if spans and not _is_full(identity):
        _keep(row, name, identity, [list(span) for span in spans])


def note_published(thing: Model, identity: Identity) -> None:
    """Notes that something published names the person: an editor changes it in its own form."""
    _keep(thing, "", identity, [])


def _keep(row: Model, name: str, identity: Identity, spans: list[list[Any]]) -> None:
    NamedPlace.objects.get_or_create(
        user_id=identity.pk,
        content_type=ContentType.objects.get_for_model(row),
        object_id=str(row.pk),
        field=name,
        defaults={"spans": spans},
    )


def _is_full(identity: Identity) -> bool:
    return NamedPlace.objects.filter(user_id=identity.pk).count() >= MOST


def text_of(row: Model, name: str) -> str:
    """The text of a column; of JSON its texts, one a line, so that no name reads as a part of how JSON is written."""
    return "\n".join(_texts(row, name))


def _texts(row: Model, name: str) -> Iterable[str]:
    value = getattr(row, name)
    return texts_of(value) if _holds_json(row, name) else (value or "",)


def _holds_json(row: Model, name: str) -> bool:
    """Of any other column the text is what people wrote, even if it reads like JSON."""
    return (row._meta.label, name) in _JSON_AS_TEXT or isinstance(column(type(row), name), JSONField)


def fingerprint(words: str) -> str:
    return salted_hmac("kb.accounts.named_place", words, algorithm="sha256").hexdigest()[:20]


@dataclass(frozen=True, slots=True)
class Shown:
    """A place in words. kind: what sort of thing; title: which published thing, "" for any other; before, words, after:
    what stands there, "" where it was changed since or is changed by hand.
    """

    place: NamedPlace
    kind: str
    title: str = ""
    before: str = ""
    words: str = ""
    after: str = ""


def shown(places: Iterable[NamedPlace]) -> list[Shown]:
    """The places whose text is still there, with what an editor needs to decide. One query per kind of thing."""
    places = list(places)
    things = _things_of(places)
    return [_shown(place, things[key]) for place in places if (key := _key(place)) in things]


def _key(place: NamedPlace) -> tuple[int, str]:
    return place.content_type_id, place.object_id


def _things_of(places: list[NamedPlace]) -> dict[tuple[int, str], Model]:
    things: dict[tuple[int, str], Model] = {}
    for type_id in {place.content_type_id for place in places}:
        model = ContentType.objects.get_for_id(type_id).model_class()
        if model is not None:
            keys = [place.object_id for place in places if place.content_type_id == type_id]
            things |= {(type_id, str(one.pk)): one for one in model._base_manager.filter(pk__in=keys)}
    return things


def thing_of(place: NamedPlace) -> Model | None:
    return _things_of([place]).get(_key(place))


def _shown(place: NamedPlace, thing: Model) -> Shown:
    kind = str(thing._meta.verbose_name)
    if not place.field:
        return Shown(place, kind, str(thing))
    text = text_of(thing, place.field)
    kind = f"{kind}, {column(type(thing), place.field).verbose_name}"
    for start, length, kept in place.spans:
        words = text[start : start + length]
        if constant_time_compare(fingerprint(words), kept):
            begin, end = max(0, start - AROUND), start + length + AROUND
            before, after = "…" * (begin > 0) + text[begin:start], text[start + length : end] + "…" * (end < len(text))
            return Shown(place, kind, "", before, words, after)
    return Shown(place, kind)


@transaction.atomic
def take_out(place: NamedPlace) -> bool:
    """Replaces the words by the number of the account, wherever they stand in this column, and takes the place off the
    list; False, with nothing changed, where they are not there any more as they were, or where a version could not be
    opened without them.
    """
    row = thing_of(place)
    if row is None or not place.field:
        return False
    text = text_of(row, place.field)
    found = [text[start : start + length] for start, length, kept in place.spans]
    standing = [words for words, (_s, _l, kept) in zip(found, place.spans, strict=True) if fingerprint(words) == kept]
    if not standing:
        return False
    mark = Identity(place.user_id).mark

    def without(text: str) -> str:
        for words in standing:
            text = whole_words(words).sub(mark, text)
        return text

    before = getattr(row, place.field)
    try:
        changed = with_texts(before, without) if _holds_json(row, place.field) else in_words(before, without)
    except RecursionError:  # nested so deep that only a program wrote it
        return False
    value = fitting(row, place.field, changed)
    opened = _opens(row)
    setattr(row, place.field, value)
    if value == before or (opened and not _opens(row)):
        return False
    write(row, {place.field: value})
    note("name taken out", place.user_id)
    place.delete()
    return True


def _opens(row: Model) -> bool:
    """Whether a version makes a page again (or what else it is of); True for any other row."""
    if not isinstance(row, Revision):
        return True
    try:
        row.as_object()
    except (ObjectDoesNotExist, ValidationError, AttributeError, LookupError, TypeError, ValueError):
        return False
    return True


def drop_gone() -> str | None:
    """Takes places off the list of which the thing is gone. Run each day by `retaining`."""
    gone, places = 0, in_batches(NamedPlace.objects.all())
    while some := list(islice(places, 200)):
        there = _things_of(some)
        gone += NamedPlace.objects.filter(pk__in=[one.pk for one in some if _key(one) not in there]).delete()[0]
    return f"{gone} places that named erased people are gone" if gone else None
