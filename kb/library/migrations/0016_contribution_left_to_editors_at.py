"""What an import brings is accepted by itself once, and not where somebody chose its state or its readers."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("library", "0015_name_what_was_taken_back")]

    operations = [
        migrations.AddField(
            model_name="contribution",
            name="left_to_editors_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
