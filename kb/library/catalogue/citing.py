"""How a reference is cited in a text: author and date, then the title as printed, then who published it and where it
can be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext

from kb.library.choices import CreatorRole
from kb.library.models import Creator, Reference


@dataclass(frozen=True, slots=True)
class Citation:
    """before, title (in italics where there are italics) and after, signs and blanks included."""

    before: str
    title: str
    title_language: str
    after: str

    def __str__(self) -> str:
        return f"{self.before}{self.title}{self.after}"


def cited(reference: Reference, creators: Sequence[Creator], *, url: str, page_label: str = "") -> Citation:
    """ "CASS & IRFAM (2012). " "L’accueil des primo-arrivants" ". Commune, p. 12. https://…/r/PA-2012-147"."""
    names = [one.name for one in creators if one.role == CreatorRole.AUTHOR] or [one.name for one in creators]
    who = " & ".join(([", ".join(names[:-1])] if len(names) > 1 else []) + names[-1:])
    undated = gettext("n.d.")
    when = f"({reference.date_text[:4] or undated})"
    title = reference.full_title
    held = ", ".join(part for part in (reference.container_title, reference.publisher, page_label) if part)
    end = "" if title.endswith((".", "?", "!", "…")) else "."
    after = " ".join(part for part in (end, f"{held}." if held else "", url) if part)
    return Citation(
        before=f"{who} {when}. " if who else f"{when}. ",
        title=title,
        title_language=reference.language,
        after=after if end else f" {after}",
    )
