import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0015_letters_forgotten"),
        ("catalogue", "0002_linked_cases"),
        ("identity", "0004_help_at_the_counter"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="case",
            name="origin",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="linked",
                to="cases.case",
            ),
        ),
        migrations.AddField(
            model_name="case",
            name="origin_kind",
            field=models.CharField(
                blank=True,
                choices=[
                    ("amendment", "Change"),
                    ("renewal", "Renewal"),
                    ("addition", "Applied for together"),
                    ("appeal", "Appeal"),
                    ("anew", "Decided anew"),
                ],
                db_default="",
                default="",
                max_length=12,
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("origin__isnull", True),
                    models.Q(("origin_kind", ""), _negated=True),
                    _connector="OR",
                ),
                name="case_says_what_it_is_to_its_origin",
            ),
        ),
    ]
