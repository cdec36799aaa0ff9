"""Who edits: the group of editors, what it may do, and how a person joins or leaves it.

Editors manage content; log-ins and the site's settings are for the editor-in-chief (a superuser). What they manage is a
table in the settings (EDITORS_MANAGE), because no domain down here may know those above.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.db import connections
from django.db.models import Q, QuerySet
from wagtail.models import Collection, GroupCollectionPermission, GroupPagePermission, Page

from kb.accounts.sessions.ending import end_sessions

EDITORS = "Rédaction"
PAGE_PERMISSIONS = ("add_page", "change_page", "publish_page", "bulk_delete_page", "lock_page", "unlock_page")
COLLECTION_PERMISSIONS = ("add_image", "change_image", "choose_image")
TABLES = frozenset(
    {"auth_group", "wagtailcore_grouppagepermission", "wagtailcore_page", "wagtailcore_groupcollectionpermission"}
)


def grant_editors(using: str = "default", **ignored: Any) -> None:
    """Gives the group of editors what it needs and lacks; takes nothing away. Runs after every migrate, as models and
    their permissions come.

    (A data migration would come too early on a new database: Django makes the permissions after the last migration.)
    """
    if using != "default" or not set(connections[using].introspection.table_names()) >= TABLES:
        return
    group, _created = Group.objects.get_or_create(name=EDITORS)
    given = group.permissions.values("pk")
    group.permissions.add(
        *_model_permissions(settings.EDITORS_MANAGE).exclude(pk__in=given).values_list("pk", flat=True)
    )
    if (root := Page.get_first_root_node()) is not None:
        on_pages = GroupPagePermission.objects.filter(group=group, page=root)
        for lacking in _lacking("wagtailcore", PAGE_PERMISSIONS, on_pages):
            GroupPagePermission.objects.get_or_create(group=group, page=root, permission_id=lacking)
    if (top := Collection.get_first_root_node()) is not None:
        on_images = GroupCollectionPermission.objects.filter(group=group, collection=top)
        for lacking in _lacking("wagtailimages", COLLECTION_PERMISSIONS, on_images):
            GroupCollectionPermission.objects.get_or_create(group=group, collection=top, permission_id=lacking)


def _lacking(app: str, codenames: Iterable[str], given: QuerySet) -> QuerySet:
    """The ids of these permissions but for those that were given."""
    wanted = Permission.objects.filter(content_type__app_label=app, codename__in=codenames)
    return wanted.exclude(pk__in=given.values("permission")).values_list("pk", flat=True)


def _model_permissions(table: Iterable[str]) -> QuerySet:
    """Permissions of "app" (all of its models) or "app.codename" (that one)."""
    wanted = Q(content_type__app_label="wagtailadmin", codename="access_admin")
    for entry in table:
        app, _dot, codename = entry.partition(".")
        wanted |= Q(content_type__app_label=app, codename=codename) if codename else Q(content_type__app_label=app)
    return Permission.objects.filter(wanted)


def last_migrated_app() -> Any:
    """The app whose post_migrate comes last: every permission is there by then."""
    return [config for config in apps.get_app_configs() if config.models_module is not None][-1]


def join(user: Any) -> None:
    """Makes an editor of a person, who then sets up a second factor at the first log-in."""
    grant_editors()
    user.is_staff = True
    user.save(update_fields=["is_staff"])
    user.keep_admin_language()
    user.groups.add(Group.objects.get(name=EDITORS))


def leave(user: Any) -> None:
    """No editor any more; the account and its mandates stay, sessions opened as an editor end."""
    if user.groups.exists():
        end_sessions(user)
    user.is_staff = user.is_superuser = False
    user.save(update_fields=["is_staff", "is_superuser"])
    user.groups.clear()
