from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0028_numbers_register_and_endings"),
    ]

    operations = [
        migrations.AddField(
            model_name="correctionrequest",
            name="remarks",
            field=models.JSONField(db_default={}, default=dict),
        ),
    ]
