"""Merging two leads by hand, and undoing it: identities are pointed elsewhere, no fact is touched, nothing is lost."""

from dataclasses import replace
from typing import Any

from psycopg import Connection

from couveuse.engine.batches import Folder
from couveuse.engine.live import LiveModels
from couveuse.engine.parting import Undone, part
from couveuse.errors import BadInput
from couveuse.store import audit, findable, leads
from couveuse.store import identities as store
from couveuse.store import merges as kept


class CannotMerge(BadInput):
    """These two leads cannot be merged."""


def merge(
    connection: Connection[Any], folder: Folder, models: LiveModels, lead_id: int, into_id: int, *,
    by: str, now: int,
) -> int:  # fmt: skip
    """Merge a lead into another one, in a transaction of its own; returns the number of the merge, to undo it by.

    Facts of both count for the lead that stays, `once` included. Raises CannotMerge, and NothingPublished where no
    model acts.
    """
    with connection.transaction():
        store.own_bindings(connection)
        _refuse(connection, lead_id, into_id)
        number = kept.insert_merge(connection, lead_id, into_id, by=by, now=now)
        moved = [replace(each, lead_id=into_id) for each in store.identities_of_leads(connection, [lead_id]).values()]
        store.point_identities(connection, moved)
        both = [lead_id, into_id]
        findable.ask(connection, both)
        folder.refold(connection, models.load(connection), both, now=now, because="merged", is_quiet=False)
        audit.record(connection, by=by, did="merge", about={"merge": number, "lead": lead_id, "into": into_id}, now=now)
        return number


def unmerge(
    connection: Connection[Any], folder: Folder, models: LiveModels, number: int, *, by: str, now: int
) -> tuple[int, int]:
    """Undo a merge: facts go back to whom they belong, those that came since included; returns both leads.

    Raises CannotMerge where there is no such merge, or it was undone.
    """
    with connection.transaction():
        store.own_bindings(connection)
        undone = kept.undo_merge(connection, number, by=by, now=now)
        if undone is None:
            raise CannotMerge(f"merge {number}: there is none that stands; see the lead's page for its merges")
        lead_id, into_id = undone
        back = _belonging(connection, lead_id, into_id)
        store.point_identities(connection, back)
        stayed = leads.merged_into(connection, [into_id]).get(into_id, into_id)
        touched = {lead_id, into_id, stayed, *(each.lead_id for each in back if each.lead_id is not None)}
        live, again = models.load(connection), sorted(touched)
        findable.ask(connection, again)
        folder.refold(connection, live, again, now=now, because="unmerged", is_quiet=False)
        part(connection, folder, {model.id: model for model in live}, Undone(number, lead_id, stayed), now)
        about = {"merge": number, "lead": lead_id, "from": into_id}
        audit.record(connection, by=by, did="unmerge", about=about, now=now)
        return lead_id, into_id


def _refuse(connection: Connection[Any], lead_id: int, into_id: int) -> None:
    if lead_id == into_id:
        raise CannotMerge(f"lead {lead_id}: it cannot be merged into itself; name another lead")
    whos = leads.load_who(connection, [lead_id, into_id])
    for number in (lead_id, into_id):
        if number not in whos:
            raise CannotMerge(f"lead {number}: there is no such lead; look it up in the list")
        if whos[number].is_empty:
            raise CannotMerge(f"lead {number}: it is part of another lead already; name that one")


def _belonging(connection: Connection[Any], lead_id: int, into_id: int) -> list[store.Identity]:
    """The identities now at the lead that stayed, each pointed to where it belongs without the merge undone."""
    stayed = leads.merged_into(connection, [into_id]).get(into_id, into_id)
    there = store.identities_of_leads(connection, [stayed])
    lead_of = leads.leads_of_roots(connection, sorted({each.root_id for each in there.values()}))
    ways = leads.merged_into(connection, sorted({*lead_of.values(), lead_id, into_id}))
    back = []
    for each in there.values():
        own = lead_of.get(each.root_id)
        home = None if own is None else ways.get(own, own)
        if home != each.lead_id:
            back.append(replace(each, lead_id=home))
    return back
