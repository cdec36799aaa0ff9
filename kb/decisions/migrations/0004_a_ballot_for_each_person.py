"""A mandate that passes to another person while a question is open has a ballot for each: one ballot is of a mandate and
a person.
"""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("decisions", "0003_ballot_made_at"),
        ("groups", "0004_seats"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="ballot", name="decisions_ballot_once"),
        migrations.AddConstraint(
            model_name="ballot",
            constraint=models.UniqueConstraint(fields=("decision", "mandate", "user"), name="decisions_ballot_once"),
        ),
    ]
