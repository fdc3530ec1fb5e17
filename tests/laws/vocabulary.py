"""The words of random histories: events, properties, traits, groups, time zones, and the values that they may have.

Conditions take their operands from the same values, so that they hold about as often as not.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTE, HOUR, DAY = 60_000_000, 3_600_000_000, 86_400_000_000

ZONES = ("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC")

DURATIONS = (30 * MINUTE, 12 * HOUR, DAY, 7 * DAY, 10 * DAY, 30 * DAY, 90 * DAY)

EVENTS = (
    "Page Viewed", "Email Opened", "Email Clicked", "Link Clicked", "Document Downloaded", "Quote Requested",
    "Demo Requested", "Form Submitted", "Unsubscribed", "Lead Rejected", "Opportunity Won", "Opportunity Lost",
    "Cadeau reçu",
)  # fmt: skip
COMMON = ("Page Viewed", "Page Viewed", "Email Clicked")  # one of these is in every history
CLICKS = ("Email Clicked", "Link Clicked")

PROPERTIES: Mapping[str, tuple[object, ...]] = {
    "path": ("/", "/tarifs", "/Tarifs/Pro", "/produits/pompes/p1", "/PRODUITS/Vannes/é", "/blog/été", "", None, 5),
    "amount": (0, 5, 12, 12.0, "12", 12.5, 20, -3, True, None, 10**18),
    "country": ("FR", "fr", "BE", "Écosse", "ecosse", "", None, False),
    "plan": ("Premium", "prémium", "Pre\u0301mium plus", "basic", "pro", "b?b", "bob", "b.b"),
    "agreed": (True, False, 1, 0, "true", None),
    "tags": (["Pompes", "Été"], [], "pompes", ["vannes", 1], [True, 2.0]),
    "cart": ({"total": 20}, {"total": 5, "items": {"n": 2}}, {}, None, "cart"),
    "cart.total": (20, "20", None),
}
CONTEXT: Mapping[str, tuple[object, ...]] = {
    "page": ({"title": "Nos pompes", "n": 2}, {"title": "À propos"}, {}),
    "ip": ("192.0.2.1", "192.0.2.9"),
}
EVENT_TRAITS: Mapping[str, tuple[object, ...]] = {"plan": ("pro", "basic", None)}
URLS = ("https://www.example.com/DEVIS?ref=1", "https://www.example.com/blog", "/produits/premium/x", "", None, 7)
STRENGTHS = ("weak", "strong", "Strong", "", None)
STRONG_LINKS = ("*/devis*", "*/produits/premium/*", "*bl?g")
REASONS = ("too early", "Trop tôt", "too_early", "no budget", "", None)

EVENT_FIELDS: Mapping[str, tuple[object, ...]] = {
    **{name: values for name, values in PROPERTIES.items() if name not in ("cart", "cart.total")},
    "properties.cart.total": (20, 5, "20"),
    "properties.cart.items.n": (2,),
    "properties.plan": ("Premium", "basic"),
    "context.page.title": ("Nos pompes", "a propos", "*pompes*"),
    "context.ip": ("192.0.2.1",),
    "traits.plan": ("pro", "basic"),
}

TRAITS: Mapping[str, tuple[object, ...]] = {
    "job_title": ("Directeur général", "DIRECTRICE des achats", "Étudiante en master", "buyer", "", None, 3),
    "department": ("Achats", "achats", "purchasing", None),
    "company": ({"name": "Rival", "size": 50}, {"name": "Écluses SA"}, {}, None, "Rival"),
    "company.name": ("rival", "Ecluses sa", None),
    "email_domain": ("rival.example", None),
    "deal_value": (500, 12.5, "500", None),
    "city": ("Orléans", "ORLEANS", "Paris"),
    "lead_class": ("competitor", "Student", "nobody", None, 3, {}),
}
LEAD_FIELDS: Mapping[str, tuple[object, ...]] = {
    "traits.job_title": ("directeur general", "*direct*", "*ETUDIANT*", "buyer", 3),
    "traits.department": ("achats", "purchasing"),
    "traits.company.name": ("rival", "écluses sa"),
    "traits.company.size": (50, 49.5),
    "traits.email_domain": ("rival.example", "example.com"),
    "traits.email": ("alice@example.com",),
    "traits.deal_value": (500, 12.5),
    "traits.city": ("orléans", "par*", "paris"),
}
GROUPS = ("Inscription Newsletter", "inscription newsletter", "Clients", "Été")

TOPICS = (("/produits/pompes/*", "pompes"), ("/produits/*", "produits"), ("*é*", "accents"), ("/tarifs*", "pompes"))


def instant(text: str) -> int:
    """An ISO time with its zone, in microseconds."""
    return (datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def local(at: int, zone: ZoneInfo) -> datetime:
    """An instant on the zone's clocks."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).astimezone(zone)


@lru_cache
def clock_changes(name: str) -> tuple[int, ...]:
    """The instants from 2024 to 2027 at which the zone's clocks change."""
    zone = ZoneInfo(name)
    low, end = instant("2024-01-01T00:00:00+00:00"), instant("2028-01-01T00:00:00+00:00")
    changes = []
    while low < end:
        high = low + DAY
        if local(low, zone).utcoffset() != local(high, zone).utcoffset():
            left, right = low, high
            while right - left > 1:
                middle = (left + right) // 2
                here = local(middle, zone).utcoffset() == local(low, zone).utcoffset()
                left, right = (middle, right) if here else (left, middle)
            changes.append(right)
        low = high
    return tuple(changes)
