"""What names one of our bodies as its creator or publisher is taken as our own work, unless an editor says why it is
not.

    drafting ─► marked as ours, where nobody said otherwise        public without the mark and without a reason ─► refused (`guarding`)
"""  # noqa: E501

from __future__ import annotations

import re
from collections.abc import Iterable

from kb.groups.choices import BodyKind
from kb.groups.models import Body
from kb.library.catalogue.authorities import folded

SHORTEST = 4  # letters of a code that counts as a name: "CASS"
_BETWEEN = re.compile(r"\s*(?:[,;:/(]|\s[-–—]\s)\s*")


def own_names() -> frozenset[str]:
    """Our names as they are compared: each body's in each language, and the code of an office. One query."""
    names: set[str] = set()
    for body in Body.objects.all():
        names.update(folded(body.name[code]) for code in body.name if code != "source")
        if body.kind == BodyKind.OFFICE and len(body.code) >= SHORTEST:
            names.add(folded(body.code))
    return frozenset(names - {""})


def named_ours(names: Iterable[str]) -> str:
    """The first of these names that is one of ours, alone or before a comma ("CASS, GT Logement"); "" for none. Another
    organisation's committee ("Ville de Mons, Comité de pilotage") is none of ours. One query, none without names.
    """
    given = [name for name in names if name.strip()]
    known = own_names() if given else frozenset()
    return next((name for name in given if {folded(name), folded(_BETWEEN.split(name, maxsplit=1)[0])} & known), "")
