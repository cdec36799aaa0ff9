"""A language and a type that nobody knows are empty."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("library", "0012_contribution_accept_when_read")]

    operations = [
        migrations.AlterField(
            model_name='reference',
            name='language',
            field=models.CharField(blank=True, choices=[('fr', 'Français'), ('nl', 'Nederlands'), ('en', 'English')], default='fr', max_length=2, verbose_name='language of the title'),
        ),
        migrations.AlterField(
            model_name='reference',
            name='type',
            field=models.CharField(blank=True, choices=[('report', 'Report'), ('article-journal', 'Journal article'), ('article-newspaper', 'Newspaper article'), ('article-magazine', 'Magazine article'), ('article', 'Article or working paper'), ('book', 'Book'), ('chapter', 'Book chapter'), ('thesis', 'Thesis'), ('legislation', 'Law or decree'), ('legal_case', 'Court decision'), ('pamphlet', 'Brochure'), ('paper-conference', 'Conference paper'), ('speech', 'Presentation'), ('webpage', 'Web page'), ('motion_picture', 'Video'), ('interview', 'Interview'), ('dataset', 'Data set'), ('document', 'Other document')], default='report', max_length=20, verbose_name='type'),
        ),
    ]
