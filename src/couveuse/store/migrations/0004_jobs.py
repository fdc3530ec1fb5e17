"""Long work asked for by people, and what is learnt of the whole history."""

from importlib.resources import files

from django.db import migrations


class Migration(migrations.Migration):
    """Long work asked for by people, and what is learnt of the whole history."""

    dependencies = [("store", "0003_crossings")]

    operations = [
        migrations.RunSQL(files("couveuse.store").joinpath("schema", "0004_jobs.sql").read_text("utf-8")),
    ]
