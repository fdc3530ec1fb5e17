"""What waits for the engine is stored: of the front door with its rejects, in one commit; and what we say ourselves."""

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg import AsyncConnection, Connection, sql

from couveuse.store.packets import Accepted, pack
from couveuse.store.rejects import Reject
from couveuse.store.statements import statement

_PACKETS = statement("packets", "append")
_REJECTS = statement("rejects", "append")
_BACKLOG = statement("inbox", "backlog")
# One statement is one transaction, and one round trip.
_BOTH = sql.SQL("with refused as ({rejects}) {packets}").format(
    rejects=sql.SQL(_REJECTS.as_string().rstrip().rstrip(";")), packets=_PACKETS
)


async def append(
    connection: AsyncConnection[Any], lanes: Mapping[int, Sequence[Accepted]], rejects: Sequence[Reject]
) -> None:
    """Store facts, a packet for each lane, and rejects, all or nothing. The connection commits by itself."""
    columns = [list(column) for column in zip(*rejects, strict=True)] if rejects else []
    if not lanes:
        await connection.execute(_REJECTS, columns)
        return
    await connection.execute(_BOTH if rejects else _PACKETS, [*columns, *_packets(lanes)])


def append_facts(connection: Connection[Any], lanes: Mapping[int, Sequence[Accepted]]) -> None:
    """Store facts, a packet for each lane, in the caller's transaction."""
    connection.execute(_PACKETS, _packets(lanes))


def _packets(lanes: Mapping[int, Sequence[Accepted]]) -> list[list[Any]]:
    return [
        list(lanes),
        [len(facts) for facts in lanes.values()],
        [facts[0].received_at for facts in lanes.values()],
        [pack(facts) for facts in lanes.values()],
    ]


async def backlog(connection: AsyncConnection[Any]) -> int:
    """How many events wait for the engine."""
    row = await (await connection.execute(_BACKLOG)).fetchone()
    assert row is not None  # an aggregate always answers
    return int(row[0])
