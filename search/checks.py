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


@checks.register(checks.Tags.compatibility)
def check_settings(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """SEARCH_ENGINE is known, SEARCH_INDEX_DIR is a path (or None: in memory), SEARCH_AUDIENCES names a function."""
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
    audiences = getattr(settings, "SEARCH_AUDIENCES", "")
    try:
        callable_named = callable(import_string(audiences))
    except (ImportError, AttributeError, TypeError):
        callable_named = False
    if not callable_named:
        found.append(
            checks.Error(
                f"SEARCH_AUDIENCES, {audiences!r}, names no function.",
                hint='Name the function that gives the audiences of a request: "kb.accounts.audiences.audiences_of".',
                id="search.E003",
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
