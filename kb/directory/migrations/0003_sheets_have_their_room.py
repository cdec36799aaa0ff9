"""The imports of sheets belong to `kb.sheets`; their tables went along there."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("directory", "0002_services_places_people"), ("sheets", "0001_out_of_the_directory")]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.DeleteModel("SheetLine"), migrations.DeleteModel("SheetImport")],
            database_operations=[],
        )
    ]
