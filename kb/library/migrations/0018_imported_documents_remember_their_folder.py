from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("library", "0017_index_imported_documents_by_content")]

    operations = [
        migrations.AddField(
            model_name="importeddocument",
            name="root",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
    ]
