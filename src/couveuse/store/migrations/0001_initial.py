"""The first tables: those of pages and forms by Django, the hot ones in SQL."""

from importlib.resources import files

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    """Every table of the first version."""

    initial = True

    dependencies: list[tuple[str, str]] = []

    operations = [
        migrations.RunSQL(files("couveuse.store").joinpath("schema", "0001_hot.sql").read_text("utf-8")),
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.BinaryField(unique=True)),
                ("hint", models.CharField(max_length=12)),
                ("name", models.CharField(max_length=200)),
                ("scopes", models.JSONField(default=list)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("expires_at", models.DateTimeField(null=True)),
                ("used_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "api_tokens",
            },
        ),
        migrations.CreateModel(
            name="Import",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=10)),
                ("digest", models.BinaryField()),
                ("files", models.JSONField(default=list)),
                ("settings", models.JSONField(default=dict)),
                ("consent", models.JSONField(default=dict)),
                (
                    "standing",
                    models.CharField(
                        choices=[("running", "Running"), ("done", "Done"), ("undone", "Undone")], max_length=10
                    ),
                ),
                ("done", models.PositiveBigIntegerField(default=0)),
                ("counts", models.JSONField(default=dict)),
                ("started_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "imports",
            },
        ),
        migrations.CreateModel(
            name="WriteKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.BinaryField(unique=True)),
                ("hint", models.CharField(max_length=12)),
                ("kind", models.CharField(choices=[("public", "Public"), ("server", "Server")], max_length=10)),
                ("source", models.CharField(max_length=200)),
                ("origins", models.JSONField(default=list)),
                ("rate", models.PositiveIntegerField(null=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("revoked_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "write_keys",
            },
        ),
        migrations.CreateModel(
            name="PublishedModel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200)),
                ("version", models.PositiveIntegerField()),
                ("document", models.TextField()),
                ("our_domains", models.JSONField(default=list)),
                ("our_addresses", models.JSONField(default=list)),
                (
                    "standing",
                    models.CharField(
                        choices=[
                            ("coming", "Coming"),
                            ("acting", "Acting"),
                            ("scoring", "Scoring"),
                            ("retired", "Retired"),
                        ],
                        max_length=10,
                    ),
                ),
                ("published_by", models.CharField(default="", max_length=200)),
                ("published_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("progress", models.JSONField(default=dict)),
            ],
            options={
                "db_table": "models",
                "constraints": [
                    models.UniqueConstraint(fields=("name", "version"), name="models_version"),
                    models.UniqueConstraint(
                        condition=models.Q(("standing", "acting")), fields=("standing",), name="models_one_acting"
                    ),
                ],
            },
        ),
    ]
