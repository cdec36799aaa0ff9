from django.db import migrations
from django.db.models import F, Sum
from django.db.models.functions import Length

AT_ONCE = 100  # versions in one transaction: all texts are read once, and others write meanwhile


def fill(apps, schema_editor):
    version, page = apps.get_model("files", "FileVersion"), apps.get_model("files", "FilePage")
    ids = list(version.objects.filter(page_count__gt=0).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), AT_ONCE):
        current = page.objects.filter(version__in=ids[start : start + AT_ONCE], reading=F("version__reading"))
        for pk, length in current.order_by().values_list("version").annotate(length=Sum(Length("text"))):
            version.objects.filter(pk=pk).update(text_length=length)


class Migration(migrations.Migration):
    atomic = False  # in parts; begun again it does the same
    dependencies = [("files", "0006_version_text_length")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
