from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cms", "0005_take_back"),
    ]

    operations = [
        migrations.AddField(
            model_name="branding",
            name="centre",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Where maps begin, for example 35.6812, 139.7671. Empty: all of Japan.",
                max_length=40,
                verbose_name="middle of the town",
            ),
        ),
    ]
