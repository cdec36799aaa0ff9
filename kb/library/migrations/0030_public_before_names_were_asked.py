"""What everyone reads stays so, though one of our bodies may be named as its creator or publisher and nobody said whose
work it is: the reason is that it was public before that was asked. A name is looked for anywhere in the line, so more
is marked than would be refused.
"""

from django.db import migrations
from django.db.models import Q

REASON = "public before the gate"


def keep(apps, schema_editor):
    names = set()
    for body in apps.get_model("groups", "Body").objects.all():
        names |= {text for code, text in body.name.items() if code != "source" and text}
        if body.kind == "office":
            names.add(body.code)
    found = Q(pk__in=())
    for name in names:
        found |= Q(publisher__icontains=name) | Q(creators__name__icontains=name)
    references = apps.get_model("library", "Reference").objects
    unsaid = references.filter(found, own_production=None, state="accepted", not_ours_because="").distinct()
    public = [pk for pk, readers in unsaid.values_list("pk", "audiences") if "public" in (readers or ())]
    for start in range(0, len(public), 500):
        references.filter(pk__in=public[start : start + 500]).update(not_ours_because=REASON)


class Migration(migrations.Migration):
    dependencies = [("library", "0029_why_it_is_not_ours"), ("groups", "0001_initial")]

    operations = [migrations.RunPython(keep, migrations.RunPython.noop)]
