"""A file to try with: invented people at example.com and example.org, and what they did in the weeks before.

Chance is a digest of who and which, so that the file of a day is the same whenever it is asked for.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Final

from couveuse.core.times import DAY_US, HOUR_US, MINUTE_US, SECOND_US, iso

PEOPLE: Final = 48
DAYS: Final = 45
COLUMNS: Final = (
    "event", "occurred_at", "email", "message_id", "path", "document", "strength", "traits.first_name",
    "traits.last_name", "traits.company", "traits.job_title", "traits.city",
)  # fmt: skip
_FIRST: Final = (
    "Ana", "Bruno", "Chloé", "David", "Emma", "Farid", "Gaëlle", "Hugo", "Inès", "Jules", "Karim", "Léa", "Marc",
    "Nadia", "Olivier", "Paula",
)  # fmt: skip
_LAST: Final = ("Petit", "Roux", "Moreau", "Lambert", "Fontaine", "Garnier", "Mercier", "Blanc", "Faure", "Renaud")
_COMPANIES: Final = (
    "Atelier Nord",
    "Brasserie du Port",
    "Cycles Vautrin",
    "Delta Pumps",
    "Eaux Vives",
    "Forges Martel",
)
_CITIES: Final = ("Lyon", "Nantes", "Lille", "Bristol", "Leeds", "Strasbourg")
_TITLES: Final = {
    "fr": ("Directeur technique", "Acheteuse", "Responsable maintenance", "Dirigeant", "Étudiante", "Ingénieur"),
    "en": ("Technical director", "Buyer", "Maintenance manager", "CEO", "Student", "Engineer"),
}
_PATHS: Final = {
    "fr": ("/", "/produits/pompes", "/produits/premium/inox", "/tarifs", "/realisations", "/contact"),
    "en": ("/", "/products/pumps", "/produits/premium/inox", "/pricing", "/case-studies", "/contact"),
}
_DOCUMENTS: Final = {
    "fr": ("guide-de-choix.pdf", "fiche-technique.pdf", "livre-blanc.pdf"),
    "en": ("buying-guide.pdf", "data-sheet.pdf", "white-paper.pdf"),
}
# How far people go: of a hundred so many do each of these at least.
_DOES: Final = (
    ("Email Clicked", 60), ("Document Downloaded", 45), ("Webinar Attended", 20), ("Callback Requested", 12),
    ("Quote Requested", 14),
)  # fmt: skip


def _chance(*of: object) -> int:
    """A number from 0 to 2^32 - 1 that is always the same for these words."""
    return int.from_bytes(blake2b(repr(of).encode(), digest_size=4).digest())


def _pick(words: Sequence[str], *of: object) -> str:
    return words[_chance(*of) % len(words)]


def lines(language: str, now: int) -> Iterator[str]:
    """The file line by line, its last facts of the hours before now."""
    yield _line(COLUMNS)
    for number in range(PEOPLE):
        yield from _person(number, language, now)


def _line(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue()


def _person(number: int, language: str, now: int) -> Iterator[str]:
    first, last = _FIRST[number % len(_FIRST)], _LAST[number % len(_LAST)]
    email = f"{_plain(first)}.{_plain(last)}.{number + 1}@example.{'com' if number % 3 else 'org'}"
    began = now - (5 + _chance(number, "began") % (DAYS - 5)) * DAY_US
    traits = (
        first, last, _pick(_COMPANIES, number, "company"), _pick(_TITLES[language], number, "title"),
        _pick(_CITIES, number, "city"),
    )  # fmt: skip
    facts: list[tuple[int, str, str, str, str]] = []
    visits = 1 + _chance(number, "visits") % 6
    for visit in range(visits):
        at = began + (now - began) * visit // visits + _chance(number, visit) % (6 * HOUR_US)
        for view in range(1 + _chance(number, visit, "views") % 4):
            path = _pick(_PATHS[language], number, visit, view)
            facts.append((at + view * 2 * MINUTE_US, "Page Viewed", path, "", ""))
    for event, share in _DOES:
        if _chance(number, event) % 100 < share:
            at = began + (now - began) * (_chance(number, event, "at") % 100) // 100
            document = _pick(_DOCUMENTS[language], number, event) if event == "Document Downloaded" else ""
            strength = _pick(("weak", "weak", "strong"), number, event) if event == "Email Clicked" else ""
            facts.append((at, event, "", document, strength))
    yield _row("Traits Set", began - MINUTE_US, email, number, 0, ("", "", ""), traits)
    for place, (at, event, *said) in enumerate(sorted(facts), 1):
        yield _row(event, min(at, now - MINUTE_US), email, number, place, said, ("",) * 5)


def _row(event: str, at: int, email: str, number: int, place: int, said: Sequence[str], traits: Sequence[str]) -> str:
    at -= at % SECOND_US
    return _line((event, iso(at), email, f"sample-{number + 1}-{place}", *said, *traits))


def _plain(name: str) -> str:
    return name.lower().translate(str.maketrans("éëèïç", "eeeic"))
