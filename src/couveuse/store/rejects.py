"""What was sent and could not be taken: kept with its reason, so that it can be corrected and sent again."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from psycopg import Connection

from couveuse.core.events import Reject as Reason
from couveuse.core.events import cure
from couveuse.store.statements import statement

_LATEST = statement("rejects", "latest")
_BEFORE = statement("rejects", "before")
_OF_IMPORT = statement("rejects", "of_import")
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


def rejects_before(connection: Connection[Any], number: int, most: int) -> Sequence[StoredReject]:
    """Rejects with a lower number, the last one first."""
    return [StoredReject(*row) for row in connection.execute(_BEFORE, {"before": number, "most": most}).fetchall()]


def of_import(connection: Connection[Any], import_id: int, *, after: int = 0, most: int) -> Sequence[StoredReject]:
    """What an import could not take, with a higher number, in the order of its files."""
    values = {"import": import_id, "after": after, "most": most}
    return [StoredReject(*row) for row in connection.execute(_OF_IMPORT, values).fetchall()]


def cure_of(row: StoredReject) -> str:
    """What whoever sent a reject is to do; nothing where the reason is not known here."""
    try:
        reason = Reason(row.reason.removeprefix("lead_"))
    except ValueError:
        return ""
    return cure(reason, is_live=row.import_id is None)
