from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clock', '0002_mail_and_notices'),
    ]

    operations = [
        migrations.AddField(
            model_name='outgoingmail',
            name='claimed_until',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
