"""Codes of organisations, services and places: made of their names when nobody writes one,
and never changed afterwards.
"""

from __future__ import annotations

from collections.abc import Callable

from django.utils.text import slugify

MOST_SIGNS = 60  # of what is made; a column holds 80


def free_code(name: str, is_taken: Callable[[str], bool], *, otherwise: str) -> str:
    """ "union-des-locataires", or "union-des-locataires-2" where that is taken;
    made of `otherwise` when the name has no letters.
    """
    wish = slugify(name)[:MOST_SIGNS].strip("-") or otherwise
    code, number = wish, 1
    while is_taken(code):
        number += 1
        code = f"{wish}-{number}"
    return code
