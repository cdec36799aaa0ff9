"""What an import brings is accepted by itself once it was read."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("library", "0011_lines_to_verify")]

    operations = [
        migrations.AddField(
            model_name="contribution",
            name="accept_when_read",
            field=models.BooleanField(default=False, editable=False),
        ),
    ]
