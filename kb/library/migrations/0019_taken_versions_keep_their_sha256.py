"""What an editor took away is known again by its bytes. Of what was taken away before, they are gone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("library", "0018_imported_documents_remember_their_folder")]

    operations = [
        migrations.AddField(
            model_name="takenversion",
            name="sha256",
            field=models.CharField(blank=True, db_index=True, default="", editable=False, max_length=64),
        ),
    ]
