from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "kb.directory"
    label = "directory"

    def ready(self) -> None:
        from kb.directory import personal, registering

        registering.register_all()
        personal.register_all()
