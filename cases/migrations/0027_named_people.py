import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0026_indexes_of_lists")]

    operations = [
        migrations.CreateModel(
            name="NamedPerson",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=64)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="named_people",
                        to="cases.case",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "named people",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("key", "case"), name="named_person_once_in_a_case"
                    )
                ],
            },
        ),
    ]
