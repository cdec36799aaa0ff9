import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clock', '0003_outgoingmail_claimed_until'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DigestMark',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='digest_mark', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('looked_at', models.DateTimeField()),
                ('waiting', models.JSONField(blank=True, default=dict)),
                ('told_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'mark of a gathered message',
                'verbose_name_plural': 'marks of gathered messages',
            },
        ),
    ]
