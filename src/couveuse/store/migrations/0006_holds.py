"""Leads put on hold by hand."""

from importlib.resources import files

from django.db import migrations


class Migration(migrations.Migration):
    """Leads put on hold by hand."""

    dependencies = [("store", "0005_search")]

    operations = [
        migrations.RunSQL(files("couveuse.store").joinpath("schema", "0006_holds.sql").read_text("utf-8")),
    ]
