from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("forms", "0013_remarks"),
        ("identity", "0004_help_at_the_counter"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="draft",
            name="warned_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name="draft",
            index=models.Index(
                condition=models.Q(
                    ("only__isnull", True), ("resident__isnull", False), ("state", "open")
                ),
                fields=["saved_at"],
                name="forms_draft_unsent",
            ),
        ),
    ]
