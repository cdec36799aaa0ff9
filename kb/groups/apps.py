from django.apps import AppConfig


class GroupsConfig(AppConfig):
    name = "kb.groups"
    label = "groups"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from kb.accounts import audiences, noting
        from kb.clock.notices.waiting import register_waiting
        from kb.groups import granting, importing, models, naming, personal, waiting
        from kb.sheets import kinds
        from search import registry

        rights = ("body_id", "role", "voice", "side", "is_referent", "since", "until", "is_suspended", "ended_at")
        noting.watch(models.Mandate, rights, account="user_id")
        noting.watch(models.Body, ("is_active", "successor_id"))
        audiences.PROVIDERS.add(granting.audiences_of_mandates)
        audiences.CHOICES.add(granting.body_choices)
        registry.register_facet_labels("groups", naming.facet_names)
        registry.register_filter_names("groups", naming.typed_names)
        personal.register_all()
        kinds.register_sheet_kind(importing.PEOPLE)
        register_waiting("groups.invitations", _("Invitations without an answer"), waiting.invitations, order=40)
