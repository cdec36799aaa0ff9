from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("library", "0028_remove_reference_publication_agreed_on")]

    operations = [
        migrations.AddField("contribution", "taken_as_ours", models.BooleanField(default=False, editable=False)),
        migrations.AddField(
            "reference",
            "not_ours_because",
            models.CharField(
                "why it is not our own work",
                blank=True,
                help_text="Only where one of our groups is named as creator or publisher, and it is not our work all "
                "the same.",
                max_length=300,
            ),
        ),
    ]
