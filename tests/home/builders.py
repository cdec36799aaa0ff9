"""Small trees of pages for tests of the site's own pages."""

from __future__ import annotations

from wagtail.models import Locale

from home.models import ContentPage, HomePage


def home(language: str = "fr") -> HomePage:
    return HomePage.objects.get(locale__language_code=language)


def page(
    title: str,
    *,
    language: str = "fr",
    of: ContentPage | None = None,
    parent=None,
    slug: str = "",
    live: bool = True,
    **values,
) -> ContentPage:
    """A page in a language; `of` is the page it translates."""
    made = ContentPage(title=title, locale=Locale.objects.get(language_code=language), live=live, **values)
    if slug:
        made.slug = slug
    if of is not None:
        made.translation_key = of.translation_key
    (parent or home(language)).add_child(instance=made)
    return ContentPage.objects.get(pk=made.pk)
