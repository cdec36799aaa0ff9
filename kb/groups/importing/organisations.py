"""A line of the sheet of organisations: code, name, kind.

Everything else about them is brought in with the directory's own workbook.
"""

from __future__ import annotations

from collections.abc import Mapping

from kb.backoffice.columns import column
from kb.directory.choices import OrganisationKind
from kb.directory.models import Organisation
from kb.groups.importing.planning import Change, Plan, once, planned, remember_organisation
from kb.sheets.kinds import Context, choice_of

_KIND_WORDS = {
    **{word: OrganisationKind.CPAS for word in ("cpas", "ocmw")},
    **{word: OrganisationKind.COMMUNE for word in ("commune", "gemeente", "municipality", "administration communale")},
    **{word: OrganisationKind.ASSOCIATION for word in ("association", "associatif", "asbl", "vzw", "vereniging")},
    **{word: OrganisationKind.OTHER for word in ("autre", "andere", "other")},
}


def plan(context: Context, values: Mapping[str, str]) -> Plan:
    code, kind = values.get("code", "").lower(), choice_of(values.get("kind", ""), OrganisationKind, also=_KIND_WORDS)
    once(context, ("organisation", code))
    organisation = Organisation.objects.filter(code__iexact=code).first()
    if organisation is None:
        organisation = Organisation(code=code, name=values.get("name", ""), kind=kind or OrganisationKind.ASSOCIATION)
        organisation.full_clean(exclude=["other_names", "description", "spoken"])
        remember_organisation(context, organisation)
        return planned((), organisation.save, is_new=True)
    changes = []
    if values.get("name") and organisation.name != values["name"]:
        changes.append(Change(_label("name"), organisation.name, values["name"]))
        organisation.name = values["name"]
    if kind and organisation.kind != kind:
        changes.append(Change(_label("kind"), organisation.get_kind_display(), OrganisationKind(kind).label))
        organisation.kind = kind
    organisation.clean_fields(exclude=["other_names", "description", "spoken"])
    return planned(changes, organisation.save)


def _label(field: str) -> str:
    return str(column(Organisation, field).verbose_name)
