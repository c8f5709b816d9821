import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0027_named_people"),
        ("catalogue", "0002_linked_cases"),
    ]

    operations = [
        migrations.AddField(
            model_name="searchrow",
            name="edition",
            field=models.PositiveSmallIntegerField(db_default=1, default=1),
        ),
        migrations.AddIndex(
            model_name="searchrow",
            index=models.Index(
                condition=models.Q(("edition__lt", 2)), fields=["case"], name="case_search_behind"
            ),
        ),
        migrations.AddField(
            model_name="registerentry",
            name="ending_told_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="registerentry",
            name="grams",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(), null=True, size=None
            ),
        ),
        migrations.AddField(
            model_name="registerentry",
            name="shown_by",
            field=models.CharField(blank=True, db_default="", default="", max_length=16),
        ),
        migrations.AddIndex(
            model_name="registerentry",
            index=models.Index(
                models.F("offering"),
                models.OrderBy(models.F("valid_from"), descending=True),
                models.OrderBy(models.F("number"), descending=True),
                name="register_newest",
            ),
        ),
        migrations.AddIndex(
            model_name="registerentry",
            index=models.Index(
                condition=models.Q(("ending_told_at__isnull", True)),
                fields=["offering", "valid_until"],
                name="register_ending",
            ),
        ),
        migrations.AddIndex(
            model_name="registerentry",
            index=django.contrib.postgres.indexes.GinIndex(fields=["grams"], name="register_grams"),
        ),
    ]
