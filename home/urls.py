"""Addresses of the site itself: under a language, and without one."""

from django.contrib.sitemaps.views import sitemap
from django.urls import path
from django.utils.text import format_lazy

from home import views
from kb.languages import word
from kb.pages import themes
from kb.pages.sitemaps import sitemaps

urlpatterns = [
    path(format_lazy("{}/", word("display")), themes.choose, name="theme"),
    path(format_lazy("{}/", word("sitemap")), views.site_map, name="site_map"),
]

root_urlpatterns = [
    path("robots.txt", views.robots, name="robots"),
    path("sitemap.xml", sitemap, {"sitemaps": sitemaps}, name="sitemap"),
]
