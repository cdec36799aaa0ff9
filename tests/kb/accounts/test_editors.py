"""The group of editors, as every migrate leaves it."""

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from wagtail.models import Page

from kb.accounts import editors
from tests.kb.accounts.builders import editor, member

pytestmark = pytest.mark.django_db


def test_a_fresh_migrate_leaves_a_group_that_manages_every_model_it_should():
    group = Group.objects.get(name=editors.EDITORS)
    managed = {entry for entry in settings.EDITORS_MANAGE if "." not in entry}
    wanted = Permission.objects.filter(content_type__app_label__in=managed)
    assert {permission.content_type.app_label for permission in wanted.select_related("content_type")} == managed
    assert set(wanted) <= set(group.permissions.all())
    assert group.permissions.filter(codename="access_admin").exists()


def test_a_fresh_migrate_lets_editors_publish_all_pages_and_add_images():
    group = Group.objects.get(name=editors.EDITORS)
    root = Page.get_first_root_node()
    assert set(group.page_permissions.filter(page=root).values_list("permission__codename", flat=True)) == set(
        editors.PAGE_PERMISSIONS
    )
    assert set(group.collection_permissions.values_list("permission__codename", flat=True)) == set(
        editors.COLLECTION_PERMISSIONS
    )


def test_editors_get_no_log_ins_and_no_settings_of_the_site():
    group = Group.objects.get(name=editors.EDITORS)
    assert not group.permissions.filter(
        content_type__app_label__in=["accounts", "auth", "wagtailcore", "mfa", "sessions"]
    ).exists()


def test_the_next_migrate_gives_back_a_permission_that_is_lacking_and_takes_none_away():
    group = Group.objects.get(name=editors.EDITORS)
    lacking = group.permissions.filter(content_type__app_label="library").first()
    more = Permission.objects.get(codename="add_user", content_type__app_label="accounts")
    group.permissions.remove(lacking)
    group.permissions.add(more)
    call_command("migrate", verbosity=0)
    assert {lacking, more} <= set(group.permissions.all())


def test_joining_makes_an_editor_and_leaving_takes_it_back_but_keeps_the_account():
    user = editor(second_factor=False)
    assert user.is_staff and user.has_perm("library.change_reference")
    editors.leave(user)
    user = type(user).objects.get(pk=user.pk)
    assert (user.is_staff, user.is_superuser, user.is_active, user.groups.count()) == (False, False, True, 0)


def test_a_member_manages_nothing():
    assert member().get_all_permissions() == set()
