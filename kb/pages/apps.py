import logging

from django.apps import AppConfig
from django.conf import settings

from kb.pages.translations.compiling import compile_stale

logger = logging.getLogger(__name__)


class PagesConfig(AppConfig):
    name = "kb.pages"
    label = "pages"

    def __init__(self, app_name, app_module) -> None:
        super().__init__(app_name, app_module)
        # Before any model is imported: a catalogue read once is kept by the process.
        try:
            compile_stale(settings.LOCALE_PATHS)
        except OSError as reason:
            logger.warning(
                (
                    "Translations are not compiled (%s): run `manage.py compile_translations` as a user "
                    "who may write there."
                ),
                reason,
            )

    def ready(self) -> None:
        from wagtail.signals import page_unpublished

        from kb.pages.models import record_unpublished

        page_unpublished.connect(record_unpublished, dispatch_uid="kb.pages.record_unpublished")
