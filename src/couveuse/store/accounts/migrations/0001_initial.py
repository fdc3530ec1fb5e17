"""People who sign in, and invitations."""

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    """The first tables of this application."""

    initial = True

    dependencies: list[tuple[str, str]] = []

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                ("email", models.EmailField(max_length=254, unique=True)),
                ("name", models.CharField(max_length=200)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("owner", "Owner"),
                            ("marketing", "Marketing"),
                            ("telemarketing", "Telemarketing"),
                            ("sales", "Sales"),
                            ("reader", "Reader"),
                        ],
                        max_length=20,
                    ),
                ),
                ("member", models.CharField(max_length=100, null=True)),
                ("language", models.CharField(default="fr", max_length=2)),
                ("timezone", models.CharField(default="Europe/Paris", max_length=64)),
                (
                    "theme",
                    models.CharField(
                        choices=[("auto", "Auto"), ("light", "Light"), ("dark", "Dark")], default="auto", max_length=5
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
                ("joined_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("seen_today_at", models.BigIntegerField(null=True)),
            ],
            options={
                "db_table": "users",
            },
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.BinaryField(unique=True)),
                ("email", models.EmailField(max_length=254)),
                ("name", models.CharField(default="", max_length=200)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("owner", "Owner"),
                            ("marketing", "Marketing"),
                            ("telemarketing", "Telemarketing"),
                            ("sales", "Sales"),
                            ("reader", "Reader"),
                        ],
                        max_length=20,
                    ),
                ),
                ("member", models.CharField(max_length=100, null=True)),
                ("invited_by", models.CharField(max_length=254)),
                ("made_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "invitations",
            },
        ),
    ]
