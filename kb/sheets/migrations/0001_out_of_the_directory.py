"""The imports of sheets, which were the directory's: the same tables under the name of their own room, with what is
granted for them and what the clock knows of them.
"""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import kb.sheets.models

MODELS = ("sheetimport", "sheetline")
DUE = {"directory.take_up_sheets": "sheets.take_up", "directory.thin_sheets": "sheets.thin"}
TASK = ("kb.directory.sheets.bringing_in.work_through", "kb.sheets.bringing_in.work_through")


def rename(apps, schema_editor, *, back=False):
    using = schema_editor.connection.alias
    here, there = ("sheets", "directory") if back else ("directory", "sheets")
    apps.get_model("contenttypes", "ContentType").objects.using(using).filter(app_label=here, model__in=MODELS).update(
        app_label=there
    )
    runs = apps.get_model("clock", "LastRun").objects.using(using)
    for before, after in DUE.items():
        before, after = (after, before) if back else (before, after)
        runs.filter(name=before).update(name=after)
    before, after = reversed(TASK) if back else TASK
    apps.get_model("django_tasks_database", "DBTaskResult").objects.using(using).filter(task_path=before).update(
        task_path=after
    )


def rename_back(apps, schema_editor):
    rename(apps, schema_editor, back=True)


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        ("clock", "0005_moved_tasks"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("directory", "0002_services_places_people"),
        ("django_tasks_database", "0021_conditional_partial_index_ordering"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="SheetImport",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("kind", models.CharField(max_length=40, verbose_name="kind")),
                        ("content", models.FileField(max_length=200, storage=kb.sheets.models.private_storage, upload_to="sheets/", verbose_name="file")),
                        ("original_name", models.CharField(max_length=255, verbose_name="name of the file")),
                        ("state", models.CharField(choices=[("looking", "Being looked through"), ("looked", "Looked through, nothing written yet"), ("writing", "Being written"), ("stopped", "Stopped"), ("done", "Written"), ("failed", "Could not be read")], default="looking", max_length=10, verbose_name="state")),
                        ("lines", models.PositiveIntegerField(default=0, verbose_name="lines")),
                        ("done", models.PositiveIntegerField(default=0, verbose_name="done")),
                        ("problem", models.CharField(blank=True, max_length=500, verbose_name="problem")),
                        ("created_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="put in on")),
                        ("finished_at", models.DateTimeField(blank=True, null=True)),
                        ("created_by", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="put in by")),
                    ],
                    options={"verbose_name": "imported sheet", "verbose_name_plural": "imported sheets", "ordering": ["-id"], "db_table": "directory_sheetimport"},
                ),
                migrations.CreateModel(
                    name="SheetLine",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("sheet", models.CharField(max_length=40, verbose_name="sheet")),
                        ("number", models.PositiveIntegerField(verbose_name="line")),
                        ("verdict", models.CharField(choices=[("new", "New"), ("same", "Same"), ("changed", "Changed"), ("unclear", "Not understood")], max_length=10, verbose_name="verdict")),
                        ("message", models.TextField(blank=True, verbose_name="remark")),
                        ("values", models.JSONField(blank=True, default=dict)),
                        ("written_at", models.DateTimeField(blank=True, null=True)),
                        ("sheet_import", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="rows", to="sheets.sheetimport")),
                    ],
                    options={"verbose_name": "line", "verbose_name_plural": "lines", "ordering": ["id"], "db_table": "directory_sheetline"},
                ),
                migrations.AddIndex(
                    model_name="sheetline",
                    index=models.Index(fields=["sheet_import", "verdict", "id"], name="directory_s_sheet_i_c9ad4d_idx"),
                ),
                migrations.AddConstraint(
                    model_name="sheetline",
                    constraint=models.UniqueConstraint(fields=("sheet_import", "sheet", "number"), name="directory_sheetline_once"),
                ),
            ],
            database_operations=[],
        ),
        migrations.AlterModelTable(name="sheetimport", table=None),
        migrations.AlterModelTable(name="sheetline", table=None),
        migrations.RemoveConstraint(model_name="sheetline", name="directory_sheetline_once"),
        migrations.RenameIndex(
            model_name="sheetline", new_name="sheets_shee_sheet_i_4813e1_idx", old_name="directory_s_sheet_i_c9ad4d_idx"
        ),
        migrations.AddConstraint(
            model_name="sheetline",
            constraint=models.UniqueConstraint(fields=("sheet_import", "sheet", "number"), name="sheets_line_once"),
        ),
        migrations.RunPython(rename, rename_back),
    ]
