"""The tables that pages and forms use. The hot tables (`schema/`) are in SQL and have no class here."""

from django.db import models
from django.db.models.functions import Now


class WriteKey(models.Model):
    """Lets a site or a server send events. The key itself is not kept, only its digest."""

    class Kind(models.TextChoices):
        """Where a key may be seen: in any browser, or on our servers only."""

        PUBLIC = "public"
        SERVER = "server"

    digest = models.BinaryField(unique=True)
    hint = models.CharField(max_length=12)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    source = models.CharField(max_length=200)
    origins = models.JSONField(default=list)
    rate = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    revoked_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "write_keys"


class ApiToken(models.Model):
    """Lets a program use the API, within its scopes. Only the token's digest is kept."""

    digest = models.BinaryField(unique=True)
    hint = models.CharField(max_length=12)
    name = models.CharField(max_length=200)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "api_tokens"


class PublishedModel(models.Model):
    """A version of a scoring model, as it was published; never changed but for where it stands."""

    class Standing(models.TextChoices):
        """Where a version stands: its states being made, acting, scoring beside the acting one, or done with."""

        COMING = "coming"
        ACTING = "acting"
        SCORING = "scoring"
        RETIRED = "retired"

    name = models.CharField(max_length=200)
    version = models.PositiveIntegerField()
    document = models.TextField()
    our_domains = models.JSONField(default=list)
    our_addresses = models.JSONField(default=list)
    standing = models.CharField(max_length=10, choices=Standing.choices)
    published_by = models.CharField(max_length=200, default="")
    published_at = models.DateTimeField(db_default=Now())
    progress = models.JSONField(default=dict)

    class Meta:
        db_table = "models"
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="models_version"),
            models.UniqueConstraint(
                fields=["standing"], condition=models.Q(standing="acting"), name="models_one_acting"
            ),
        ]


class Import(models.Model):
    """Files brought in: whose consent they come with, how far they are, and whether they were taken back."""

    class Standing(models.TextChoices):
        """How far an import is."""

        RUNNING = "running"
        DONE = "done"
        UNDONE = "undone"

    kind = models.CharField(max_length=10)
    digest = models.BinaryField()
    files = models.JSONField(default=list)
    settings = models.JSONField(default=dict)
    consent = models.JSONField(default=dict)
    standing = models.CharField(max_length=10, choices=Standing.choices)
    done = models.PositiveBigIntegerField(default=0)
    counts = models.JSONField(default=dict)
    started_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "imports"
