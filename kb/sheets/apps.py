from django.apps import AppConfig


class SheetsConfig(AppConfig):
    name = "kb.sheets"
    label = "sheets"

    def ready(self) -> None:
        from kb.sheets import personal, registering

        registering.register_all()
        personal.register_all()
