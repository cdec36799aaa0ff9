"""The readers that an editor chose for a notice, which nobody else widens."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("library", "0023_contents_taken_away_are_gone")]

    operations = [
        migrations.AddField(
            model_name="reference",
            name="audiences_at_most",
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
    ]
