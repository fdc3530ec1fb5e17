"""Who the leads are: invented companies, people, titles and addresses, and nothing of what they want."""

import unicodedata
from dataclasses import dataclass

from dice import Dice

PLACE_HEADS = "Val Roche Mont Aigue Claire Font Haute Pierre Saule Orme Bruyère Lande".split()
PLACE_TAILS = "brune lune ferrin noirel sauge marèse laurine vernel bise tourne celle".split()

# Sector: what its firms are called. `{}` is an invented place.
TRADES = {
    "eau": ("Eaux de {}", "Régie des eaux de {}", "Assainissement {}", "Stations {}"),
    "chimie": ("Chimie {}", "Colorants {}", "Résines de {}", "Laques {}"),
    "agroalimentaire": ("Laiterie de {}", "Conserverie {}", "Brasserie {}", "Sucrerie de {}", "Biscuits {}"),
    "papier": ("Papeteries de {}", "Cartonnages {}"),
    "pharmacie": ("Laboratoires {}", "Biotechnologies {}"),
    "bâtiment": ("Constructions {}", "Travaux publics {}", "Piscines {}"),
}
SECTORS = {"eau": 20, "chimie": 17, "agroalimentaire": 26, "papier": 9, "pharmacie": 10, "bâtiment": 18}
CITIES = (
    "Lyon", "Lille", "Nantes", "Grenoble", "Strasbourg", "Rouen", "Orléans", "Dijon", "Toulouse", "Saint-Étienne",
    "Angers", "Reims", "Le Havre", "Besançon", "Pau", "Clermont-Ferrand", "Valence", "Metz", "Rennes", "Béziers",
)  # fmt: skip
ABROAD = {
    "BE": ("Liège", "Namur", "Gand"),
    "CH": ("Lausanne", "Fribourg"),
    "LU": ("Luxembourg",),
    "MA": ("Casablanca",),
}
COUNTRIES = {"FR": 86, "BE": 6, "CH": 4, "LU": 1, "MA": 3}

# Size as it stands in the CRM, with its share and the fewest and most employees.
SIZES = {
    "1-9": (14, 2, 9),
    "10-49": (27, 10, 49),
    "50-249": (30, 50, 249),
    "250-999": (17, 250, 999),
    "1000+": (12, 1000, 9000),
}


@dataclass(frozen=True, slots=True)
class Role:
    """What people do: its share among professionals, its department, its titles (a woman's and a man's)."""

    share: int
    department: str
    titles: tuple[tuple[str, str], ...]


ROLES = {
    "direction": Role(
        14,
        "direction",
        (
            ("Directrice générale", "Directeur général"),
            ("Dirigeante", "Dirigeant"),
            ("PDG", "PDG"),
            ("Directrice d'usine", "Directeur d'usine"),
        ),
    ),
    "achats": Role(
        15,
        "achats",
        (
            ("Acheteuse", "Acheteur"),
            ("Responsable achats", "Responsable achats"),
            ("Directrice des achats", "Directeur des achats"),
        ),
    ),
    "maintenance": Role(
        24,
        "maintenance",
        (("Responsable maintenance", "Responsable maintenance"), ("Cheffe d'atelier", "Chef d'atelier")),
    ),
    "ingénierie": Role(
        22,
        "bureau d'études",
        (("Ingénieure procédés", "Ingénieur procédés"), ("Ingénieure projets", "Ingénieur projets")),
    ),
    "technique": Role(
        19,
        "production",
        (
            ("Technicienne de maintenance", "Technicien de maintenance"),
            ("Opératrice", "Opérateur"),
            ("Dessinatrice", "Dessinateur"),
        ),
    ),
    "conseil": Role(6, "conseil", (("Consultante", "Consultant"), ("Formatrice", "Formateur"))),
    "études": Role(
        0,
        "études",
        (
            ("Étudiante en master", "Étudiant en master"),
            ("Étudiante ingénieure", "Étudiant ingénieur"),
            ("Stagiaire", "Stagiaire"),
        ),
    ),
    "vente": Role(
        0,
        "commercial",
        (
            ("Commerciale", "Commercial"),
            ("Business developer", "Business developer"),
            ("Chargée d'affaires", "Chargé d'affaires"),
        ),
    ),
}
FIRST_NAMES_F = """
    Camille Inès Léa Zoé Maëlle Nadia Hélène Chloé Solène Yasmine Agnès Élodie Margaux Noémie Aurore Fatou
""".split()
FIRST_NAMES_M = """
    Hugo Karim Théo Loïc Mathis Rémi Benoît Étienne Yann Gaël Romain Adrien Félix Samir Bastien Joël
""".split()
# Surnames put together from a head and a tail, so that nobody is meant.
NAME_HEADS = """
    Barde Cassa Ferra Gauba Lamou Marce Noui Perri Quenti Rouca Sauvi Tourne Valle Verdi Chanta Brio Delma
    Floqui
""".split()
NAME_TAILS = "bert gnac lleau mont nnet rdier vel zac court teuil quin".split()

SOURCES = {"search": 34, "newsletter": 17, "ads": 15, "salon": 13, "webinar": 9, "referral": 8, "partner": 4}
RIVALS = ("hydrorival.example", "pompes-rivales.example")
HOME = "pompes-valrive.example"
SCHOOLS = ("ecole-valbrune.example", "universite-rochelune.example")
FREE_MAIL = ("example.com", "example.org")
STREAM_COMPANY, COMPANIES_PER_LEAD = 1, 0.42


def slug(text: str) -> str:
    """A text as it stands in an address: letters without accents, and hyphens.

    >>> slug("Régie des eaux de Valbise")
    'regie-des-eaux-de-valbise'
    """
    letters = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).lower()
    return "-".join("".join(c if c.isascii() and c.isalnum() else " " for c in letters).split())


@dataclass(frozen=True, slots=True)
class Company:
    """A firm: colleagues share it, its mail gateway and sometimes the computer of its workshop."""

    name: str
    domain: str
    sector: str
    size: str
    employees: int
    city: str
    country: str
    has_gateway: bool  # its mail gateway follows every link before anyone reads
    workshop: str | None  # the device that colleagues share


@dataclass(frozen=True, slots=True)
class Person:
    """A lead as the firm could know it."""

    number: int
    email: str
    first_name: str
    last_name: str
    role: str
    job_title: str
    department: str
    company: Company
    source: str
    deal_value: int


def a_company(seed: int, number: int) -> Company:
    """The company of that number, the same for every colleague."""
    dice = Dice(seed, STREAM_COMPANY, number)
    sector = dice.weighted(SECTORS)
    name = dice.among(TRADES[sector]).format(dice.among(PLACE_HEADS) + dice.among(PLACE_TAILS))
    name = name.replace(" de A", " d'A").replace(" de O", " d'O")
    size = dice.weighted({size: share for size, (share, _, _) in SIZES.items()})
    country = dice.weighted(COUNTRIES)
    return Company(
        name=name,
        domain=f"{slug(name)}-{number}.example",
        sector=sector,
        size=size,
        employees=dice.whole(*SIZES[size][1:]),
        city=dice.among(ABROAD.get(country, CITIES)),
        country=country,
        has_gateway=dice.chance(0.02 if size in ("1-9", "10-49") else 0.10),
        workshop=f"poste-{dice.token(10)}" if dice.chance(0.06) else None,
    )


# Kinds of people whose employer says what they are: domain, company, role.
OUTSIDERS = {"competitor": (RIVALS, "ingénierie"), "student": (SCHOOLS, "études"), "internal": ((HOME,), "vente")}


def a_person(seed: int, number: int, leads: int, kind: str, dice: Dice) -> Person:
    """The lead of that number, of that hidden kind; ordinary kinds do not show in who they say they are."""
    company = a_company(seed, dice.whole(1, max(1, int(leads * COMPANIES_PER_LEAD))))
    role = dice.weighted({name: role.share for name, role in ROLES.items() if role.share})
    domain = company.domain
    if kind in OUTSIDERS:
        domains, role = OUTSIDERS[kind]
        domain = dice.among(domains)
        company = _outside(company, domain)
    elif kind == "vendor":
        role = "vente"
    elif kind == "curious" and dice.chance(0.3):
        role = "conseil"
    if company.size == "1-9" or (kind == "student" and dice.chance(0.5)):
        domain = dice.among(FREE_MAIL)
    return _named(number, role, kind, company, domain, dice)


def _outside(company: Company, domain: str) -> Company:
    name = domain.removesuffix(".example").replace("-", " ").title()
    return Company(name, domain, "autre", company.size, company.employees, company.city, "FR", False, None)


def _named(number: int, role: str, kind: str, company: Company, domain: str, dice: Dice) -> Person:
    is_woman = dice.chance(0.42)
    first = dice.among(FIRST_NAMES_F if is_woman else FIRST_NAMES_M)
    last = dice.among(NAME_HEADS) + dice.among(NAME_TAILS)
    title = dice.among(ROLES[role].titles)[0 if is_woman else 1]
    source = dice.weighted(SOURCES)
    value = dice.bell(2_000, 14_000) + min(company.employees, 1500) * dice.between(4, 22)
    return Person(
        number=number,
        email=f"{slug(first)}.{slug(last)}.{number}@{domain}",
        first_name=first,
        last_name=last,
        role=role,
        job_title=title,
        department=ROLES[role].department,
        company=company,
        source="search" if kind in ("student", "competitor", "internal", "vendor") else source,
        deal_value=int(value / 100) * 100,
    )
