"""All sessions of a person may be ended at once."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """A number that sessions are begun with."""

    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.AddField("user", "session_generation", models.PositiveIntegerField(default=0)),
    ]
