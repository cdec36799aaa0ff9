from django.apps import AppConfig


class DecisionsConfig(AppConfig):
    name = "kb.decisions"
    label = "decisions"

    def ready(self) -> None:
        from kb.decisions import registering

        registering.register_all()
