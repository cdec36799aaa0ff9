"""Bytes that somebody deleted, so that an import does not bring them back."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('library', '0021_contributed_files'),
    ]

    operations = [
        migrations.CreateModel(
            name='GoneContent',
            fields=[
                ('sha256', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
    ]
