"""Addresses of the library.

`page_urlpatterns` stand under its path word in each language, `short_urlpatterns` under "r/", without one.
"""

from django.urls import path, register_converter
from django.utils.text import format_lazy

from kb.languages import word
from kb.library.contributions import views as contribution_views
from kb.library.models.marks import Mark
from kb.library.public import views


class MarkConverter:
    regex = r"[A-Za-z]{2,8}-[0-9]{4}-[1-9][0-9]{0,8}"

    def to_python(self, value: str) -> Mark:
        mark = Mark.from_slug(value.upper())
        if mark is None:
            raise ValueError(value)
        return mark

    def to_url(self, value: Mark | str) -> str:
        return value.slug if isinstance(value, Mark) else value


class NumberConverter:
    regex = r"[1-9][0-9]{0,8}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


register_converter(MarkConverter, "mark")
register_converter(NumberConverter, "number")

app_name = "library"
page_urlpatterns = [
    path("", views.index, name="list"),
    path(format_lazy("{}/", word("add")), contribution_views.add, name="add"),
    path(format_lazy("{}/<mark:mark>/", word("add")), contribution_views.contribution, name="contribution"),
    path(format_lazy("{}/", word("contributions")), contribution_views.contributions, name="contributions"),
    path("<mark:mark>/", views.reference, name="reference"),
    path(
        format_lazy("<mark:mark>/{}/<number:file>.<number:version>/<number:page>/", word("read")),
        views.read,
        name="read",
    ),
    path(format_lazy("<mark:mark>/{}/<number:file>.<number:version>/", word("file")), views.file, name="file"),
    path(
        format_lazy("<mark:mark>/{}/<number:file>.<number:version>/<number:page>.webp", word("page-image")),
        views.page_image,
        name="page_image",
    ),
]
short_urlpatterns = [
    path("<mark:mark>", views.short, name="library_short"),
    path("<mark:mark>/<number:file>.<number:version>/<number:page>", views.short_page, name="library_short_page"),
]
