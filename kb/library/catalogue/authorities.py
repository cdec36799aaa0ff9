"""One form for each name of a creator or publisher: which names are in use, which look the same, and merging them.

The list itself is in `models.authorities`; every reference that is saved gets the form we use.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, F, QuerySet
from django.utils.translation import gettext as _

from kb.backoffice.searching import words_of
from kb.library.choices import AuthorityKind
from kb.library.models import Authority, Creator, OtherName, Reference
from search.indexing import record
from search.recording import RecordingQuerySet

LONGEST = 255
_SIGNS = re.compile(r"[^\w\s]+")
_POINTS = re.compile(r"(?<=\b\w)\.(?=\w\b|\s|$)")
_LEGAL_FORMS = frozenset(
    {"asbl", "vzw", "sa", "nv", "srl", "sprl", "bv", "bvba", "scrl", "cvba", "aisbl", "ivzw", "fp", "sp", "so"}
)
_ARTICLES = frozenset({"la", "le", "les", "l", "de", "het", "the"})


@dataclass(frozen=True, slots=True)
class UsedName:
    """A name as it stands on references, and on how many (a creator named twice on one counts once)."""

    name: str
    count: int


def names_in_use(kind: str, words: str = "") -> QuerySet[dict]:
    """{"name", "count"} of every name that stands on a reference and has each of these words in it, by name.

    One query, whatever the page.
    """
    rows: QuerySet = Creator.objects.all() if kind == AuthorityKind.CREATOR else Reference.objects.exclude(publisher="")
    column = _column(kind)
    for word in words_of(words):
        rows = rows.filter(**{f"{column}__icontains": word})
    counted = "reference" if kind == AuthorityKind.CREATOR else "pk"
    named = rows.values("name") if column == "name" else rows.values(name=F(column))
    return named.annotate(count=Count(counted, distinct=True)).order_by("name")


def look_alikes(kind: str, *, at_most: int = 50) -> list[tuple[UsedName, ...]]:
    """Groups of names that differ only in case, accents, signs, the order of their words, a legal form or an article;
    most used first.

    Reads every distinct name once.
    """
    groups: dict[str, list[UsedName]] = {}
    for row in names_in_use(kind).iterator(chunk_size=2000):
        groups.setdefault(folded(row["name"]), []).append(UsedName(**row))
    alike = [
        tuple(sorted(group, key=lambda one: (-one.count, one.name)))
        for key, group in groups.items()
        if key and len(group) > 1
    ]
    return sorted(alike, key=lambda group: (-sum(one.count for one in group), group[0].name))[:at_most]


def folded(name: str) -> str:
    """What two forms of one name have in common: "La Gerbe a.s.b.l." and "GERBE (LA), asbl" give the same."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(sign))
    words = _SIGNS.sub(" ", _POINTS.sub("", plain)).split()
    return " ".join(
        sorted(word for word in words if word not in _LEGAL_FORMS and word not in _ARTICLES) or sorted(words)
    )


@transaction.atomic
def merge(kind: str, names: Iterable[str], into: str) -> int:
    """Writes `into` in place of each of `names`, from now on too, and gives the number of references that changed.

    The other forms stay known: who looks for one finds the references. Raises ValidationError for an empty or too long
    form, or nothing to merge.
    """
    into = " ".join(into.split())
    if not into:
        raise ValidationError(_("Write the form of the name that we use."))
    if len(into) > LONGEST:
        raise ValidationError(_("The name is too long: at most %(most)d signs.") % {"most": LONGEST})
    others = {name for name in names if name and name != into}
    if not others:
        raise ValidationError(_("Choose at least one other form of the name."))
    authority, _made = Authority.objects.get_or_create(kind=kind, name=into)
    _take_over(authority, others)
    changed = _rewrite(kind, others, into)
    record(*_standing_on(kind, [into]).touched())
    return changed


def forget(other: OtherName) -> None:
    """This form leads nowhere any more; references keep the form they have.
    An authority without other forms goes too.
    """
    with transaction.atomic():
        authority = other.authority
        other.delete()
        record(*_standing_on(authority.kind, [authority.name]).touched())
        if not authority.other_names.exists() and authority.organisation_id is None:
            authority.delete()


def other_forms(kind: str, names: Sequence[str]) -> dict[str, list[str]]:
    """{the form we use: its other forms} for those of these names that have some; one query."""
    found: dict[str, list[str]] = {}
    rows = OtherName.objects.filter(kind=kind, authority__name__in=set(names)).order_by("name")
    for used, other in rows.values_list("authority__name", "name"):
        found.setdefault(used, []).append(other)
    return found


def _take_over(authority: Authority, names: set[str]) -> None:
    """Makes these names lead to this authority, and with them the other forms that led to any of them."""
    OtherName.objects.filter(kind=authority.kind, name=authority.name).delete()
    merged = Authority.objects.filter(kind=authority.kind, name__in=names)
    if authority.organisation_id is None:
        authority.organisation_id = merged.exclude(organisation=None).values_list("organisation", flat=True).first()
        authority.save(update_fields=["organisation"])
    OtherName.objects.filter(authority__in=merged).update(authority=authority)
    merged.delete()
    OtherName.objects.filter(kind=authority.kind, name__in=names).update(authority=authority)
    known = set(authority.other_names.values_list("name", flat=True))
    OtherName.objects.bulk_create(
        OtherName(authority=authority, kind=authority.kind, name=name) for name in sorted(names - known)
    )


def _rewrite(kind: str, names: set[str], into: str) -> int:
    rows = _standing_on(kind, names)
    changed = len(rows.touched())
    rows.update(**{_column(kind): into})
    return changed


def _standing_on(kind: str, names: Iterable[str]) -> RecordingQuerySet:
    rows = Creator.objects if kind == AuthorityKind.CREATOR else Reference.objects
    return rows.filter(**{f"{_column(kind)}__in": set(names)})


def _column(kind: str) -> str:
    return "name" if kind == AuthorityKind.CREATOR else "publisher"
