"""Whether a version of a file goes on with the document that the notice was drafted from, told by its words."""

from __future__ import annotations

from enum import Enum

from django.db.models import Exists, OuterRef
from django.db.models.functions import Left

from kb.files.models import FilePage, FileVersion
from kb.library.drafting.documents import words_of
from kb.library.models import TakenVersion

# Corrected, shortened or lengthened by a third: .6 and more. Reports of two years after one pattern: .1 to .4. Two
# documents on one subject: under .05.
LEAST_ALIKE = 0.5
_RUN = 3  # words in a row that are compared as one
_MOST_PAGES, _MOST_OF_A_PAGE = 20, 10_000  # letters


class Follows(Enum):
    """What a version is to those before it: the first, alike, unlike, or not to be told (one of them has no text, or
    was taken away).
    """

    NOTHING = "nothing"
    ALIKE = "alike"
    UNLIKE = "unlike"
    UNKNOWN = "unknown"


def followed_by(version: FileVersion | None) -> Follows:
    """What the version is to the oldest one of its file that has a text: a notice is accepted with that, and many small
    steps must not lead from it to another document. Four queries at most; call it before a transaction opens.
    """
    if version is None or version.number == 1:
        return Follows.NOTHING
    before = FileVersion.objects.filter(stored_file=version.stored_file_id, number__lt=version.number)
    with_text = FilePage.objects.filter(version=OuterRef("pk")).exclude(text="")
    oldest = before.filter(Exists(with_text)).order_by("number").first()
    if oldest is not None:
        ours, theirs = _runs(version), _runs(oldest)
        if not ours or not theirs:
            return Follows.UNKNOWN
        return Follows.ALIKE if likeness(ours, theirs) >= LEAST_ALIKE else Follows.UNLIKE
    taken = TakenVersion.objects.filter(file__stored_file=version.stored_file_id, number__lt=version.number)
    return Follows.UNKNOWN if before.exists() or taken.exists() else Follows.NOTHING


def likeness(ours: set[str], theirs: set[str]) -> float:
    """From 0 to 1: the share of what two texts say that both say."""
    return 2 * len(ours & theirs) / (len(ours) + len(theirs))


def _runs(version: FileVersion) -> set[str]:
    """Every _RUN words in a row of the beginning of a version; none where it has fewer words."""
    pages = FilePage.objects.filter(version=version, number__lte=_MOST_PAGES).order_by("number")
    texts = pages.annotate(beginning=Left("text", _MOST_OF_A_PAGE)).values_list("beginning", flat=True)
    words = [word for text in texts for word in words_of(text).split()]
    return {" ".join(words[start : start + _RUN]) for start in range(len(words) - _RUN + 1)}
