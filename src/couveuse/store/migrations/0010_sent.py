"""Messages that went out are found when their time is over."""

from importlib.resources import files

from django.db import migrations


class Migration(migrations.Migration):
    """Messages that went out are found when their time is over."""

    dependencies = [("store", "0009_flows")]

    operations = [
        migrations.RunSQL(files("couveuse.store").joinpath("schema", "0010_sent.sql").read_text("utf-8")),
    ]
