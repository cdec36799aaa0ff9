"""Tasks that wait are rows that name their function: those asked for before it moved find it where it is now."""

from django.db import migrations

MOVED = {
    "kb.clock.sending.send_mail": "kb.clock.mail.sending.send_mail",
    "kb.directory.looking.work_through": "kb.directory.sheets.bringing_in.work_through",
    "kb.groups.inviting.send_invitations": "kb.groups.people.inviting.send_invitations",
    "kb.library.resembling.note_unseen_of": "kb.library.contributions.twins.note_unseen_of",
    "kb.newsletter.returning.read_bounces": "kb.newsletter.returns.mailbox.read_bounces",
    "kb.newsletter.tasks.deliver": "kb.newsletter.sending.tasks.deliver",
}


def rename(apps, schema_editor, moved=MOVED):
    rows = apps.get_model("django_tasks_database", "DBTaskResult").objects.using(schema_editor.connection.alias)
    for before, after in moved.items():
        rows.filter(task_path=before).update(task_path=after)


def rename_back(apps, schema_editor):
    rename(apps, schema_editor, {after: before for before, after in MOVED.items()})


class Migration(migrations.Migration):
    dependencies = [("clock", "0004_digestmark"), ("django_tasks_database", "0021_conditional_partial_index_ordering")]
    operations = [migrations.RunPython(rename, rename_back)]
