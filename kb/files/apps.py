from datetime import timedelta

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FilesConfig(AppConfig):
    name = "kb.files"
    label = "files"

    def ready(self) -> None:
        from django.conf import settings

        from kb.clock import registry
        from kb.files import personal, recovering, removing, tidying
        from kb.files.intake import keeping
        from search.extraction import settle

        settle(
            scratch=settings.FILES_SCRATCH_DIR,
            must_be_confined=settings.FILES_CONFINED,
            least_free_bytes=settings.CLOCK_DISK_FREE_BYTES,
        )
        registry.register_due(
            "files.lost", recovering.enqueue_lost, timedelta(seconds=30), label=_("Asking again for files nobody reads")
        )
        registry.register_due(
            "files.orphans",
            removing.remove_orphans,
            timedelta(hours=1),
            label=_("Removing stored files that belong to nothing"),
        )
        registry.register_due(
            "files.kept", keeping.remove_old, timedelta(hours=1), label=_("Removing uploads nobody finished")
        )
        registry.register_due(
            "files.leftovers",
            tidying.remove_leftovers,
            timedelta(minutes=5),
            label=_("Removing pages of former readings"),
        )
        personal.register_all()
