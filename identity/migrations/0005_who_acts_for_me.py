import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0004_help_at_the_counter"),
    ]

    operations = [
        migrations.AddField(
            model_name="representation",
            name="person",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="represented_by",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="representation",
            name="recognised_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="representation",
            name="ended_by",
            field=models.CharField(
                blank=True,
                choices=[
                    ("owner", "Ended by whoever acted"),
                    ("represented", "Ended by the represented person"),
                ],
                db_default="",
                default="",
                max_length=12,
            ),
        ),
        migrations.AddIndex(
            model_name="representation",
            index=models.Index(fields=["birth_date"], name="identity_representation_born"),
        ),
    ]
