from django.apps import AppConfig


class LibraryConfig(AppConfig):
    name = "kb.library"
    label = "library"

    def ready(self) -> None:
        from kb.library import personal, registering

        registering.register_all()
        personal.register_all()
