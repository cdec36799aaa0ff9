from django.db import migrations
from django.db.models import OuterRef, Subquery

ON_ITS_WAY = ("proposed", "mended")


def name_taken_back(apps, schema_editor):
    """What its author took back was noted as withdrawn: without a reason, which a withdrawal always has, and after a
    proposal.
    """
    steps = apps.get_model("library", "ContributionStep").objects
    before = steps.filter(reference=OuterRef("reference"), pk__lt=OuterRef("pk")).order_by("-pk")
    withdrawn = steps.filter(handling="withdrawn", word="").annotate(before=Subquery(before.values("handling")[:1]))
    ids = list(withdrawn.filter(before__in=ON_ITS_WAY).order_by("pk").values_list("pk", flat=True))
    for first in range(0, len(ids), 500):
        steps.filter(pk__in=ids[first : first + 500]).update(handling="taken_back")


def name_withdrawn(apps, schema_editor):
    apps.get_model("library", "ContributionStep").objects.filter(handling="taken_back").update(handling="withdrawn")


class Migration(migrations.Migration):
    dependencies = [("library", "0014_step_taken_back")]

    operations = [migrations.RunPython(name_taken_back, name_withdrawn)]
