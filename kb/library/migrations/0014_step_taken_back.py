from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("library", "0013_language_and_type_may_be_unknown")]

    operations = [
        migrations.AlterField(
            model_name="contributionstep",
            name="handling",
            field=models.CharField(
                choices=[
                    ("proposed", "Proposed"),
                    ("returned", "Sent back"),
                    ("mended", "Mended and proposed again"),
                    ("taken_back", "Taken back"),
                    ("accepted", "Accepted"),
                    ("refused", "Refused"),
                    ("withdrawn", "Withdrawn"),
                ],
                max_length=10,
                verbose_name="what was done",
            ),
        ),
    ]
