"""System checks: the settings of the search make sense, and nobody forgot to say whether a page type is to be found."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks
from django.utils.module_loading import import_string
from wagtail.models import get_page_models

from search import registry
from search.engines import ENGINES

_FUNCTIONS = (
    ("SEARCH_AUDIENCES", "gives the audiences of a request", "kb.accounts.audiences.audiences_of", "search.E003"),
    (
        "SEARCH_IS_WITHIN",
        "says whether everyone of one audience is in one of others",
        "kb.accounts.audiences.is_within",
        "search.E004",
    ),
)


@checks.register(checks.Tags.compatibility)
def check_settings(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """SEARCH_ENGINE is known, SEARCH_INDEX_DIR is a path (or None: in memory), the others name functions."""
    found: list[checks.CheckMessage] = []
    engine = getattr(settings, "SEARCH_ENGINE", None)
    if engine not in ENGINES:
        found.append(
            checks.Error(
                f"SEARCH_ENGINE is {engine!r}.", hint=f"Choose one of: {', '.join(sorted(ENGINES))}.", id="search.E001"
            )
        )
    place = getattr(settings, "SEARCH_INDEX_DIR", "")
    if place is not None and not (isinstance(place, str | Path) and Path(place).is_absolute()):
        found.append(
            checks.Error(
                "SEARCH_INDEX_DIR is not an absolute path.",
                hint="Name a folder that the site may write to.",
                id="search.E002",
            )
        )
    for name, what, example, code in _FUNCTIONS:
        named = getattr(settings, name, "")
        try:
            callable_named = callable(import_string(named))
        except (ImportError, AttributeError, TypeError):
            callable_named = False
        if not callable_named:
            found.append(
                checks.Error(
                    f"{name}, {named!r}, names no function.",
                    hint=f'Name the function that {what}: "{example}".',
                    id=code,
                )
            )
    return found


@checks.register(checks.Tags.compatibility)
def check_page_types(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Every page type that can be created is given to the search, or left out with a reason."""
    return [
        checks.Warning(
            f"Nobody said whether pages of type {label} are to be found.",
            hint=(
                "Name it in search.registry.register(kind, models=[…]), or call "
                "search.registry.leave_out() with the reason."
            ),
            id="search.W001",
        )
        for label in _page_types()
        if not registry.is_settled(label)
    ]


def _page_types() -> Iterable[str]:
    return (model._meta.label for model in get_page_models() if model.is_creatable)
