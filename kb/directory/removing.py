"""What hangs on an organisation or a service, so that it is not deleted but made inactive."""

from __future__ import annotations

from django.db import models
from django.utils.text import format_lazy, get_text_list
from django.utils.translation import gettext as _

OWN = "directory"


def hanging_on(thing: models.Model) -> list[tuple[str, int]]:
    """(name of the things, how many) for what points to it: people, mandates, references… Its own services, places and
    memberships go with it.

    One query for each kind of thing.
    """
    found = []
    for relation in thing._meta.get_fields(include_hidden=True):
        if not (isinstance(relation, models.ForeignObjectRel) and relation.one_to_many):
            continue
        other = relation.related_model
        is_part = other._meta.app_label == OWN and relation.on_delete is models.CASCADE
        if is_part or other._meta.auto_created:
            continue
        count = other._base_manager.filter(**{relation.field.name: thing}).count()
        if count:
            name = other._meta.verbose_name if count == 1 else other._meta.verbose_name_plural
            found.append((str(name), count))
    return found


def refusal(thing: models.Model) -> str:
    """A sentence that says why it is not deleted and what to do; "" when nothing hangs on it."""
    hanging = hanging_on(thing)
    if not hanging:
        return ""
    things = get_text_list([format_lazy("{} {}", count, name) for name, count in hanging], _("and"))
    return _(
        "“%(name)s” is not deleted: %(things)s hang on it. Make it inactive instead: its page "
        "says so, and lists leave it out."
    ) % {
        "name": thing,
        "things": things,
    }
