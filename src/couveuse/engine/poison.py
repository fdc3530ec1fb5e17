"""A batch that fails is taken apart: what can be folded is, and a fact that cannot is set aside with its reason."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec
import psycopg
import structlog
from psycopg import Connection

from couveuse.engine.batches import Counts, Folder
from couveuse.engine.live import LiveModels, NothingPublished
from couveuse.store import connections, inbox, rejects
from couveuse.store.identities import own_bindings
from couveuse.store.packets import Accepted, unpack

log = structlog.get_logger("couveuse.engine")

POISON = "could_not_be_folded"
Item = TypeVar("Item")


def take_apart(connection: Connection[Any], folder: Folder, models: LiveModels, clock: Callable[[], int]) -> int:
    """Take the packets at the head of some lanes, halving them at each failure; returns how many facts they held."""
    with connection.transaction():
        packets = inbox.claim_packets(connection, batch=1)
        now = clock()
        taken = 0
        read = [(number, packet, _read(packet)) for number, packet in packets]
        # What each part would otherwise do for itself, and cannot after another has written.
        folder.months.ensure((fact.at for _, _, facts in read for fact in facts or ()), now)
        own_bindings(connection)
        for number, packet, accepted in read:
            if accepted is None:
                _set_packet_aside(connection, packet, now)
            else:
                halve(
                    connection, folder, accepted, lambda part: folder.take(connection, models, part, now=now),
                    lambda fact, error: _set_aside(connection, folder, fact, error, now),
                )  # fmt: skip
                taken += len(accepted)
            inbox.delete_packets(connection, [number])
        return max(taken, len(packets))


def _read(packet: bytes) -> list[Accepted] | None:
    try:
        return unpack(packet)
    except msgspec.DecodeError:
        return None


def halve(
    connection: Connection[Any],
    folder: Folder,
    items: Sequence[Item],
    take: Callable[[Sequence[Item]], Counts],
    set_aside: Callable[[Item, Exception], None],
) -> Counts:
    """Take items, each part in a savepoint, halved where it fails; a single one that fails is set aside."""
    try:
        with connection.transaction():
            return take(items)
    except (psycopg.OperationalError, psycopg.InterfaceError, NothingPublished):
        raise  # the database's fault, not a fact's
    except Exception as error:  # noqa: BLE001 - whatever a fact does to us, the others must be folded
        folder.forget()
        if len(items) == 1:
            set_aside(items[0], error)
            return Counts()
    middle = len(items) // 2
    counts = halve(connection, folder, items[:middle], take, set_aside)
    counts.add(halve(connection, folder, items[middle:], take, set_aside))
    return counts


def why(error: Exception) -> str:
    """What is kept of an error as a reject's detail."""
    return f"{type(error).__name__}: {connections.first_line(error)}"[:500]


def _set_aside(connection: Connection[Any], folder: Folder, accepted: Accepted, error: Exception, now: int) -> None:
    log.error("fact set aside", digest=accepted.digest.hex(), error=type(error).__name__)
    try:
        body = folder.payloads.grow(accepted.payload)
    except Exception:  # noqa: BLE001 - what cannot be read is kept as it is
        body = accepted.payload.hex()
    rejects.append_rejects(connection, [rejects.Reject(now, accepted.source, POISON, why(error), "", body)])


def _set_packet_aside(connection: Connection[Any], packet: bytes, now: int) -> None:
    log.error("packet set aside", size=len(packet))
    rejects.append_rejects(connection, [rejects.Reject(now, "", POISON, "the packet cannot be read", "", packet.hex())])
