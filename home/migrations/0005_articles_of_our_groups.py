import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("decisions", "0003_ballot_made_at"),
        ("groups", "0001_initial"),
        ("home", "0004_when_pages_became_public"),
    ]

    operations = [
        migrations.AddField(
            model_name="contentpage",
            name="own_production",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="own_pages",
                to="groups.body",
                verbose_name="the coordination's own work, by",
            ),
        ),
        migrations.AddField(
            model_name="contentpage",
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
