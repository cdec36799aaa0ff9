"""What was taken back never had an outcome, so it never showed how anybody voted: the choices and words go."""

from django.db import migrations


def forget(apps, schema_editor):
    apps.get_model("decisions", "Vote").objects.filter(decision__state="withdrawn").update(choice="", word="")


class Migration(migrations.Migration):
    dependencies = [("decisions", "0004_a_ballot_for_each_person")]

    operations = [migrations.RunPython(forget, migrations.RunPython.noop)]
