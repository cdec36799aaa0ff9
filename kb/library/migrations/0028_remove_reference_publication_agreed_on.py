from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("library", "0027_what_was_agreed_before")]

    operations = [migrations.RemoveField(model_name="reference", name="publication_agreed_on")]
