"""Names of bodies for the search: of facet values, and of what people type after `group:`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from kb.groups.models import Body


def facet_names(values: Sequence[str], language: str) -> Mapping[str, str]:
    """code -> name in that language. One query."""
    return {body.code: body.name.shown(language).text for body in Body.objects.filter(code__in=values)}


def typed_names() -> Iterable[tuple[str, str]]:
    """(name in each language, code) pairs, and the code itself. One query."""
    for body in Body.objects.all():
        yield body.code, body.code
        for language, name in body.name.items():
            if language != "source":
                yield name, body.code
