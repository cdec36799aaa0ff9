from django.apps import AppConfig


class NewsletterConfig(AppConfig):
    name = "kb.newsletter"
    label = "newsletter"

    def ready(self) -> None:
        from kb.newsletter import registering

        registering.register_all()
