"""A home page in each language, so that a new database shows a usable site."""

import uuid

from django.db import migrations

TEXTS = {
    "fr": (
        "Que cherchez-vous\u00a0?",
        "Nous cherchons aussi dans le texte des PDF, page par page, en français, en néerlandais et en anglais.",
    ),
    "nl": ("Wat zoekt u?", "We zoeken ook in de tekst van pdf’s, bladzijde per bladzijde, in het Frans, het Nederlands en het Engels."),
    "en": ("What are you looking for?", "We also search the text of PDFs, page by page, in French, Dutch and English."),
}


def make_home_pages(apps, schema_editor):
    Page = apps.get_model("wagtailcore", "Page")
    HomePage = apps.get_model("home", "HomePage")
    if HomePage.objects.exists():
        return
    Site = apps.get_model("wagtailcore", "Site")
    Locale = apps.get_model("wagtailcore", "Locale")
    ContentType = apps.get_model("contenttypes", "ContentType")
    content_type, _created = ContentType.objects.get_or_create(app_label="home", model="homepage")
    Site.objects.all().delete()
    Page.objects.filter(depth=2, slug="home").delete()
    root = Page.objects.get(depth=1)
    key = uuid.uuid4()
    homes = {}
    for number, (code, (title, intro)) in enumerate(TEXTS.items(), start=1):
        locale, _created = Locale.objects.get_or_create(language_code=code)
        homes[code] = HomePage.objects.create(
            title=title,
            draft_title=title,
            slug=f"{code}-home",
            intro=intro,
            content_type=content_type,
            path=f"{root.path}{number:04d}",
            depth=2,
            numchild=0,
            url_path=f"/{code}-home/",
            locale=locale,
            translation_key=key,
            audiences=["public"],
            live=True,
        )
    root.numchild = Page.objects.filter(depth=2).count()
    root.save()
    Site.objects.create(hostname="localhost", port=80, site_name="CASS", root_page_id=homes["fr"].pk, is_default_site=True)


def take_home_pages_away(apps, schema_editor):
    Page = apps.get_model("wagtailcore", "Page")
    apps.get_model("wagtailcore", "Site").objects.all().delete()
    apps.get_model("home", "HomePage").objects.all().delete()
    Page.objects.filter(depth=1).update(numchild=0)


class Migration(migrations.Migration):
    dependencies = [("home", "0001_initial"), ("wagtailcore", "0054_initial_locale"), ("contenttypes", "0002_remove_content_type_name")]
    operations = [migrations.RunPython(make_home_pages, take_home_pages_away)]
