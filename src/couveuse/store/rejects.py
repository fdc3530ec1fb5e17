"""What was sent and could not be taken: kept with its reason, so that it can be corrected and sent again."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from psycopg import Connection

from couveuse.store.statements import statement

_LATEST = statement("rejects", "latest")
_APPEND = statement("rejects", "append_of_import")
# What is kept of the text of one.
MOST_BODY = 10_000


class Reject(NamedTuple):
    """One row of `rejects`, as the front door writes it."""

    received_at: int
    source: str
    reason: str
    detail: str
    place: str
    body: str


class StoredReject(NamedTuple):
    """One row of `rejects`, as it is read; `import_id` is of the import, if one met it."""

    id: int
    received_at: int
    source: str
    reason: str
    detail: str
    place: str
    body: str
    import_id: int | None


def latest(connection: Connection[Any], most: int) -> Sequence[StoredReject]:
    """The latest rejects, the last one first."""
    return [StoredReject(*row) for row in connection.execute(_LATEST, [most]).fetchall()]


def append_rejects(connection: Connection[Any], rows: Sequence[Reject], *, import_id: int | None = None) -> None:
    """Keep what could not be taken; of a long text its beginning."""
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        columns[5] = [body.replace("\x00", "\ufffd")[:MOST_BODY] for body in columns[5]]
        connection.execute(_APPEND, [import_id, *columns])
