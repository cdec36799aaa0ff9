"""References that look like one that is being put in: the same bytes, DOI, ISBN or address, or nearly the same title.

A person is shown those they may see; what they may not see is noted for editors and nothing tells the person that it is
there.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from django.db import transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Replace
from django_tasks import task

from kb.accounts.audiences import STAFF
from kb.files.models import FileVersion
from kb.library.catalogue.gathering import Gathered, gather, reference_id_of
from kb.library.choices import ReferenceState
from kb.library.drafting.documents import words_of
from kb.library.drafting.lines.identifiers import doi_in, isbn_forms, url_key
from kb.library.models import Reference, Resemblance
from kb.library.models.references import ReferenceQuerySet
from search.engines import EngineUnavailable
from search.opening import site_finder
from search.query import parse

MOST = 10
HOW = ("file", "doi", "isbn", "url", "title")  # the surest first
# A title with a slip, another spelling or a small word left out is above; below are all pairs of the demonstration and
# all but seven of the 31,125 pairs among 250 questions of a help desk, which differ by one small word
# (tests/kb/library/contributions/test_twins.py).
LEAST_ALIKE = 0.85
MOST_WORDS, LONGEST_WORD = 25, 40  # of a title that are compared; letters of a word
_SLIP = 0.88  # "medische" and "medisch" .93, "locataire" and "locative" .82
_CANDIDATES = 20  # titles that the search finds nearest, looked at one by one
_MOST_EQUAL = 1_000  # with the same DOI, ISBN, address or title, of those the reader may see


@dataclass(frozen=True, slots=True)
class Resembling:
    """A reference that may be the same document; how: what they share, one of HOW."""

    reference: Reference
    how: str


def resembling(reference: Reference, held: frozenset[str]) -> tuple[Resembling, ...]:
    """At most ten that a reader who holds `held` may see, accepted ones first, then the surest. Ten queries at most,
    and one search.

    The bytes of a file count only for who may open that file.
    """
    found = _twins(reference, held)
    order = lambda one: (one.reference.state != ReferenceState.ACCEPTED, HOW.index(one.how), -one.reference.pk)  # noqa: E731
    return tuple(sorted(found.values(), key=order)[:MOST])


def note_unseen(reference: Reference, held: frozenset[str]) -> int:
    """Writes for editors which references look like this one and are not shown to a reader who holds `held`; gives how
    many rows there are now.

    Drafts of others are not looked at: nobody but their author knows of them, and each is compared when it is proposed
    itself.
    """
    shown = _twins(reference, held)
    every = _twins(reference, frozenset({STAFF}))
    unseen = [
        one
        for pk, one in every.items()
        if pk not in shown and one.reference.state not in (ReferenceState.DRAFT, ReferenceState.WITHDRAWN)
    ]
    for one in unseen:
        Resemblance.objects.get_or_create(reference=reference, other=one.reference, defaults={"how": one.how})
    return len(unseen)


def note_unseen_later(reference: Reference, held: frozenset[str]) -> None:
    """Does `note_unseen` after the commit, in the background, so that the time of an answer does not tell whether
    there was something to note.
    """
    pk, audiences = reference.pk, sorted(held)
    transaction.on_commit(lambda: note_unseen_of.enqueue(pk, audiences))


@task(queue_name="short")
def note_unseen_of(reference_id: int, held: list[str]) -> int:
    reference = Reference.objects.filter(pk=reference_id).first()
    return note_unseen(reference, frozenset(held)) if reference else 0


def _twins(reference: Reference, held: frozenset[str]) -> dict[int, Resembling]:
    """{reference id: what it shares with this one, the surest thing first found}.

    Rights are in the query, before the cut: what the reader may not see takes nobody's place and moves nothing.
    """
    seen = Reference.objects.seen_by(held)
    by_bytes = _same_bytes(reference)
    ways = {
        "doi": _same_doi(reference, seen),
        "isbn": _same_isbn(reference, seen),
        "url": _same_url(reference, seen),
        "title": _same_words(reference, seen) | _near_titles(reference, held),
    }
    # Itself too: nothing found costs as many queries as something that is not shown.
    everything = gather({reference.pk, *by_bytes, *(pk for ids in ways.values() for pk in ids)})
    found: dict[int, Resembling] = {}
    for pk, whole in everything.items():
        if pk == reference.pk or not whole.is_shown_to(held):
            continue
        how = _how(reference, whole, held, by_bytes, ways)
        if how:
            found[pk] = Resembling(whole.reference, how)
    return found


def _how(
    reference: Reference,
    whole: Gathered,
    held: frozenset[str],
    by_bytes: dict[int, set[int]],
    ways: dict[str, set[int]],
) -> str:
    pk = whole.reference.pk
    opened = {one.file.stored_file_id for one in whole.opened_by(held)}
    if opened & by_bytes.get(pk, set()):
        return "file"
    for how in HOW[1:-1]:
        if pk in ways[how]:
            return how
    return "title" if pk in ways["title"] and are_alike(reference, whole.reference) else ""


def _same_bytes(reference: Reference) -> dict[int, set[int]]:
    """Reference -> its stored files of which a version that its readers may open has the bytes of one of ours."""
    ours = FileVersion.objects.filter(stored_file__reference_file__reference=reference).exclude(sha256="")
    hashes = set(ours.values_list("sha256", flat=True))
    of_file = "stored_file__reference_file"
    opened = Q(**{f"{of_file}__opened_to__gte": F("number")}) | ~Q(
        **{f"{of_file}__reference__state": ReferenceState.ACCEPTED}
    )
    rows = FileVersion.objects.filter(opened, sha256__in=hashes, **{f"{of_file}__opened_from__lte": F("number")})
    found: dict[int, set[int]] = {}
    for owner, stored in rows.values_list("stored_file__reference_file__reference", "stored_file").distinct():
        found.setdefault(owner, set()).add(stored)
    return found


def _same_doi(reference: Reference, seen: ReferenceQuerySet) -> set[int]:
    doi = doi_in(reference.doi)
    return _ids(
        seen.filter(doi__in={doi, doi.upper(), reference.doi, f"https://doi.org/{doi}", f"doi:{doi}"} if doi else ())
    )


def _same_isbn(reference: Reference, seen: ReferenceQuerySet) -> set[int]:
    bare = Replace(Replace(F("isbn"), Value("-"), Value("")), Value(" "), Value(""))
    return _ids(seen.exclude(isbn="").annotate(bare_isbn=bare).filter(bare_isbn__in=isbn_forms(reference.isbn)))


def _same_url(reference: Reference, seen: ReferenceQuerySet) -> set[int]:
    """One query finds what has the same site and path; what only follows readers about is compared here."""
    key = url_key(reference.url)
    near = seen.filter(url__icontains=key.partition("?")[0]).values_list("pk", "url")[:_MOST_EQUAL] if key else ()
    return {pk for pk, url in near if url_key(url) == key}


def _same_words(reference: Reference, seen: ReferenceQuerySet) -> set[int]:
    """Titles with the same letters, whatever their case: those that the search does not know yet too."""
    return _ids(seen.filter(title__iexact=reference.title.strip())) if reference.title.strip() else set()


def _near_titles(reference: Reference, held: frozenset[str]) -> set[int]:
    """What the search finds by the words of the title, for this reader; nothing while it does not answer."""
    query = parse(" ".join(words_of(reference.full_title).split()), reference.language)
    try:
        results = site_finder().search(query, audiences=held, count=_CANDIDATES, facets=False)
    except EngineUnavailable:
        return set()
    return {pk for hit in results.hits if (pk := reference_id_of(hit.subject)) is not None}


def _ids(references: ReferenceQuerySet) -> set[int]:
    return set(references.values_list("pk", flat=True)[:_MOST_EQUAL])


def are_alike(one: Reference, other: Reference) -> bool:
    """Whether two references have nearly the same title, in any of their languages: in full, or without subtitles."""
    ours, theirs = _titles(one), _titles(other)
    return any(likeness(left, right) >= LEAST_ALIKE for left in ours for right in theirs)


def likeness(one: str, other: str) -> float:
    """From 0 to 1: the share of the letters of two titles that stands in words of both, a slip of the pen forgiven; 0
    when a number differs.

    "Rapport 2011" is not "Rapport 2012", and "huurders" is no slip for "verhuurders". Of long titles the first
    MOST_WORDS words are compared.
    """
    ours, theirs = words_of(one).split()[:MOST_WORDS], words_of(other).split()[:MOST_WORDS]
    if not ours or not theirs or _numbers(ours) != _numbers(theirs):
        return 0.0
    if "".join(ours) == "".join(theirs):
        return 1.0
    left, shared = list(theirs), 0
    for word in ours:
        twin = word if word in left else next((candidate for candidate in left if _is_slip(word, candidate)), None)
        if twin is not None:
            left.remove(twin)
            shared += len(word) + len(twin)
    return shared / (sum(map(len, ours)) + sum(map(len, theirs)))


@lru_cache(maxsize=20_000)
def _is_slip(word: str, other: str) -> bool:
    """Long words with the same first letter and all but the same letters: another ending, one too few."""
    if min(len(word), len(other)) < 5 or word[0] != other[0] or abs(len(word) - len(other)) > 2:
        return False
    compared = SequenceMatcher(None, word[:LONGEST_WORD], other[:LONGEST_WORD], autojunk=False)
    return compared.quick_ratio() >= _SLIP and compared.ratio() >= _SLIP  # the first never says less, and is quick


def _numbers(words: list[str]) -> list[str]:
    return sorted(word for word in words if any(sign.isdigit() for sign in word))


def _titles(reference: Reference) -> set[str]:
    """The full title; the main title alone where it is long enough to be one document's; translations."""
    main = (
        reference.title
        if len(words_of(reference.title).split()) >= 3 or not reference.subtitle
        else reference.full_title
    )
    return {
        text
        for text in (
            reference.full_title,
            main,
            *(reference.translated_titles.get(code, "") for code in ("fr", "nl", "en")),
        )
        if text
    }
