"""What the columns of a file may stand for: guessed from the names that French and English exports give them.

A guess is shown and can be changed; nothing is read by it alone.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from couveuse.history.columns import KEYS, Dates

# What a column is called, without accents, case and punctuation: the best name first, for two may be there.
NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "event": (
        "event", "evenement", "event name", "nom evenement", "nom de l evenement", "action", "type evenement",
        "type d evenement", "event type", "activity", "activite", "activity type", "type d activite", "type",
    ),
    "occurred_at": (
        "occurred at", "timestamp", "event time", "horodatage", "date heure", "date et heure", "date time", "datetime",
        "event date", "date evenement", "date de l evenement", "occurred", "survenu le", "date action", "created at",
        "cree le", "date de creation", "date creation", "date", "time", "quand", "le",
    ),
    "email": (
        "email", "e mail", "mail", "courriel", "adresse email", "adresse e mail", "adresse mail", "adresse courriel",
        "email address", "e mail address", "work email", "email pro", "e mail pro", "email professionnel",
        "e mail professionnel", "mail pro", "adresse de messagerie", "adresse electronique", "contact email",
    ),
    "user_id": (
        "user id", "userid", "customer id", "client id", "id client", "numero client", "n client", "id utilisateur",
        "identifiant", "identifiant client", "contact id", "id contact", "external id",
    ),
    "anonymous_id": ("anonymous id", "anonymousid", "visitor id", "id visiteur", "device id", "cookie", "cookie id"),
    "message_id": ("message id", "messageid", "event id", "id evenement", "uuid"),
    "source": ("source", "event source", "source evenement", "canal", "channel", "origine"),
}  # fmt: skip
# Traits that rules commonly read, under the names that our presets read.
TRAITS: Final[Mapping[str, tuple[str, ...]]] = {
    "first_name": ("first name", "firstname", "prenom", "given name"),
    "last_name": ("last name", "lastname", "nom", "nom de famille", "surname", "family name"),
    "name": ("name", "full name", "nom complet", "prenom nom", "nom prenom", "contact", "nom et prenom"),
    "company": ("company", "company name", "entreprise", "societe", "nom societe", "organisation", "organization",
                "raison sociale", "compte", "account", "account name"),
    "job_title": ("job title", "jobtitle", "title", "fonction", "poste", "intitule de poste", "titre", "metier"),
    "phone": ("phone", "telephone", "tel", "phone number", "numero de telephone", "mobile", "portable", "tel pro"),
    "city": ("city", "ville"),
    "postcode": ("postcode", "zip", "zip code", "postal code", "code postal", "cp"),
    "country": ("country", "pays"),
    "industry": ("industry", "secteur", "secteur d activite", "branche"),
    "employees": ("employees", "effectif", "effectifs", "nombre de salaries", "headcount", "company size", "salaries"),
}  # fmt: skip
_TABLE_DATE: Final = re.compile(r"\s*(\d{1,2})[/.-](\d{1,2})[/.-]\d{4}")


def folded(text: str) -> str:
    """A name without what exports do to it: case, accents, punctuation, a sheet's or an object's prefix.

    >>> folded("Adresse_E-mail "), folded("n° client"), folded("occurredAt"), folded("traits.Prénom")
    ('adresse e mail', 'n client', 'occurred at', 'traits prenom')
    """
    text = re.sub(r"(?<=[a-zà-ÿ0-9])(?=[A-Z])", " ", text)
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return " ".join(re.findall(r"[a-z0-9]+", plain))


def guess(columns: Sequence[str], *, are_leads: bool) -> dict[str, str]:
    """What columns stand for, by column: a key, or the name of a trait; others keep their own name and are left out.

    >>> guess(["Date", "Évènement", "Courriel", "Montant"], are_leads=False)
    {'Date': 'occurred_at', 'Évènement': 'event', 'Courriel': 'email'}
    """
    wanted: dict[str, tuple[str, ...]] = {name: names for name, names in NAMES.items() if name in KEYS}
    if are_leads:
        wanted = {name: names for name, names in wanted.items() if name not in ("event", "occurred_at", "message_id")}
    found: dict[str, str] = {}
    for name, names in wanted.items():
        column = name if name in columns else _best(names, columns, found)
        if column is not None:
            found[column] = name
    if are_leads:
        for name, names in TRAITS.items():
            column = name if name in columns else _best(names, columns, found)
            if column is not None:
                found[column] = name
    return {column: found[column] for column in columns if column in found}


def _best(names: Sequence[str], columns: Sequence[str], taken: Mapping[str, str]) -> str | None:
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(folded(column), column)
    return next((by_name[name] for name in names if name in by_name and by_name[name] not in taken), None)


def guess_dates(values: Iterable[str]) -> Dates:
    """In which order dates are written; the day stands first where both may, as nearly everywhere.

    >>> guess_dates(["2026-03-04"]), guess_dates(["03/04/2026"]).value, guess_dates(["03/14/2026", "1/2/2026"]).value
    (<Dates.ISO: 'iso'>, 'day', 'month')
    """
    pairs = [(int(found[1]), int(found[2])) for found in map(_TABLE_DATE.match, values) if found]
    if not pairs:
        return Dates.ISO
    return Dates.MONTH_FIRST if any(second > 12 >= first for first, second in pairs) else Dates.DAY_FIRST
