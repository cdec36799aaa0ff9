from datetime import timedelta

from django.apps import AppConfig


class ClockConfig(AppConfig):
    name = "kb.clock"
    label = "clock"

    def ready(self) -> None:
        from kb.clock import health, recovering, registry

        registry.register_due("clock.recover_tasks", recovering.recover_tasks, timedelta(seconds=30))
        registry.register_due("clock.thin_tasks", recovering.thin_tasks, timedelta(hours=6))
        for check in (health.database, health.worker, health.clock, health.disk, health.index):
            health.register_check(check.__name__, check)
