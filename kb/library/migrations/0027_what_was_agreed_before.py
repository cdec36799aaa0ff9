"""What is public stays public: marked as public before the gate, or by the decision that its date reports. What exactly
it is, is written down after migrating (`catalogue.binding`): until then any digest will do.
"""

from datetime import datetime, time

from django.db import migrations, models
from django.utils import timezone

KIND = "library.reference"
AGREED, BEFORE, REPORTED = "agreed", "before", "reported"


def write_down(apps, schema_editor):
    reference_model = apps.get_model("library", "Reference")
    manifests = apps.get_model("decisions", "Manifest").objects
    committee = apps.get_model("groups", "Body").objects.filter(kind="steering-committee").order_by("pk").first()
    ours = reference_model.objects.filter(own_production__isnull=False)
    for reference in ours.order_by("publication_agreed_on", "pk"):
        is_public = reference.state == "accepted" and "public" in (reference.audiences or ())
        day = reference.publication_agreed_on
        if not day and not is_public:
            continue
        is_reported = bool(day and committee)
        manifest = manifests.create(
            subject=f"{KIND}:{reference.pk}", state=AGREED, origin="decision" if is_reported else BEFORE
        )
        if is_reported:
            report(apps, reference, manifest, committee, day, is_public)
        if is_public:
            reference_model.objects.filter(pk=reference.pk).update(agreement=manifest)


def report(apps, reference, manifest, committee, day, is_public):
    counter, _made = apps.get_model("decisions", "DecisionCounter").objects.get_or_create(
        body=committee, year=day.year
    )
    counter.last += 1
    counter.save(update_fields=["last"])
    then = timezone.make_aware(datetime.combine(day, time(12)))
    code = f"{committee.code}-{day.year}-{counter.last:03d}"
    question = {
        "fr": f"Publier « {reference.title} » ?",
        "nl": f"„{reference.title}” publiceren?",
        "source": "fr",
    }
    words = {
        "fr": f"{code}. Accord du {day:%d/%m/%Y}, inscrit tel que rapporté. {question['fr']}",
        "nl": f"{code}. Akkoord van {day:%d/%m/%Y}, ingeschreven zoals meegedeeld. {question['nl']}",
        "source": "fr",
    }
    apps.get_model("decisions", "Decision").objects.create(
        body=committee,
        purpose="publish",
        manner=REPORTED,
        state="closed",
        outcome="agreement",
        question=question,
        words=words,
        asked_by_id=reference.own_production_id,
        manifest=manifest,
        held_on=day,
        opened_at=then,
        closed_at=then,
        year=day.year,
        number=counter.last,
        is_public=is_public,
    )


def take_back(apps, schema_editor):
    """Every agreement becomes what the version before knows of it: its day."""
    references = apps.get_model("library", "Reference").objects
    decisions = apps.get_model("decisions", "Decision").objects.filter(
        models.Q(manifest__state=AGREED) | models.Q(manner=REPORTED),
        manifest__subject__startswith=f"{KIND}:",
        outcome="agreement",
    )
    for subject, held_on, closed_at in decisions.values_list("manifest__subject", "held_on", "closed_at"):
        day = held_on or timezone.localdate(closed_at)
        references.filter(pk=subject.rpartition(":")[2]).update(publication_agreed_on=day)
    references.exclude(agreement=None).update(agreement=None)
    manifests = apps.get_model("decisions", "Manifest").objects
    reported = decisions.filter(manner=REPORTED)
    gone = list(reported.values_list("manifest_id", flat=True))
    reported.delete()
    manifests.filter(pk__in=gone).delete()
    manifests.filter(subject__startswith=f"{KIND}:", origin=BEFORE).delete()


class Migration(migrations.Migration):
    dependencies = [("library", "0026_reference_agreement")]

    operations = [migrations.RunPython(write_down, take_back)]
