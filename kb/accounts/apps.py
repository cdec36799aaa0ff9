from django.apps import AppConfig
from django.db.models.signals import post_delete, post_migrate, pre_migrate, pre_save
from wagtail.users.apps import WagtailUsersAppConfig


class AccountsConfig(AppConfig):
    name = "kb.accounts"
    label = "accounts"
    default = True  # this module has several: without it Django takes none of them, and nothing below runs

    def ready(self) -> None:
        from allauth.account.signals import password_changed, password_reset
        from allauth.mfa.models import Authenticator
        from allauth.mfa.signals import authenticator_added, authenticator_removed
        from django.db.models import DateField
        from wagtail.admin.forms.models import register_form_field_override

        from kb.accounts import addresses, editors, noting
        from kb.accounts.fields import DayInput
        from kb.accounts.personal_data import edited_kinds, own_kinds
        from kb.accounts.sessions import recognising, second_factor
        from kb.backoffice import exporting
        from kb.site import caching, signs

        register_form_field_override(DateField, override={"widget": DayInput})

        authenticator_added.connect(second_factor.count_enrolling_as_passing)
        post_delete.connect(second_factor.end_sessions_after_removal, sender=Authenticator)
        authenticator_removed.connect(second_factor.forget_in_session)
        password_reset.connect(addresses.prove_by_reset)
        password_reset.connect(recognising.remember_after)
        password_changed.connect(recognising.remember_after)
        exporting.keep_cells_text()
        signs.clean_everywhere()
        pre_save.connect(signs.clean_lines)
        pre_migrate.connect(caching.make_cache_table, sender=self)
        post_migrate.connect(editors.grant_editors, sender=editors.last_migrated_app())
        noting.connect()
        own_kinds.register_all()
        edited_kinds.register_all()


class AdminUsersConfig(WagtailUsersAppConfig):
    """Wagtail's user admin with our forms: stands in INSTALLED_APPS for "wagtail.users"."""

    user_viewset = "kb.accounts.viewsets.LogInViewSet"
