"""Who is named as the author of a page is whose work it is; what of that is public stays so, marked as public before the
gate. What exactly it is, is written down after migrating (`home.articles.binding`): until then any digest will do.
"""

from django.db import migrations

KIND = "home.page"


def mark(apps, schema_editor):
    pages = apps.get_model("home", "ContentPage").objects
    manifests = apps.get_model("decisions", "Manifest").objects
    for key in pages.exclude(bodies=None).order_by().values_list("translation_key", flat=True).distinct():
        group = list(pages.filter(translation_key=key).order_by("pk"))
        whose = next((page.bodies.order_by("code").first() for page in group if page.bodies.exists()), None)
        pages.filter(translation_key=key).update(own_production=whose)
        public = [page.pk for page in group if page.live and "public" in (page.audiences or ())]
        if public:
            manifest = manifests.create(subject=f"{KIND}:{group[0].pk}", state="agreed", origin="before")
            pages.filter(pk__in=public).update(agreement=manifest)


def take_back(apps, schema_editor):
    apps.get_model("home", "ContentPage").objects.exclude(agreement=None).update(agreement=None)
    apps.get_model("decisions", "Manifest").objects.filter(subject__startswith=f"{KIND}:", origin="before").delete()


class Migration(migrations.Migration):
    dependencies = [("home", "0005_articles_of_our_groups")]

    operations = [migrations.RunPython(mark, take_back)]
