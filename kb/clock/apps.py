from datetime import timedelta

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ClockConfig(AppConfig):
    name = "kb.clock"
    label = "clock"

    def ready(self) -> None:
        from kb.clock import health, personal, recovering
        from kb.clock.mail import sending
        from kb.clock.notices import digesting
        from kb.clock.notices.waiting import register_waiting
        from kb.clock.overview import left_out_of_search
        from kb.clock.registry import register_due
        from kb.clock.viewsets import failed_mail
        from search.indexing import keep_up
        from search.public.remembering import thin_query_log

        minute, hours = timedelta(minutes=1), timedelta(hours=6)
        register_due(
            "clock.recover_tasks",
            recovering.recover_tasks,
            timedelta(seconds=30),
            label=_("Taking up what a stopped worker left"),
        )
        register_due("clock.thin_tasks", recovering.thin_tasks, hours, label=_("Forgetting tasks done long ago"))
        register_due("clock.send_mail", sending.enqueue_due, minute, label=_("Sending messages that wait"))
        register_due(
            "clock.digests", digesting.write_digests, minute, label=_("Writing to people what happened and what waits")
        )
        register_due("clock.thin_mail", sending.thin_mail, hours, label=_("Forgetting messages sent long ago"))
        register_due(
            "search.drain",
            lambda: f"{done} subjects indexed" if (done := keep_up()) else None,
            minute,
            label=_("Putting changes in the search"),
        )
        register_due("search.thin_query_log", thin_query_log, timedelta(days=1), label=_("Forgetting old searches"))
        for check in (health.database, health.worker, health.clock, health.disk, health.index, health.reading):
            health.register_check(check.__name__, check)
        personal.register_all()
        register_waiting("clock.failed_mail", _("Messages that did not arrive"), failed_mail, order=60)
        register_waiting(
            "clock.left_out_of_search",
            _("Left out of the search: too much for the server"),
            left_out_of_search,
            order=65,
        )
