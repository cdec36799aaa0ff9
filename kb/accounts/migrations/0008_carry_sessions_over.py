from django.db import migrations

from kb.accounts.session_rows import SessionStore, account_of

AT_ONCE = 500


def carry_over(apps, schema_editor):
    """Open sessions go on, each with the number of its account."""
    old, new = apps.get_model("sessions", "Session"), apps.get_model("accounts", "UserSession")
    store = SessionStore()
    while batch := list(old.objects.order_by("pk")[:AT_ONCE]):
        rows = [
            new(
                session_key=one.session_key,
                session_data=one.session_data,
                expire_date=one.expire_date,
                account=account_of(store.decode(one.session_data)),
            )
            for one in batch
        ]
        new.objects.bulk_create(rows, ignore_conflicts=True)
        old.objects.filter(pk__in=[one.pk for one in batch]).delete()


def carry_back(apps, schema_editor):
    old, new = apps.get_model("sessions", "Session"), apps.get_model("accounts", "UserSession")
    while batch := list(new.objects.order_by("pk")[:AT_ONCE]):
        names = ("session_key", "session_data", "expire_date")
        rows = [old(**{name: getattr(one, name) for name in names}) for one in batch]
        old.objects.bulk_create(rows, ignore_conflicts=True)
        new.objects.filter(pk__in=[one.pk for one in batch]).delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_user_sessions"), ("sessions", "0001_initial")]

    operations = [migrations.RunPython(carry_over, carry_back)]
