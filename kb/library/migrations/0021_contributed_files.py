"""Which files came with a contribution, and who contributed: an editor who makes a notice in the admin did not."""

from django.db import migrations, models
from django.db.models import F

AT_ONCE = 500


def tell(apps, schema_editor):
    using = schema_editor.connection.alias
    references = apps.get_model("library", "Reference").objects.using(using)
    files = apps.get_model("library", "ReferenceFile").objects.using(using)
    versions = apps.get_model("files", "FileVersion").objects.using(using)
    references.filter(contribution=None).update(created_by=None)
    of_others = (
        versions.exclude(created_by=None)
        .exclude(created_by=F("stored_file__reference_file__reference__created_by"))
        .values("stored_file")
    )
    of_members = files.filter(
        reference__created_by__isnull=False, reference__contribution__accept_when_read=False
    ).exclude(stored_file__in=of_others)
    found = [
        pk
        for pk, chosen, notice in of_members.values_list("pk", "audiences", "reference__audiences").iterator()
        if chosen == notice or "public" in notice
    ]
    for start in range(0, len(found), AT_ONCE):
        files.filter(pk__in=found[start : start + AT_ONCE]).update(is_contributed=True)


class Migration(migrations.Migration):
    dependencies = [("library", "0020_lines_of_unlike_versions"), ("files", "0001_initial")]
    operations = [
        migrations.AddField(
            model_name="referencefile",
            name="is_contributed",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.RunPython(tell, migrations.RunPython.noop),
    ]
