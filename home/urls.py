"""Addresses of the site itself: under a language, and without one."""

from django.urls import include, path
from django.utils.text import format_lazy

from home import handbook, members
from home.public import views
from kb.languages import word
from kb.pages.addressing import sitemaps
from kb.pages.appearance import themes

urlpatterns = [
    path(format_lazy("{}/", word("display")), themes.choose, name="theme"),
    path(format_lazy("{}/", word("sitemap")), views.site_map, name="site_map"),
    path(format_lazy("{}/", word("members")), include(([path("", members.members, name="members")], "home"))),
    path(format_lazy("{}/{}/", word("members"), word("handbook")), include((handbook.urlpatterns, "handbook"))),
]

root_urlpatterns = [
    path("robots.txt", views.robots, name="robots"),
    path("sitemap.xml", sitemaps.whole, name="sitemap"),
    path("sitemap-<slug:section>.xml", sitemaps.section, name="sitemap_section"),
]
