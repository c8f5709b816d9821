"""A file whose entry is gone waits for another place."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("forms", "0009_columns_have_defaults")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="attachment",
            name="without_place",
            field=models.BooleanField(db_default=False, default=False),
        )
    ]
