"""What people set on screens."""

from importlib.resources import files

from django.db import migrations, models


class Migration(migrations.Migration):
    """What people set on screens."""

    dependencies = [("store", "0006_holds")]

    operations = [
        migrations.RunSQL(files("couveuse.store").joinpath("schema", "0007_settings.sql").read_text("utf-8")),
        migrations.AddField("writekey", "used_at", models.DateTimeField(null=True)),
    ]
