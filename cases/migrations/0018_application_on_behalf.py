"""An application entered at the counter can be for somebody whom the resident represents."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("identity", "0004_help_at_the_counter"),
        ("cases", "0017_columns_have_defaults"),
    ]

    operations: ClassVar = [
        migrations.AddField(
            model_name="application",
            name="on_behalf",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="identity.representation",
            ),
        ),
        migrations.AddField(
            model_name="application",
            name="on_behalf_then",
            field=models.JSONField(null=True),
        ),
    ]
