import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("decisions", "0001_initial"),
        ("library", "0025_readers_of_what_was_accepted"),
    ]

    operations = [
        migrations.AddField(
            model_name="reference",
            name="agreement",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="decisions.manifest",
            ),
        ),
    ]
