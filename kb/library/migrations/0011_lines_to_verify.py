"""Lines of notices that are to be verified."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("library", "0010_what_acceptances_opened")]

    operations = [
        migrations.CreateModel(
            name="LineToVerify",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("field", models.CharField(max_length=20)),
                ("why", models.CharField(choices=[('name', 'taken from the name of the file'), ('properties', 'only the properties of the file say it'), ('plain', 'nothing sets these words apart from the others'), ('several', 'something else in the document could be it as well'), ('part', 'it reads like the heading of a part, or like a name'), ('garbled', 'some letters or numbers of the document were not read well'), ('guess', 'it stands in the document, but not that it is this'), ('short', 'there are too few words to tell'), ('nowhere', 'not found in the document'), ('unread', 'the text of the document could not be read')], max_length=10)),
                (
                    "reference",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="to_verify",
                        to="library.reference",
                    ),
                ),
            ],
            options={
                "verbose_name": "line to verify",
                "verbose_name_plural": "lines to verify",
                "indexes": [models.Index(fields=["field", "reference"], name="library_verify_by_field")],
                "constraints": [
                    models.UniqueConstraint(fields=("reference", "field"), name="library_linetoverify_once")
                ],
            },
        ),
    ]
