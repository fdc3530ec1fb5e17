"""Files that people upload, in pieces."""

from importlib.resources import files

from django.db import migrations


class Migration(migrations.Migration):
    """Files that people upload, in pieces."""

    dependencies = [("store", "0007_settings")]

    operations = [
        migrations.RunSQL(files("couveuse.store").joinpath("schema", "0008_uploads.sql").read_text("utf-8")),
    ]
