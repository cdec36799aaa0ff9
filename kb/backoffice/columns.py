"""The columns of a model by name. What a form or a list does with them is in the domains."""

from __future__ import annotations

from django.db import models


def column(model: type[models.Model], name: str) -> models.Field:
    """The column of this name. Raises FieldDoesNotExist; a relation that another model declares is no column."""
    field = model._meta.get_field(name)
    assert isinstance(field, models.Field), f"{name} is declared by another model"
    return field
