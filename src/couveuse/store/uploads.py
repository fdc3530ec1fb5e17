"""Files that people upload: kept in pieces until what is to be done with them is done, or for a day."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any, Final

from psycopg import Connection

from couveuse.store.statements import statement

# A file of which nothing came goes after so long.
KEPT_US: Final = 86_400_000_000
PIECE_BYTES: Final = 1 << 20
# Who adds a file holds this lock of the transaction's, so that all files together stay under their bound.
LOCK: Final = 0x636F75706C
EVENTS, LEADS = "events", "leads"

_BEGIN, _APPEND, _PIECE = (statement("uploads", name) for name in ("begin", "append", "piece"))
_LOCK, _KEPT, _ONE, _OPEN = (statement("uploads", name) for name in ("lock", "kept", "one", "open"))
_OF_IMPORT, _SAME, _LOOK = (statement("uploads", name) for name in ("of_import", "same", "look"))
_WANT, _WORK, _FORESEE = (statement("uploads", name) for name in ("want", "work", "foresee"))
_FAIL, _BECOME, _EMPTY = (statement("uploads", name) for name in ("fail", "become", "empty"))
_READ_AS = statement("uploads", "read_as")
_DROP, _FORGET, _OLD = (statement("uploads", name) for name in ("drop_pieces", "forget", "old"))
_MAPPING, _KEEP, _FEWER = (statement("uploads", name) for name in ("mapping", "keep_mapping", "count_mappings"))


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it is kept, without its pieces; instants are microseconds."""

    id: int
    name: str
    kind: str
    size: int
    digest: bytes
    format: str
    compression: str
    preview: Mapping[str, Any]
    wants: Mapping[str, Any] | None
    foreseen: Mapping[str, Any] | None
    failure: Mapping[str, Any] | None
    job_id: int | None
    import_id: int | None
    at: int
    by: str
    emptied_at: int | None


def lock(connection: Connection[Any]) -> None:
    """Nobody else adds a file until the transaction ends."""
    connection.execute(_LOCK, [LOCK])


def kept_bytes(connection: Connection[Any]) -> int:
    """How many bytes are kept of all files."""
    row = connection.execute(_KEPT).fetchone()
    assert row is not None  # an aggregate always answers
    return int(row[0])


def add(
    connection: Connection[Any],
    file: IO[bytes],
    *,
    name: str,
    kind: str,
    size: int,
    digest: bytes,
    format_: str,
    compression: str,
    preview: Mapping[str, object],
    by: str,
    now: int,
) -> int:
    """Keep a file, in the caller's transaction, a piece at a time; returns its number."""
    told = {
        "name": name, "kind": kind, "bytes": size, "digest": digest, "format": format_, "compression": compression,
        "preview": _json(preview), "now": now, "by": by,
    }  # fmt: skip
    row = connection.execute(_BEGIN, told).fetchone()
    assert row is not None  # it was inserted
    number = 0
    while piece := file.read(PIECE_BYTES):
        connection.execute(_APPEND, {"upload": row[0], "number": number, "piece": piece})
        number += 1
    return int(row[0])


def pieces(connection: Connection[Any], upload_id: int) -> Iterator[bytes]:
    """What a file holds, a piece at a time; none where its pieces went."""
    number = 0
    while True:
        found = connection.execute(_PIECE, {"upload": upload_id, "number": number}, binary=True).fetchone()
        if found is None:
            return
        yield bytes(found[0])
        number += 1


def find(connection: Connection[Any], upload_id: int) -> Upload | None:
    """The file of that number."""
    return _upload(connection.execute(_ONE, [upload_id]).fetchone())


def open_uploads(connection: Connection[Any], most: int) -> list[Upload]:
    """Files of which no import is done yet, the newest first."""
    return [found for row in connection.execute(_OPEN, [most]).fetchall() if (found := _upload(row))]


def of_import(connection: Connection[Any], import_id: int) -> Upload | None:
    """The file that became an import, if one was uploaded."""
    return _upload(connection.execute(_OF_IMPORT, [import_id]).fetchone())


def import_of_same(connection: Connection[Any], upload: Upload) -> int | None:
    """The last import that stands of another file that holds the same."""
    row = connection.execute(_SAME, {"digest": upload.digest, "upload": upload.id}).fetchone()
    return None if row is None else int(row[0])


def look(connection: Connection[Any], upload_id: int, preview: Mapping[str, object]) -> None:
    """Keep another preview of a file."""
    connection.execute(_LOOK, {"id": upload_id, "preview": _json(preview)})


def want(connection: Connection[Any], upload_id: int, kind: str, wants: Mapping[str, object]) -> None:
    """Say how a file is to be read."""
    connection.execute(_WANT, {"id": upload_id, "kind": kind, "wants": _json(wants)})


def read_as(connection: Connection[Any], upload_id: int, kind: str) -> None:
    """Read a file anew, as one of a kind."""
    connection.execute(_READ_AS, {"id": upload_id, "kind": kind})


def work_on(connection: Connection[Any], upload_id: int, job_id: int) -> None:
    """Say which work is done on a file."""
    connection.execute(_WORK, {"id": upload_id, "job": job_id})


def foresee(
    connection: Connection[Any], upload_id: int, wants: Mapping[str, object], foreseen: Mapping[str, object]
) -> None:
    """Keep what would come of a file, if it is still wanted so."""
    connection.execute(_FORESEE, {"id": upload_id, "wants": _json(wants), "foreseen": _json(foreseen)})


def fail(connection: Connection[Any], upload_id: int, failure: Mapping[str, object]) -> None:
    """Say why the last work on a file could not be done."""
    connection.execute(_FAIL, {"id": upload_id, "failure": _json(failure)})


def become(connection: Connection[Any], upload_id: int, import_id: int) -> None:
    """Say which import a file becomes."""
    connection.execute(_BECOME, {"id": upload_id, "import": import_id})


def empty(connection: Connection[Any], upload_id: int, now: int) -> None:
    """Let go what a file holds, in the caller's transaction."""
    connection.execute(_DROP, [upload_id])
    connection.execute(_EMPTY, {"id": upload_id, "now": now})


def forget(connection: Connection[Any], upload_id: int) -> None:
    """A file goes."""
    connection.execute(_FORGET, [upload_id])


def forget_old(connection: Connection[Any], before: int) -> int:
    """Files that came before an instant go, but for those on which somebody works; returns how many."""
    found = connection.execute(_OLD, {"before": before}).fetchall()
    for (upload_id,) in found:
        forget(connection, upload_id)
    return len(found)


def mapping_of(connection: Connection[Any], head: bytes) -> Mapping[str, Any] | None:
    """How the columns of such a head were mapped the last time."""
    row = connection.execute(_MAPPING, [head]).fetchone()
    return None if row is None else row[0]


def keep_mapping(connection: Connection[Any], head: bytes, mapping: Mapping[str, object], *, by: str, now: int) -> None:
    """Keep how the columns of a head are mapped."""
    connection.execute(_KEEP, {"head": head, "mapping": _json(mapping), "now": now, "by": by})
    connection.execute(_FEWER)


def _json(value: Mapping[str, object]) -> str:
    """JSON as PostgreSQL holds it: its texts know no NUL."""
    return json.dumps(value, ensure_ascii=False).replace("\\u0000", "\\ufffd")


def _upload(row: tuple[Any, ...] | None) -> Upload | None:
    return None if row is None else Upload(*(*row[:4], bytes(row[4]), *row[5:]))
