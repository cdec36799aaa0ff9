from django.conf import settings
from django.db import migrations, models


class AddColumn(migrations.AddField):
    """On SQLite Django would copy the whole table of pages for a column; SQLite itself adds it at once."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor != "sqlite":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        schema_editor.execute('ALTER TABLE "files_filepage" ADD COLUMN "reading" integer unsigned DEFAULT 1 NOT NULL CHECK ("reading" >= 0)')


class RemoveConstraintWithNext(migrations.RemoveConstraint):
    """On SQLite adding the next constraint copies the table, without this one: once is enough."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor != "sqlite":
            super().database_forwards(app_label, schema_editor, from_state, to_state)


def keep_current_pages_alone(apps, schema_editor):
    page = apps.get_model("files", "FilePage")
    page.objects.exclude(reading=models.F("version__reading")).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("files", "0004_version_properties"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("fileversion", "claimed_at", models.DateTimeField(blank=True, editable=False, null=True)),
        migrations.AddField("fileversion", "reading", models.PositiveIntegerField(default=1, editable=False)),
        migrations.AddField("fileversion", "last_reading", models.PositiveIntegerField(default=1, editable=False)),
        migrations.AddField("fileversion", "has_leftovers", models.BooleanField(db_index=True, default=False, editable=False)),
        migrations.AddIndex("fileversion", models.Index(fields=["state", "created_by", "attempts"], name="files_waiting_of_person")),
        migrations.AddIndex("fileversion", models.Index(fields=["created_by", "claimed_at"], name="files_person_served")),
        RemoveConstraintWithNext("filepage", "files_page_number_once"),
        AddColumn("filepage", "reading", models.PositiveIntegerField(db_default=1, default=1, editable=False)),
        migrations.AddConstraint("filepage", models.UniqueConstraint(fields=["version", "reading", "number"], name="files_page_once_a_reading")),
        migrations.RunPython(migrations.RunPython.noop, keep_current_pages_alone),
    ]
