from datetime import timedelta

from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "kb.files"
    label = "files"

    def ready(self) -> None:
        from kb.clock import registry
        from kb.files import keeping, recovering, removing

        registry.register_due("files.lost", recovering.enqueue_lost, timedelta(seconds=30))
        registry.register_due("files.orphans", removing.remove_orphans, timedelta(hours=1))
        registry.register_due("files.kept", keeping.remove_old, timedelta(hours=1))
