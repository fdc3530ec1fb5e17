"""Leads: the persons to whom identities point, and what a fold of one begins with."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg import Connection

from couveuse.store import binary
from couveuse.store.statements import statement

_INSERT = statement("leads", "insert_leads")
_OF_ROOTS = statement("leads", "of_roots")
_REROOT = statement("leads", "reroot")
_JOIN = statement("leads", "join_leads")
_MERGED = statement("leads", "merged")
_WHO = statement("leads", "who")
_GIVEN = statement("leads", "given_traits")
_GIVE = statement("leads", "give_traits")
_SET_TRAITS = statement("leads", "set_traits")
_TRAITS = statement("leads", "traits")
_OF_CRM = statement("leads", "of_crm")


_GIVEN_TYPES = ("int8", "int4", "bytea", "int8[]", "text", "text")

GivenRow = tuple[int, int | None, str, Sequence[int], str, str]
"""Identity, import, traits as JSON, the other identities of the row, its source and `message_id`."""


@dataclass(frozen=True, slots=True)
class Who:
    """With what a fold of a lead begins: its e-mail, whether a trusted fact knows it, and traits held since always.

    A lead is empty where its identities point elsewhere: it was merged, or its key was found to be another lead's.
    """

    lead_id: int
    email: str | None
    is_known: bool
    is_empty: bool = False
    given: tuple[Mapping[str, Any], ...] = ()


@dataclass(slots=True)
class Known:
    """What is known of a lead now."""

    traits: dict[str, Any] = field(default_factory=dict)
    groups: list[str] = field(default_factory=list)


def leads_of_roots(connection: Connection[Any], roots: Sequence[int]) -> dict[int, int]:
    """The lead that each of these identities makes, where it makes one."""
    return {root: lead for lead, root in connection.execute(_OF_ROOTS, [list(roots)]).fetchall()}


def insert_leads(
    connection: Connection[Any], roots: Sequence[int], companies: Sequence[int | None], now: int
) -> dict[int, int]:
    """A lead for each of these identities; returns them by identity."""
    wanted = {"roots": list(roots), "companies": list(companies), "now": now}
    made = {root: lead for lead, root in connection.execute(_INSERT, wanted).fetchall()}
    missing = [root for root in roots if root not in made]
    return made | leads_of_roots(connection, missing) if missing else made


def reroot_leads(connection: Connection[Any], roots: Mapping[int, int]) -> None:
    """Leads (by number) go on as the leads of other identities."""
    connection.execute(_REROOT, {"leads": list(roots), "roots": list(roots.values())})


def join_leads(connection: Connection[Any], others: Mapping[int, int | None]) -> None:
    """Where the facts of leads went: to another lead; None: nowhere any more."""
    connection.execute(_JOIN, {"leads": list(others), "others": list(others.values())})


def merged_into(connection: Connection[Any], lead_ids: Sequence[int]) -> dict[int, int]:
    """Where merges by hand lead from these leads; who was not merged is not in the answer."""
    return dict(connection.execute(_MERGED, [list(lead_ids)]).fetchall())


def load_who(connection: Connection[Any], lead_ids: Sequence[int]) -> dict[int, Who]:
    """With what the folds of these leads begin."""
    given: dict[int, list[Any]] = defaultdict(list)
    for lead_id, traits in connection.execute(_GIVEN, [list(lead_ids)]).fetchall():
        given[lead_id].append(json.loads(traits))
    rows = connection.execute(_WHO, [list(lead_ids)]).fetchall()
    return {
        number: Who(number, email, known, empty, tuple(given.get(number, ()))) for number, email, known, empty in rows
    }


def give_traits(connection: Connection[Any], rows: Sequence[GivenRow]) -> None:
    """Write traits that rows of files of leads give, held since always."""
    with connection.cursor() as cursor, cursor.copy(_GIVE) as copy:
        copy.set_types(_GIVEN_TYPES)
        for identity_id, import_id, traits, others, source, message_id in rows:
            copy.write_row((identity_id, import_id, binary.jsonb(traits), others, source, message_id))


def load_known(connection: Connection[Any], lead_ids: Sequence[int]) -> dict[int, Known]:
    """What is known of leads now."""
    rows = connection.execute(_TRAITS, [list(lead_ids)]).fetchall()
    return {number: Known(traits, groups) for number, traits, groups in rows}


def leads_of_crm(connection: Connection[Any], crm_id: str) -> list[int]:
    """The leads whose trait `crm_id` is that; more than one where it says so of several."""
    return [lead_id for (lead_id,) in connection.execute(_OF_CRM, [crm_id]).fetchall()]


def set_known(connection: Connection[Any], known: Mapping[int, Known]) -> None:
    """Write what is known of leads now."""
    connection.execute(
        _SET_TRAITS,
        {
            "leads": list(known),
            "traits": [json.dumps(each.traits, ensure_ascii=False) for each in known.values()],
            "groups": [json.dumps(each.groups, ensure_ascii=False) for each in known.values()],
        },
    )
