"""A batch that fails is taken apart: what can be folded is, and a fact that cannot is set aside with its reason."""

from collections.abc import Callable, Sequence
from typing import Any

import psycopg
import structlog
from psycopg import Connection

from couveuse.engine.batches import Counts, Folder
from couveuse.engine.live import LiveModel, LiveModels
from couveuse.store import connections, inbox, rejects
from couveuse.store.packets import Accepted

log = structlog.get_logger("couveuse.engine")

POISON = "could_not_be_folded"


def take_apart(connection: Connection[Any], folder: Folder, models: LiveModels, clock: Callable[[], int]) -> int:
    """Take the packet at the head of some lane, halving it at each failure; returns how many facts it held."""
    with connection.transaction():
        packets = inbox.claim_packets(connection, batch=1)
        live = models.load(connection)
        taken = 0
        for number, accepted in packets:
            _halve(connection, folder, live, accepted, clock())
            inbox.delete_packets(connection, [number])
            taken += len(accepted)
        return taken


def _halve(
    connection: Connection[Any], folder: Folder, models: Sequence[LiveModel], accepted: Sequence[Accepted], now: int
) -> Counts:
    try:
        with connection.transaction():
            return folder.take(connection, models, accepted, now=now)
    except (psycopg.OperationalError, psycopg.InterfaceError):
        raise  # the database's fault, not a fact's
    except Exception as error:  # noqa: BLE001 - whatever a fact does to us, the others must be folded
        folder.forget()
        if len(accepted) == 1:
            _set_aside(connection, folder, accepted[0], error, now)
            return Counts()
    middle = len(accepted) // 2
    counts = _halve(connection, folder, models, accepted[:middle], now)
    counts.add(_halve(connection, folder, models, accepted[middle:], now))
    return counts


def _set_aside(connection: Connection[Any], folder: Folder, accepted: Accepted, error: Exception, now: int) -> None:
    detail = f"{type(error).__name__}: {connections.first_line(error)}"
    log.error("fact set aside", digest=accepted.digest.hex(), error=type(error).__name__)
    body = folder.payloads.grow(accepted.payload)
    reject = rejects.Reject(now, accepted.source, POISON, detail[:500], "", body)
    rejects.append_rejects(connection, [reject])
