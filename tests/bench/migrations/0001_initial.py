import wagtail.search.index
from django.db import migrations


class Migration(migrations.Migration):
    """A proxy: no table of its own."""

    initial = True
    dependencies = [("files", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="WagtailPage",
            fields=[],
            options={"proxy": True, "indexes": [], "constraints": []},
            bases=(wagtail.search.index.Indexed, "files.filepage"),
        ),
    ]
