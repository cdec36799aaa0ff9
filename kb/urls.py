"""All addresses of the site; with settings, the only module that knows everybody."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path
from django.utils.text import format_lazy
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls

from kb.accounts import doors
from kb.languages import word

urlpatterns = [
    path("", include("kb.clock.urls")),
    *doors.urlpatterns,
    path("admin/", include(wagtailadmin_urls)),
    *i18n_patterns(
        *doors.page_urlpatterns,
        path(format_lazy("{}/", word("account")), include("kb.accounts.urls")),
        path("", include(wagtail_urls)),
        prefix_default_language=True,
    ),
]
