"""Lists of who entered which step are found by an index; work in bulk has a table of its leads."""

from importlib.resources import files

from django.db import migrations


class Migration(migrations.Migration):
    """Lists of who entered which step are found by an index; work in bulk has a table of its leads."""

    dependencies = [("store", "0008_uploads")]

    operations = [
        migrations.RunSQL(files("couveuse.store").joinpath("schema", "0009_flows.sql").read_text("utf-8")),
    ]
