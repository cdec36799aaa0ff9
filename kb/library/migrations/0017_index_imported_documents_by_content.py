"""An import asks for the same bytes under any name: one look into an index for each document."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("library", "0016_contribution_left_to_editors_at")]

    operations = [
        migrations.AddIndex(
            model_name="importeddocument",
            index=models.Index(fields=["sha256"], name="library_imported_by_sha256"),
        ),
    ]
