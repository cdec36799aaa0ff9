from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("files", "0005_readings")]

    operations = [
        migrations.AddField("fileversion", "text_length", models.PositiveBigIntegerField(default=0, editable=False)),
    ]
