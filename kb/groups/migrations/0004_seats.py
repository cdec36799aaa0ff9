"""Seats: a body has sides, a mandate a side, a role and a voice of their own. Nobody loses a right: who had a vote has a
deliberative voice.
"""

import django.core.validators
import django.db.models.deletion
import modelcluster.fields
from django.db import migrations, models


VOICES = {"deliberative": "deliberative", "consultant": "consultative", "invitee": "consultative"}
SIDES = {"cpas": "cpas", "commune": "commune", "association": "associative"}


def seat(apps, schema_editor):
    mandates = apps.get_model("groups", "Mandate").objects.using(schema_editor.connection.alias)
    for role, voice in VOICES.items():
        mandates.filter(role=role).update(voice=voice)
    mandates.filter(role="deliberative").update(role="member")
    organisations = apps.get_model("directory", "Organisation").objects.using(schema_editor.connection.alias)
    for kind, side in SIDES.items():
        mandates.filter(organisation__in=organisations.filter(kind=kind).values("pk")).update(side=side)


def unseat(apps, schema_editor):
    mandates = apps.get_model("groups", "Mandate").objects.using(schema_editor.connection.alias)
    mandates.filter(voice="deliberative").update(role="deliberative")
    mandates.filter(role="coordinator").update(role="invitee")
    mandates.filter(role__in=("chair", "vice-chair", "member")).update(role="consultant")


class Migration(migrations.Migration):

    dependencies = [
        ('directory', '0003_sheets_have_their_room'),
        ('groups', '0003_mandate_is_referent'),
    ]

    operations = [
        migrations.AddField(
            model_name='mandate',
            name='ended_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='ended at'),
        ),
        migrations.AddField(
            model_name='mandate',
            name='service',
            field=models.ForeignKey(blank=True, help_text='Empty: the whole organisation.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='mandates', to='directory.service', verbose_name='service'),
        ),
        migrations.AddField(
            model_name='mandate',
            name='side',
            field=models.CharField(blank=True, choices=[('cpas', 'CPAS'), ('commune', 'Municipality'), ('associative', 'Associations')], help_text='Empty: that of the organisation on the day this is saved first.', max_length=12, verbose_name='side'),
        ),
        migrations.AddField(
            model_name='mandate',
            name='standing',
            field=models.CharField(choices=[('holder', 'Holder'), ('substitute', 'Substitute')], default='holder', max_length=10, verbose_name='holder or substitute'),
        ),
        migrations.AddField(
            model_name='mandate',
            name='voice',
            field=models.CharField(blank=True, choices=[('deliberative', 'Deliberative voice'), ('consultative', 'Consultative voice')], help_text='Empty: as the role has it.', max_length=12, verbose_name='voice'),
        ),
        migrations.AlterField(
            model_name='mandate',
            name='role',
            field=models.CharField(choices=[('chair', 'Chair'), ('vice-chair', 'Vice-chair'), ('member', 'Member'), ('coordinator', 'Coordinator'), ('consultant', 'Consultant'), ('invitee', 'Invited')], default='member', max_length=20, verbose_name='role'),
        ),
        migrations.CreateModel(
            name='Side',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(choices=[('cpas', 'CPAS'), ('commune', 'Municipality'), ('associative', 'Associations')], max_length=12, verbose_name='side')),
                ('seats', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(50)], verbose_name='seats')),
                ('quorum', models.PositiveSmallIntegerField(blank=True, help_text='How many seats must take part for a decision to count. Empty: half of them.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='quorum')),
                ('body', modelcluster.fields.ParentalKey(on_delete=django.db.models.deletion.CASCADE, related_name='sides', to='groups.body')),
            ],
            options={
                'verbose_name': 'side',
                'verbose_name_plural': 'sides',
                'ordering': ['body', 'name'],
                'constraints': [models.UniqueConstraint(fields=('body', 'name'), name='groups_side_once')],
            },
        ),
        migrations.RunPython(seat, unseat),
    ]
