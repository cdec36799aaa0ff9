from datetime import timedelta

from django.apps import AppConfig


class ClockConfig(AppConfig):
    name = "kb.clock"
    label = "clock"

    def ready(self) -> None:
        from kb.clock import health, recovering, registry
        from search.indexing import keep_up
        from search.remembering import thin_query_log

        registry.register_due("clock.recover_tasks", recovering.recover_tasks, timedelta(seconds=30))
        registry.register_due("clock.thin_tasks", recovering.thin_tasks, timedelta(hours=6))
        registry.register_due("search.drain", lambda: f"{done} subjects indexed" if (done := keep_up()) else None, timedelta(minutes=1))
        registry.register_due("search.thin_query_log", thin_query_log, timedelta(days=1))
        for check in (health.database, health.worker, health.clock, health.disk, health.index):
            health.register_check(check.__name__, check)
