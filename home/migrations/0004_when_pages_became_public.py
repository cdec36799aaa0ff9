from django.db import migrations, models
from django.db.models.functions import Cast, Coalesce, Now


def note(apps, schema_editor):
    """What everyone may see now counts as public since it was published first, so that nothing old is told as news."""
    alias = schema_editor.connection.alias
    pages = apps.get_model("wagtailcore", "Page").objects.using(alias).filter(pk=models.OuterRef("pk"))
    published = pages.values(moment=Coalesce("first_published_at", "last_published_at", "latest_revision_created_at", Now()))
    for name in ("HomePage", "ContentPage"):
        kind = apps.get_model("home", name).objects.using(alias).filter(live=True, first_public_at=None)
        public = kind.alias(audiences_text=Cast("audiences", models.TextField())).filter(audiences_text__contains='"public"')
        ids = list(public.values_list("pk", flat=True))
        for start in range(0, len(ids), 500):
            kind.filter(pk__in=ids[start : start + 500]).update(first_public_at=models.Subquery(published))


class Migration(migrations.Migration):
    dependencies = [("home", "0003_pages_first_public_at")]

    operations = [migrations.RunPython(note, migrations.RunPython.noop, elidable=True)]
