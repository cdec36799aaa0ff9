from django.db import migrations
from django.db.models import F, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce


def open_what_was_accepted(apps, schema_editor):
    """What stood at the first acceptance, and what came after, is open. What had been replaced by then was never citable: it is closed, not deleted.

    Of a reference that was accepted once and is not now, what came after that acceptance waits for the next one.
    """
    using = schema_editor.connection.alias
    files = apps.get_model("library", "ReferenceFile").objects.using(using)
    versions = apps.get_model("files", "FileVersion").objects.using(using)
    stored = apps.get_model("files", "StoredFile").objects.using(using)
    last = Subquery(stored.filter(pk=OuterRef("stored_file_id")).values("last_number"))
    there = versions.filter(
        stored_file_id=OuterRef("stored_file_id"), created_at__lte=F("stored_file__reference_file__reference__accepted_at")
    ).order_by("-number")
    at_acceptance = Coalesce(Subquery(there.values("number")[:1]), Value(1))
    files.filter(reference__accepted_at=None).update(opened_from=Coalesce(last, Value(1)), opened_to=0)
    accepted = files.filter(reference__accepted_at__isnull=False)
    accepted.filter(reference__state__in=("accepted", "withdrawn")).update(opened_from=at_acceptance, opened_to=last)
    accepted.exclude(reference__state__in=("accepted", "withdrawn")).update(opened_from=at_acceptance, opened_to=at_acceptance)


def close_again(apps, schema_editor):
    files = apps.get_model("library", "ReferenceFile").objects.using(schema_editor.connection.alias)
    files.update(opened_from=1, opened_to=0)


class Migration(migrations.Migration):
    dependencies = [("library", "0009_opened_versions_of_files"), ("files", "0001_initial")]

    operations = [migrations.RunPython(open_what_was_accepted, close_again, elidable=True)]
