"""Leads found by their words, by their groups, owners and sources; views that people keep."""

from importlib.resources import files

from django.db import migrations


class Migration(migrations.Migration):
    """Leads found by their words, by their groups, owners and sources; views that people keep."""

    dependencies = [("store", "0004_jobs")]

    operations = [
        migrations.RunSQL(files("couveuse.store").joinpath("schema", "0005_search.sql").read_text("utf-8")),
    ]
