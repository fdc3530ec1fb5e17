"""What is handed over reaches people: the team, tasks, alerts, what goes out; archive, backups, erasures."""

from importlib.resources import files

from django.db import migrations


class Migration(migrations.Migration):
    """The tables of the second version, all of them hot ones or with no form of their own."""

    dependencies = [("store", "0001_initial")]

    operations = [
        migrations.RunSQL(files("couveuse.store").joinpath("schema", "0002_handed_over.sql").read_text("utf-8")),
    ]
