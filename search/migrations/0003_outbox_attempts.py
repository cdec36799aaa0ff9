from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("search", "0002_outbox_closes")]

    operations = [
        migrations.AddField("outbox", "attempts", models.PositiveSmallIntegerField(default=0, editable=False)),
    ]
