from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0025_fee_before_the_decision"),
    ]

    operations = [
        migrations.AddField(
            model_name="correctionrequest",
            name="remarks",
            field=models.JSONField(db_default={}, default=dict),
        ),
    ]
