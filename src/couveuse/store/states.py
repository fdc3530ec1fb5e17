"""The states of leads under each published model: one row a lead, in one partition a model."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec
from psycopg import Connection, sql

from couveuse.core.plan import Plan
from couveuse.core.state import State, of_parts, parts
from couveuse.store import arrays
from couveuse.store.payloads import Compressor
from couveuse.store.statements import statement

_INDEXES: Final = ("by_lead", "by_score", "by_change", "by_stage", "by_class", "by_persona")
_COPY_TYPES = ("int4", "int8", "float8", "float8", "int8", "int8", "int8", "float8", "float8", "int2", "int2", "int2",
               "int2", "text", "text", "bytea", "bytea")  # fmt: skip
# The first byte of a stored state that is msgpack; a payload has the number of its dictionary there, from 1 on.
_PLAIN: Final = b"\x00"
_encoder, _decoder = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder()
_LOCK = statement("leads", "lock_states")
_REMOVE = statement("states", "remove")
_ROOM, _BRING = statement("states", "room"), statement("states", "bring")


class StateRow(NamedTuple):
    """What is kept of a lead under a model: the reading at `read_at`, for lists, and the state, to go on from.

    Instants are microseconds; `band` is its place in the model, `temperature` 0 cold, 1 warm, 2 hot, 3 irrelevant.
    The fields stand in the order of the statements.
    """

    lead_id: int
    score: float
    read_at: int
    band_changes_at: int | None
    last_event_at: int | None
    behaviour: float
    fit: float
    band: int
    stage: int | None
    temperature: int
    maturity: int
    lead_class: str | None
    persona: str | None
    routes: bytes | None  # `binary.jsonb`
    state: bytes


class Held(NamedTuple):
    """A stored state, packed, and where it says that the lead stands; as in `StateRow`."""

    state: bytes
    band: int
    stage: int | None
    temperature: int
    lead_class: str | None


def table_of(model_id: int) -> str:
    """The partition of a model's states."""
    return f"lead_states_{model_id}"


def _on(name: str, model_id: int) -> sql.Composed:
    table = table_of(model_id)
    return statement("states", name).format(
        table=sql.Identifier(table),
        model=sql.Literal(model_id),
        **{by: sql.Identifier(f"{table}_{by}") for by in _INDEXES},
    )


def make_partition(connection: Connection[Any], model_id: int, *, indexed: bool = True) -> None:
    """A place for a model's states; without indexes where they are written in bulk first (`index_partition`)."""
    connection.execute(_on("partition", model_id))
    if indexed:
        index_partition(connection, model_id)


def index_partition(connection: Connection[Any], model_id: int) -> None:
    """The indexes of a model's states, if they are not there."""
    connection.execute(_on("partition_indexes", model_id))


def drop_partition(connection: Connection[Any], model_id: int) -> None:
    """The states of a model that is done with."""
    connection.execute(_on("drop_partition", model_id))


def lock_states(
    connection: Connection[Any], model_ids: Sequence[int], lead_ids: Sequence[int]
) -> dict[tuple[int, int], Held]:
    """States by (model, lead), locked until the transaction ends; those that are missing have no row."""
    wanted = {"models": list(model_ids), "leads": arrays.numbers(lead_ids)}
    rows = connection.execute(_LOCK, wanted, binary=True).fetchall()
    return {(row[0], row[1]): Held(*row[2:]) for row in rows}


def update_states(connection: Connection[Any], model_id: int, rows: Sequence[StateRow]) -> None:
    """New states of leads that have one under this model."""
    if not rows:
        return
    connection.execute(_ROOM)
    _copy(connection, _BRING, model_id, rows)
    connection.execute(_on("update", model_id))


def copy_states(connection: Connection[Any], model_id: int, rows: Sequence[StateRow]) -> None:
    """States of leads that have none under this model."""
    if rows:
        _copy(connection, _on("copy", model_id), model_id, rows)


def _copy(connection: Connection[Any], into: sql.SQL | sql.Composed, model_id: int, rows: Sequence[StateRow]) -> None:
    with connection.cursor() as cursor, cursor.copy(into) as copy:
        copy.set_types(_COPY_TYPES)
        for row in rows:
            copy.write_row((model_id, row[0], row[1], *row[1:]))


def remove_states(connection: Connection[Any], lead_ids: Sequence[int]) -> None:
    """Leads that are no more have no state."""
    connection.execute(_REMOVE, [list(lead_ids)])


def packed_states(connection: Connection[Any], model_id: int, lead_ids: Sequence[int]) -> dict[int, bytes]:
    """The packed states of leads under a model, to be looked at."""
    wanted = {"model": model_id, "leads": list(lead_ids)}
    return dict(connection.execute(statement("states", "packed"), wanted, binary=True).fetchall())


def due_states(connection: Connection[Any], model_id: int, *, now: int, most: int) -> list[tuple[int, Held]]:
    """Leads, with their states, whose band changes by time alone by now; locked."""
    rows = connection.execute(_on("due", model_id), {"now": now, "most": most}, binary=True).fetchall()
    return [(row[0], Held(*row[1:])) for row in rows]


def stale_states(
    connection: Connection[Any], model_id: int, *, before: int, after: int, most: int
) -> list[tuple[int, Held]]:
    """Leads from a number on, with their states, that were last read before an instant; locked."""
    wanted = {"before": before, "after": after, "most": most}
    rows = connection.execute(_on("stale", model_id), wanted, binary=True).fetchall()
    return [(row[0], Held(*row[1:])) for row in rows]


def next_due(connection: Connection[Any], model_id: int) -> int | None:
    """When the next change of band by time alone is due; None where none is foreseen."""
    row = connection.execute(_on("next_due", model_id)).fetchone()
    assert row is not None  # an aggregate always answers
    return int(row[0]) if row[0] is not None else None


def pack_state(state: State, payloads: Compressor) -> bytes:
    """A state as it is stored: msgpack behind a byte of its own, which is made six times as quickly as a payload.

    What msgpack does not hold (a huge number among traits, half a surrogate pair) is stored as a payload.
    """
    values = parts(state)
    try:
        return _PLAIN + _encoder.encode(values)
    except (OverflowError, ValueError):
        return payloads.pack(values)


def unpack_state(plan: Plan, data: bytes, payloads: Compressor) -> State:
    """A stored state; raises StateMismatch where it cannot be of that plan's model."""
    is_plain = data[:1] == _PLAIN
    return of_parts(plan, _decoder.decode(memoryview(data)[1:]) if is_plain else payloads.unpack(data))
