"""An invitation speaks the language that whoever invites chooses."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """The language of an invitation."""

    dependencies = [("accounts", "0002_session_generation")]

    operations = [
        migrations.AddField("invitation", "language", models.CharField(max_length=2, default="fr")),
    ]
