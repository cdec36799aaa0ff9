from django.db import migrations, models
from django.db.models.functions import Cast, Coalesce


def note(apps, schema_editor):
    """What everyone may see now counts as public since it was accepted, so that nothing old is told as news."""
    references = apps.get_model("library", "Reference").objects.using(schema_editor.connection.alias)
    public = references.filter(state="accepted", first_public_at=None).alias(audiences_text=Cast("audiences", models.TextField()))
    public.filter(audiences_text__contains='"public"').update(first_public_at=Coalesce("accepted_at", "created_at"))


class Migration(migrations.Migration):
    dependencies = [("library", "0006_reference_first_public_at")]

    operations = [migrations.RunPython(note, migrations.RunPython.noop, elidable=True)]
