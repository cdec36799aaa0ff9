"""Taking a person out of texts that are about something else: logs, histories, messages of errors.

A person chooses their own name and phone, which may also be those of a thing ("Rapport annuel", an office's number). So

    an address that is known to be theirs    is replaced wherever it stands
    name, phone                              are replaced in rows that say that they are this person's (`own`)
    name, phone anywhere else                stay, and the place is put on a list for the editors (`places`)

A search by the database (each spelling in which JSON and HTML write the words) finds the rows; a second look in Python
takes whole words only.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, TypeVar
from urllib.parse import quote_plus

from django.db.models import JSONField, Model, Q, QuerySet, TextField
from django.db.models.functions import Cast

from search.recording import erasing

_AT_ONCE = 200
_FEWEST_DIGITS = 6  # a shorter number is no telephone, and is in too many texts
_WHOLE_NUMBER = 9  # digits of a number that nobody else has: "02 247 22 11"
_LIKE_A_NUMBER = re.compile(r"[+0-9 \u00a0\u202f()./-]+")
_A_DATE = re.compile(
    r"(?<!\d)(?:(?:1[89]|20)\d\d[-/.]\d\d?[-/.]\d\d?|\d\d?[-/.]\d\d?[-/.](?:1[89]|20)\d\d)(?!\d)", re.ASCII
)
_OF_STRUCTURE = frozenset('<>"={}[]:\\')  # signs of HTML and JSON, of which a name may be written like a part
# What a program reads: a moment as JSON writes it, or the number of a block or a translation.
_FOR_PROGRAMS = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
    r"|[0-9A-Fa-f]{8}-?(?:[0-9A-Fa-f]{4}-?){3}[0-9A-Fa-f]{12}",
    re.ASCII,
)
_TAG = re.compile(r'<[A-Za-z/!](?:[^<>"]|"[^"<]*")*+>|<[A-Za-z/!][^<>]*+>')
_READ_ALOUD = re.compile(r'(?<=\s)((?:alt|title)=")([^"]*)', re.IGNORECASE)  # of a tag, what people read
# the start of a word, also after a line break written as \n
_BEFORE = r"(?:(?<![\w@.+-])|(?<=\\[nrt])|(?<=\\u[0-9A-Fa-f]{4}))"
_AFTER, _AFTER_ADDRESS = (
    r"(?![\w@-])",
    r"(?![\w@-]|\.\w)",
)  # "Name.pdf" names somebody, "name@host.org" is not "name@host"


_Row = TypeVar("_Row", bound=Model)


@dataclass(frozen=True)
class Words:
    """Words to look for and what stands in their place: pairs, longest first.

    whole: a name of one word ("Coordination"), which is a word of the language too: replaced where it is the whole
    text; "" for none.
    """

    pairs: tuple[tuple[str, str], ...] = ()
    whole: str = ""
    mark: str = ""

    def __bool__(self) -> bool:
        return bool(self.pairs or self.whole)

    @cached_property
    def patterns(self) -> tuple[tuple[re.Pattern[str], str, str], ...]:
        """(pattern of one spelling, what replaces it there, the words themselves)."""
        return tuple(
            (whole_words(spelt, is_address="@" in words), new, words)
            for words, new in self.pairs
            for spelt in spellings(words)
        )

    @property
    def sought(self) -> list[str]:
        """What a row must hold to be looked at."""
        return [words for words, _new in self.pairs] + ([self.whole] if self.whole else [])

    def named_in(self, text: str) -> frozenset[str]:
        """Which of the words stand in a text, in any spelling."""
        return frozenset(words for pattern, _new, words in self.patterns if pattern.search(text))

    def scrubbed(self, text: str, kept: frozenset[str] = frozenset()) -> str:
        """The text without them; words in `kept` stay."""
        if self.whole and text.strip().casefold() == self.whole.strip().casefold():
            return self.mark
        for pattern, new, words in self.patterns:
            if words not in kept:
                text = pattern.sub(new, text)
        return text

    def scrubbed_value(self, value: Any, kept: frozenset[str] = frozenset()) -> Any:
        """`scrubbed` for anything that JSON holds, keys too."""
        if isinstance(value, str):
            return self.scrubbed(value, kept)
        if isinstance(value, list | tuple):
            return [self.scrubbed_value(one, kept) for one in value]
        if isinstance(value, dict):
            return {self.scrubbed(str(key), kept): self.scrubbed_value(one, kept) for key, one in value.items()}
        return value


@dataclass(frozen=True, slots=True)
class _Key:
    """A key of JSON on its way through `texts_of`, which looks for no JSON within."""

    words: str


@dataclass(frozen=True)
class Identity:
    """The words by which a person is known, and what replaces them once the account is erased.

    addresses: those known to be theirs: proven, or given to them by an editor. proven: those the account has now.
    is_a_thing: whether the name is also that of something else; then nobody is asked about it.
    """

    pk: int
    addresses: tuple[str, ...] = ()
    name: str = ""
    phone: str = ""
    proven: tuple[str, ...] = ()
    is_a_thing: bool = False

    @property
    def mark(self) -> str:
        return f"erased-{self.pk}"

    @property
    def address(self) -> str:
        """An address that leads nowhere (RFC 2606): "erased-17@erased.invalid"."""
        return f"{self.mark}@erased.invalid"

    @cached_property
    def everywhere(self) -> Words:
        """What nobody chose for themselves."""
        return Words(_longest_first({address: self.address for address in self.addresses if address}))

    @cached_property
    def own(self) -> Words:
        """What is replaced where a row says that it is this person's."""
        found = dict(self.everywhere.pairs)
        if " " in self.name:
            found[self.name] = self.mark
        if _digits(self.phone) >= _FEWEST_DIGITS:
            found[self.phone] = self.mark
        return Words(_longest_first(found), "" if " " in self.name else self.name, self.mark)

    @cached_property
    def asked(self) -> Words:
        """What editors are asked about anywhere else."""
        found = {}
        if is_like_a_name(self.name) and not self.is_a_thing:
            found[self.name] = self.mark
        if is_like_a_number(self.phone):
            found[self.phone] = self.mark
        return Words(_longest_first(found))

    @cached_property
    def anywhere(self) -> Words:
        return Words((*self.everywhere.pairs, *self.asked.pairs))


def _longest_first(found: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(found.items(), key=lambda pair: -len(pair[0])))


def _digits(phone: str) -> int:
    return sum(sign.isdigit() for sign in phone)


def is_like_a_name(name: str) -> bool:
    """Whether two words at least have a capital ("Mia Essai", not "Rapport annuel") and no sign is of HTML or JSON."""
    words = sum(any(sign.isupper() for sign in word) for word in name.split())
    return words >= 2 and not _OF_STRUCTURE.intersection(name)


def is_like_a_number(phone: str) -> bool:
    """Whether it is written like a whole telephone number and not like a date: "02 247 22 11", not "2026-11-29 23"."""
    whole = _digits(phone) >= _WHOLE_NUMBER and _LIKE_A_NUMBER.fullmatch(phone)
    return bool(whole) and not _A_DATE.search(phone)


def in_words(text: str, change: Callable[[str], str], change_signs: Callable[[str], str] = lambda signs: signs) -> str:
    """The text with `change` where people read it, and `change_signs` elsewhere: in the tags of HTML save their alt and
    title, and in a text that is a moment or an id as a whole.
    """
    if _FOR_PROGRAMS.fullmatch(text):
        return change_signs(text)
    made: list[str] = []
    last = 0
    for tag in _TAG.finditer(text):
        made.append(change(text[last : tag.start()]))
        last = tag.start()
        for read in _READ_ALOUD.finditer(text, *tag.span()):
            made += [change_signs(text[last : read.start(2)]), change(read[2])]
            last = read.end(2)
        made.append(change_signs(text[last : tag.end()]))
        last = tag.end()
    return "".join((*made, change(text[last:])))


def words_of(text: str) -> str:
    """The text with what `in_words` leaves alone made blank: as long as before, so that a place in it is the same."""
    return in_words(text, lambda words: words, lambda signs: "\0" * len(signs))


def texts_of(value: Any) -> Iterator[str]:
    """Every text that a JSON value holds, keys too, and in texts that are JSON themselves (blocks of a page in a
    revision) those within; however deep.
    """
    left: list[Iterator[Any]] = [iter((value,))]
    while left:
        for one in left[-1]:
            inner = _within(one) if isinstance(one, str) else one
            if isinstance(one, _Key):
                yield one.words
            elif isinstance(one, str) and inner is None:
                yield one
            elif isinstance(inner, dict):
                left.append(chain.from_iterable((_Key(str(key)), one) for key, one in inner.items()))
                break
            elif isinstance(inner, list | tuple):
                left.append(iter(inner))
                break
        else:
            left.pop()


def with_texts(value: Any, change: Callable[[str], str]) -> Any:
    """The same value with each of `texts_of` changed `in_words`. Its shape stays: no word stands across two texts, and
    keys that become equal get a number. Raises RecursionError for what is nested too deep.
    """
    if isinstance(value, str):
        inner = _within(value)
        if inner is None:
            return in_words(value, change)
        changed = with_texts(inner, change)
        return value if changed == inner else json.dumps(changed)
    if isinstance(value, dict):
        made: dict[str, Any] = {}
        for key, one in value.items():
            plain = name = in_words(str(key), change)
            number = 1
            while name in made or (name != str(key) and name in value):
                number += 1
                name = f"{plain} ({number})"
            made[name] = with_texts(one, change)
        return made
    if isinstance(value, list | tuple):
        return [with_texts(one, change) for one in value]
    return value


def _within(text: str) -> Any:
    """The list or object that a text is the JSON of; None for any other."""
    if not text.startswith(("[", "{")):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def whole_words(spelt: str, *, is_address: bool = False) -> re.Pattern[str]:
    return re.compile(rf"{_BEFORE}{re.escape(spelt)}{_AFTER_ADDRESS if is_address else _AFTER}", re.IGNORECASE)


def spellings(words: str) -> list[str]:
    """How the words are written in plain text, in HTML, in a sent form, in JSON, and in JSON within JSON (blocks of a
    page in a revision).
    """
    found = [words, html.escape(words), quote_plus(words)]
    for plain in tuple(found):
        once = json.dumps(plain)[1:-1]
        found += [
            once,
            json.dumps(once)[1:-1],
            json.dumps(json.dumps(plain, ensure_ascii=False)[1:-1], ensure_ascii=False)[1:-1],
        ]
    return list(dict.fromkeys(found))


def naming(rows: QuerySet[_Row], fields: Iterable[str], words: Words) -> QuerySet[_Row]:
    """The rows of which a field may hold the words; the database's search is wider than whole words."""
    wanted = Q(pk__in=())
    casts = {}
    for name in fields:
        column = name
        if isinstance(rows.model._meta.get_field(name), JSONField):
            column = f"text_of_{name}"
            casts[column] = Cast(name, TextField())
        for one in words.sought:
            for spelt in spellings(one):
                wanted |= Q(**{f"{column}__icontains": spelt})
    return rows.alias(**casts).filter(wanted)


def in_batches(rows: QuerySet[_Row]) -> Iterator[_Row]:
    """Every row once, by its key, a few at a time: they may change meanwhile."""
    last, rows = None, rows.order_by("pk")
    while batch := list((rows if last is None else rows.filter(pk__gt=last))[:_AT_ONCE]):
        yield from batch
        last = batch[-1].pk


def scrub(
    rows: QuerySet,
    fields: Iterable[str],
    identity: Identity,
    *,
    own: Q | None = None,
    kept: Callable[[Any], frozenset[str]] = lambda row: frozenset(),
    on_changed: Callable[[Any], None] = lambda row: None,
) -> int:
    """Takes the person's addresses out of these columns of all rows, and name and phone out of their own; gives how
    many rows changed.

    own: which rows are the person's. `kept(row)` are words that stay in that row; on_changed(row) is called after its
    change.
    """
    changed, fields = 0, tuple(fields)
    parts = [(rows, identity.everywhere)] + ([(rows.filter(own), identity.own)] if own is not None else [])
    for some, words in parts:
        for row in in_batches(naming(some, fields, words)) if words else ():
            stays = kept(row)
            values = {name: fitting(row, name, words.scrubbed_value(getattr(row, name), stays)) for name in fields}
            values = {name: value for name, value in values.items() if value != getattr(row, name)}
            if values:
                changed += write(row, values)
                on_changed(row)
    return changed


def write(row: Model, values: dict[str, Any]) -> int:
    """Updates this row through its model's queryset, which records the change for the search; how many changed."""
    with erasing():
        return type(row)._default_manager.filter(pk=row.pk).update(**values)


def fitting(row: Model, name: str, value: Any) -> Any:
    """Cut to what the column takes: the mark may be longer than the words it replaces."""
    longest = getattr(row._meta.get_field(name), "max_length", None)
    return value[:longest] if longest and isinstance(value, str) else value
