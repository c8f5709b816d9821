from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("forms", "0014_unsent_drafts")]

    operations = [
        migrations.AddField(
            model_name="draft",
            name="judged_on",
            field=models.DateField(blank=True, null=True),
        ),
    ]
