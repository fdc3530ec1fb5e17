"""A batch that fails is taken apart: what can be folded is, and a fact that cannot is set aside with its reason.

What fails because the database is away is nobody's fault, and is tried again for ever. Of other errors of PostgreSQL's
it cannot be told whose they are (it may only be read for a while, a table may just have gone): a fact is set aside for
one of those only when it has failed several times.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import msgspec
import psycopg
import structlog
from psycopg import Connection

from couveuse.archive.errors import OutOfReach
from couveuse.engine.batches import Counts, Folder
from couveuse.engine.live import LiveModels, NothingPublished
from couveuse.errors import CouveuseError
from couveuse.store import connections, inbox, rejects
from couveuse.store.identities import own_bindings
from couveuse.store.packets import Accepted, unpack

log = structlog.get_logger("couveuse.engine")

POISON = "could_not_be_folded"
# So often a fact may fail for a reason that may pass.
TRIES: Final = 3
# What PostgreSQL says of a value and of nothing else: it is out of range, breaks a constraint, or is too long.
_OF_THE_VALUE: Final = ("22", "23502", "23514", "54")
Item = TypeVar("Item")


class MayPass(CouveuseError):
    """A fact could not be folded for a reason that may pass; it is tried again."""


def take_apart(
    connection: Connection[Any],
    folder: Folder,
    models: LiveModels,
    clock: Callable[[], int],
    failures: Counter[bytes] | None = None,
) -> int:
    """Take the packets at the head of some lanes, halving them at each failure; returns how many facts they held.

    `failures` counts how often facts have failed for a reason that may pass. Raises MayPass where one is to be tried
    again.
    """
    failures = Counter() if failures is None else failures
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
                    lambda fact, error: _set_aside(connection, folder, fact, error, now, failures),
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
    except NothingPublished:
        raise
    except Exception as error:  # whatever a fact does to us, the others must be folded
        if is_away(error):
            raise
        folder.forget()
        if len(items) == 1:
            set_aside(items[0], error)
            return Counts()
    middle = len(items) // 2
    counts = halve(connection, folder, items[:middle], take, set_aside)
    counts.add(halve(connection, folder, items[middle:], take, set_aside))
    return counts


def is_away(error: Exception) -> bool:
    """Whether an error says that the database, or the archive, does not work now, and nothing of what it was asked."""
    if isinstance(error, OutOfReach):
        return True
    return isinstance(error, connections.LOST) and not _is_of_the_value(error)


def _is_of_the_value(error: Exception) -> bool:
    if isinstance(error, psycopg.Error):
        return (error.sqlstate or "").startswith(_OF_THE_VALUE)
    return not isinstance(error, connections.NoDatabase)


def why(error: Exception) -> str:
    """What is kept of an error as a reject's detail."""
    return f"{type(error).__name__}: {connections.first_line(error)}"[:500]


def _set_aside(
    connection: Connection[Any],
    folder: Folder,
    accepted: Accepted,
    error: Exception,
    now: int,
    failures: Counter[bytes],
) -> None:
    if not _is_of_the_value(error):
        failures[accepted.digest] += 1
        if failures[accepted.digest] < TRIES:
            raise MayPass from error
    log.error("fact set aside", digest=accepted.digest.hex(), error=type(error).__name__)
    try:
        body = folder.payloads.grow(accepted.payload)
    except Exception:  # noqa: BLE001 - what cannot be read is kept as it is
        body = accepted.payload.hex()
    rejects.append_rejects(connection, [rejects.Reject(now, accepted.source, POISON, why(error), "", body)])
    failures.pop(accepted.digest, None)


def _set_packet_aside(connection: Connection[Any], packet: bytes, now: int) -> None:
    log.error("packet set aside", size=len(packet))
    rejects.append_rejects(connection, [rejects.Reject(now, "", POISON, "the packet cannot be read", "", packet.hex())])
