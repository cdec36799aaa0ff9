"""What differs between two lists of rows that are shown: what was agreed to, and what is asked about now.

rows before, rows after ─► row by row, by subject and language ─► line by line ("abstract", "body 3 · text") ─► words that stay, went, came
"""  # noqa: E501

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kb.decisions.choices import ManifestState
from kb.decisions.deciding.edits import edits
from kb.decisions.models import Manifest
from kb.pages.agreements import Shown, kind_of

STAYS, WENT, CAME = "stays", "went", "came"
_WORDS = re.compile(r"\s*\S+|\s+$")
_TAGS = re.compile(r"<[^>]+>")
_NAMES: Mapping[str, str | Promise] = {
    "title": _("Title"),
    "subtitle": _("Subtitle"),
    "abstract": _("Summary"),
    "creators": _("Creators"),
    "type": _("Type"),
    "language": _("Language"),
    "publisher": _("Publisher"),
    "container_title": _("Published in"),
    "date_text": _("Date"),
    "date": _("Date"),
    "pages": _("Extent"),
    "url": _("Web"),
    "number": _("Number"),
    "versions": _("Versions"),
    "intro": _("Introduction"),
    "body": _("Text"),
    "lead": _("Text of the lead story"),
    "items": _("Items"),
    "slug": _("Address"),
    "search_description": _("Description for search engines"),
    "seo_title": _("Title for search engines"),
}
_UNREADABLE = frozenset({"file", "id", "sha256", "file_hash", "width", "height", "picture", "by"})
_OF_A_BLOCK = frozenset({"number", "type", "kind"})  # its place and its sort, where it has both
_CONTENT = _("Content of the file or picture")


@dataclass(frozen=True, slots=True)
class Piece:
    """Words that stayed, went or came."""

    words: str
    how: str


@dataclass(frozen=True, slots=True)
class Line:
    """A value that differs. name: its field, in words; place: which block of it, from 1, 0 for the whole."""

    name: str | Promise
    place: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that came or went (lines empty), or stays and changed; without a line where only the order did."""

    row: Shown
    how: str
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Since:
    """What differs from the agreement in force; number: of its decision, "" for what was public before the gate."""

    number: str
    changes: tuple[Difference, ...]


def since_agreed(subject: str, rows: Iterable[Shown], *, asked: int | None = None) -> Since | None:
    """What these rows change of what the committee agreed to last, for an editor; None where it never did. Three
    queries.

    asked: the id of the manifest that they are of.
    """
    former = _former(subject, asked)
    return Since(former.decision_code, differences(former.shown(), rows)) if former is not None else None


def row_since_agreed(subject: str, row: Shown, *, asked: int, held: Collection[str]) -> Since | None:
    """What one row changes of what everyone reads now by the agreement in force, as far as a reader with these
    audiences may read both; None where there is none, or somebody took that off. The queries of the kind, and three.
    """
    former = _former(subject, asked)
    if former is None:
        return None
    kind, pk = kind_of(subject)
    live = {one.identity for one in kind.shown(pk, None)}
    mine = [one for one in former.shown() if one.place == row.place]
    before = [kind.readable(one, held) for one in mine if one.identity in live]
    return Since(former.decision_code, differences(before, [kind.readable(row, held)])) if before else None


def _former(subject: str, asked: int | None) -> Manifest | None:
    agreed = Manifest.objects.filter(subject=subject, state=ManifestState.AGREED).exclude(digest="")
    return next((one for one in agreed.order_by("-pk")[:2] if one.pk != asked), None)


def differences(before: Iterable[Shown], after: Iterable[Shown]) -> tuple[Difference, ...]:
    """The rows that are not the same, in the order in which they are shown now, those that went last."""
    former = {row.place: row for row in before}
    found = []
    for row in after:
        old = former.pop(row.place, None)
        if old is None:
            found.append(Difference(row, CAME))
        elif old.digest != row.digest:
            found.append(Difference(row, STAYS, tuple(_lines(old.values, row.values))))
    return (*found, *(Difference(row, WENT) for row in former.values()))


def _lines(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Line]:
    for name in dict.fromkeys((*after, *before)):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        if name in _UNREADABLE:
            yield Line(_CONTENT, 0, ())
        elif _is_list_of_blocks(old) or _is_list_of_blocks(new):
            yield from _blocks(name, old or [], new or [])
        else:
            yield Line(_NAMES.get(name, name), 0, _pieces(_text(old), _text(new)))


def _is_list_of_blocks(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(one, dict) for one in value)


def _blocks(name: str, before: Sequence[Any], after: Sequence[Any]) -> Iterator[Line]:
    """Block by block: those that are the same are passed over, wherever they stand now."""
    old, new = [_key(one) for one in before], [_key(one) for one in after]
    for same, i1, i2, j1, j2 in edits(old, new):
        if same:
            continue
        for offset in range(max(i2 - i1, j2 - j1)):
            i, j = i1 + offset, j1 + offset
            pieces = _pieces(_text(before[i]) if i < i2 else "", _text(after[j]) if j < j2 else "")
            yield Line(_NAMES.get(name, name), (j if j < j2 else i) + 1, pieces)


def _key(value: Any) -> str:
    """The same for the same block wherever it stands."""
    kept = {name: one for name, one in value.items() if name != "number"} if _is_block(value) else value
    return json.dumps(kept, sort_keys=True, ensure_ascii=False)


def _is_block(value: Any) -> bool:
    return isinstance(value, Mapping) and "type" in value


def _text(value: Any) -> str:
    """The words of a value as they are read: of a block, of each of its parts; markup is left out."""
    if value is None or value is False:
        return ""
    if isinstance(value, Mapping):
        passed_over = _UNREADABLE | {"language"} | (_OF_A_BLOCK if _is_block(value) else frozenset())
        return " ".join(filter(None, (_text(one) for name, one in value.items() if name not in passed_over)))
    if isinstance(value, (list, tuple)):
        return " ".join(filter(None, map(_text, value)))
    return " ".join(_TAGS.sub(" ", str(value)).split())


def _pieces(before: str, after: str) -> tuple[Piece, ...]:
    """Word by word; where most of it is other words, whole."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    found: list[Piece] = []
    for same, i1, i2, j1, j2 in edits(old, new):
        if same:
            found.append(Piece("".join(new[j1:j2]), STAYS))
            continue
        if i2 > i1:
            found.append(Piece("".join(old[i1:i2]), WENT))
        if j2 > j1:
            found.append(Piece("".join(new[j1:j2]), CAME))
    return tuple(found)
