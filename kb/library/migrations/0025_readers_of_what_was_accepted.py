"""Who chose the readers of a notice was not kept: those of what was accepted once count as an editor's choice."""

from django.db import migrations, models


def keep(apps, schema_editor):
    references = apps.get_model("library", "Reference").objects
    accepted = references.filter(accepted_at__isnull=False, audiences_at_most__isnull=True)
    accepted.update(audiences_at_most=models.F("audiences"))


class Migration(migrations.Migration):
    dependencies = [("library", "0024_reference_audiences_at_most")]

    operations = [migrations.RunPython(keep, migrations.RunPython.noop)]
