"""All addresses of the site; with settings, the only module that knows everybody."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path
from django.utils.text import format_lazy
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls

from home import urls as home_urls
from kb.accounts.login import doors
from kb.accounts.personal_data.views import processing_register
from kb.languages import word
from kb.library import urls as library_urls
from kb.newsletter.returns import webhooks
from kb.pages import pictures
from kb.pages.addressing import forwarding

urlpatterns = [
    path("", include("kb.clock.urls")),
    *home_urls.root_urlpatterns,
    path("media/<path:name>", pictures.picture),
    *doors.urlpatterns,
    path("r/", include(library_urls.short_urlpatterns)),
    *webhooks.urlpatterns(),
    path("admin/", include(wagtailadmin_urls)),
    *i18n_patterns(
        *doors.page_urlpatterns,
        path(format_lazy("{}/", word("account")), include("kb.accounts.urls")),
        path("", include("home.urls")),
        path(format_lazy("{}/", word("processing")), processing_register, name="processing_register"),
        path(format_lazy("{}/", word("search")), include("search.urls")),
        path(format_lazy("{}/", word("library")), include((library_urls.page_urlpatterns, "library"))),
        path(format_lazy("{}/", word("organisations")), include("kb.directory.urls")),
        path(format_lazy("{}/", word("members")), include("kb.groups.urls")),
        path(format_lazy("{}/", word("newsletter")), include("kb.newsletter.urls")),
        path(format_lazy("{}/", word("decisions")), include("kb.decisions.urls")),
        # Each domain adds its line above this one.
        *forwarding.patterns(),
        path("", include(wagtail_urls)),
        prefix_default_language=True,
    ),
]

handler400 = "home.public.views.bad_request"
handler404 = "home.public.views.page_not_found"
