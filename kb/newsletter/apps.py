from django.apps import AppConfig


class NewsletterConfig(AppConfig):
    name = "kb.newsletter"
    label = "newsletter"

    def ready(self) -> None:
        from kb.newsletter import checks, registering  # noqa: F401 - importing registers the checks

        registering.register_all()
