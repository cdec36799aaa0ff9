"""Bytes of versions that an editor took away stay out, also once the file or the reference is deleted."""

from django.db import migrations


def keep(apps, schema_editor):
    taken = apps.get_model("library", "TakenVersion").objects.exclude(sha256="").values_list("sha256", flat=True)
    gone = apps.get_model("library", "GoneContent")
    gone.objects.bulk_create(
        (gone(sha256=sha256) for sha256 in taken.order_by().distinct()), ignore_conflicts=True, batch_size=500
    )


class Migration(migrations.Migration):
    dependencies = [("library", "0022_contents_that_are_gone")]

    operations = [migrations.RunPython(keep, migrations.RunPython.noop)]
