"""The published models: which acts, which only score, which are coming."""

from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from couveuse.store.statements import statement

_LIVE = statement("models", "live")


@dataclass(frozen=True, slots=True)
class Published:
    """A version of a model as it was published; `standing` as in `store.models.PublishedModel`."""

    id: int
    name: str
    version: int
    document: str
    our_domains: tuple[str, ...]
    our_addresses: tuple[str, ...]
    standing: str


def live_models(connection: Connection[Any]) -> list[Published]:
    """The models under which facts are folded, by number: the acting one, those that only score, those coming."""
    rows = connection.execute(_LIVE).fetchall()
    return [Published(number, name, version, document, tuple(domains), tuple(addresses), standing)
            for number, name, version, document, domains, addresses, standing in rows]  # fmt: skip
