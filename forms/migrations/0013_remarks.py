from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("forms", "0012_one_page_drafts"),
    ]

    operations = [
        migrations.AddField(
            model_name="draft",
            name="remarks",
            field=models.JSONField(blank=True, db_default={}, default=dict),
        ),
    ]
