"""What a page says of a person and of a fact in a few words: from traits and properties, whoever named them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

# Under which names people's traits are known, the first that a lead has.
NAMED: Mapping[str, tuple[str, ...]] = {
    "company": ("company", "company_name", "organisation", "organization", "societe"),
    "job_title": ("job_title", "jobTitle", "title", "function", "fonction"),
    "telephone": ("telephone", "phone", "phone_number", "phoneNumber", "mobile"),
    "source": ("lead_source", "leadSource", "source", "origin", "utm_source"),
}
FIRST_NAMES = ("first_name", "firstName", "firstname", "prenom")
LAST_NAMES = ("last_name", "lastName", "lastname", "nom")
WHOLE_NAMES = ("name", "full_name", "fullName")
# What a fact says of itself: the first of these properties that it has.
TELLING = (
    "title", "document", "name", "subject", "mailing", "form", "path", "url", "topic", "reason", "group", "purpose",
    "verdict", "amount", "kind",
)  # fmt: skip
MOST_WORDS: Final = 120
# A greater number is not sure of its last digits.
MOST_WHOLE: Final = 1e15


@dataclass(frozen=True, slots=True)
class Person:
    """Who a lead is, as far as its traits say; an empty text is not known."""

    name: str = ""
    company: str = ""
    job_title: str = ""
    telephone: str = ""
    source: str = ""


def person(traits: Mapping[str, object]) -> Person:
    """Who a lead is, by its traits.

    >>> person({"firstName": "Ada", "lastName": "Byron", "company": {"name": "Analytical Engines"}})
    Person(name='Ada Byron', company='Analytical Engines', job_title='', telephone='', source='')
    """
    whole = f"{_trait(traits, FIRST_NAMES)} {_trait(traits, LAST_NAMES)}".strip()
    return Person(whole or _trait(traits, WHOLE_NAMES), **{key: _trait(traits, names) for key, names in NAMED.items()})


def _trait(traits: Mapping[str, object], names: Sequence[str]) -> str:
    for name in names:
        value = traits.get(name)
        if isinstance(value, Mapping):
            value = value.get("name")
        if isinstance(value, (str, int, float)) and not isinstance(value, bool) and str(value).strip():
            return str(value).strip()
    return ""


def about(properties: Mapping[str, object], traits: Mapping[str, object]) -> str:
    """What a fact was about.

    >>> about({"path": "/tarifs"}, {}), about({"amount": 18000.0}, {}), about({}, {"city": "Lyon"})
    ('/tarifs', '18000', 'city: Lyon')
    """
    for name in TELLING:
        value = properties.get(name)
        if isinstance(value, float) and value.is_integer() and abs(value) < MOST_WHOLE:
            return str(int(value))
        if isinstance(value, (str, int, float)) and value != "":
            return str(value)[:MOST_WORDS]
    said = (f"{name}: {value}" for name, value in traits.items() if not isinstance(value, Mapping))
    return ", ".join(said)[:MOST_WORDS]
