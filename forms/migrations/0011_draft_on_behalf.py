"""Help at the counter for somebody who acts for another: both are known."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("identity", "0004_help_at_the_counter"),
        ("forms", "0010_attachment_without_place"),
    ]

    operations: ClassVar = [
        migrations.AddField(
            model_name="draft",
            name="on_behalf",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="identity.representation",
            ),
        ),
        migrations.RemoveConstraint(model_name="draft", name="forms_draft_one_open"),
        migrations.AddConstraint(
            model_name="draft",
            constraint=models.UniqueConstraint(
                condition=models.Q(resident__isnull=False, state="open"),
                fields=(
                    "resident",
                    "subject",
                    "representation",
                    "on_behalf",
                    "origin",
                    "origin_kind",
                ),
                name="forms_draft_one_open",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="draft",
            constraint=models.CheckConstraint(
                condition=models.Q(on_behalf__isnull=True) | models.Q(representation__isnull=False),
                name="forms_draft_on_behalf",
            ),
        ),
    ]
