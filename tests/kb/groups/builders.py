"""Bodies and mandates for tests; the builder says only what matters."""

from datetime import timedelta

from django.utils import timezone

from kb.groups.choices import BodyKind, MandateRole
from kb.groups.models import Body, Mandate


def body(code: str, *, successor: Body | None = None, kind=BodyKind.WORKING_GROUP, is_active: bool = True) -> Body:
    return Body.objects.create(
        code=code,
        kind=kind,
        name={"fr": f"GT {code}", "nl": f"WG {code}", "source": "fr"},
        successor=successor,
        is_active=is_active,
    )


def mandate(user, of: Body, role=MandateRole.MEMBER, **values) -> Mandate:
    return Mandate.objects.create(user=user, body=of, role=role, **values)


def day(offset: int):
    """Today plus so many days."""
    return timezone.localdate() + timedelta(days=offset)
