"""Crossings of bands and temperatures, and what the first page counts."""

from importlib.resources import files

from django.db import migrations


class Migration(migrations.Migration):
    """Crossings of bands and temperatures, and what the first page counts."""

    dependencies = [("store", "0002_handed_over")]

    operations = [
        migrations.RunSQL(files("couveuse.store").joinpath("schema", "0003_crossings.sql").read_text("utf-8")),
    ]
