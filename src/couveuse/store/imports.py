"""Imports: which files were brought in, with whose consent, and how far each share of their rows is."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from couveuse.store import arrays
from couveuse.store.statements import statement

RUNNING, DONE, UNDONE = "running", "done", "undone"
# Advisory locks of two numbers: this one, and the import's.
IMPORT_LOCK = 0x636F7569

_BEGIN, _OF_FILES, _BY_ID, _ALL = (statement("imports", name) for name in ("begin", "of_files", "by_id", "all"))
_LOCK_SHARE, _ADVANCE = statement("imports", "lock_share"), statement("imports", "advance")
_NOTE, _PROGRESS, _END = (statement("imports", name) for name in ("note_identities", "progress", "end"))
_LOCK_FILES, _HOLD = statement("imports", "lock_files"), statement("imports", "hold")
_PAGE, _KEEP_REACH = statement("imports", "page"), statement("imports", "keep_reach")
_WITH_ROUTES = statement("imports", "leads_with_routes")


@dataclass(frozen=True, slots=True)
class Import:
    """An import as it is stored; `settings` are those under which its files were read, instants are microseconds."""

    id: int
    kind: str
    files: Sequence[str]
    settings: Mapping[str, Any]
    consent: Mapping[str, Any]
    standing: str
    counts: Mapping[str, Any]
    started_at: int
    ended_at: int | None


def begin_import(
    connection: Connection[Any],
    *,
    kind: str,
    digest: bytes,
    files: Sequence[str],
    settings: Mapping[str, Any],
    consent: Mapping[str, Any],
    shares: int,
) -> int:
    """Write down an import that begins; returns its number."""
    row = connection.execute(
        _BEGIN,
        {
            "kind": kind,
            "digest": digest,
            "files": json.dumps(files, ensure_ascii=False),
            "settings": json.dumps(settings, ensure_ascii=False),
            "consent": json.dumps(consent, ensure_ascii=False),
            "shares": shares,
        },
    ).fetchone()
    assert row is not None  # it was inserted
    return int(row[0])


def lock_files(connection: Connection[Any], digest: bytes) -> None:
    """Nobody else begins an import of these files until the transaction ends."""
    connection.execute(_LOCK_FILES, [int.from_bytes(digest[:8], signed=True)])


def hold(connection: Connection[Any], import_id: int) -> bool:
    """Whether an import is this connection's from now on, as long as it is open; False where it is another one's."""
    row = connection.execute(_HOLD, [IMPORT_LOCK, import_id]).fetchone()
    assert row is not None  # a function always answers
    return bool(row[0])


def import_of_files(connection: Connection[Any], digest: bytes) -> Import | None:
    """The last import of these files that runs or is done."""
    row = connection.execute(_OF_FILES, [digest]).fetchone()
    return None if row is None else Import(*row)


def import_by_id(connection: Connection[Any], number: int) -> Import | None:
    """The import of that number."""
    row = connection.execute(_BY_ID, [number]).fetchone()
    return None if row is None else Import(*row)


def load_imports(connection: Connection[Any]) -> list[Import]:
    """Every import, the latest first."""
    return [Import(*row) for row in connection.execute(_ALL).fetchall()]


def page(connection: Connection[Any], *, before: int = 2**31 - 1, most: int = 50) -> list[Import]:
    """Imports with a lower number, the newest first."""
    rows = connection.execute(_PAGE, {"before": before, "most": most}).fetchall()
    return [Import(*row) for row in rows]


def lock_share(connection: Connection[Any], import_id: int, share: int) -> int | None:
    """How many rows of a share are done; it is this transaction's to bring on. None where the import runs no more."""
    row = connection.execute(_LOCK_SHARE, {"import": import_id, "share": share}).fetchone()
    return None if row is None else int(row[0])


def advance_share(
    connection: Connection[Any], import_id: int, share: int, *, rows: int, counts: Mapping[str, int]
) -> None:
    """So many rows more of a share are done, and this became of them."""
    told = {"import": import_id, "share": share, "rows": rows, "counts": json.dumps(counts)}
    connection.execute(_ADVANCE, told)


def note_identities(connection: Connection[Any], import_id: int, ids: Collection[int]) -> set[int]:
    """Write down of whose identities an import speaks; returns those of which it had not spoken before."""
    wanted = {"import": import_id, "ids": arrays.numbers(sorted(ids))}
    return {identity_id for (identity_id,) in connection.execute(_NOTE, wanted).fetchall()}


def rows_done(connection: Connection[Any], import_id: int) -> int:
    """How many rows of an import are done."""
    row = connection.execute(_PROGRESS, [import_id]).fetchone()
    assert row is not None  # an aggregate always answers
    return int(row[0])


def end_import(connection: Connection[Any], import_id: int, counts: Mapping[str, Any]) -> None:
    """An import is done; what became of its rows is added to these counts of its files."""
    connection.execute(_END, {"import": import_id, "counts": json.dumps(counts, ensure_ascii=False)})


def keep_reach(connection: Connection[Any], import_id: int, reach: Mapping[str, int]) -> None:
    """Keep whom an import reached when it was done."""
    connection.execute(_KEEP_REACH, {"import": import_id, "reach": json.dumps(reach)})


def leads_with_routes(connection: Connection[Any], import_id: int, model_id: int) -> list[int]:
    """The leads of an import whose routes stand under a model."""
    rows = connection.execute(_WITH_ROUTES, {"import": import_id, "model": model_id}).fetchall()
    return [lead_id for (lead_id,) in rows]
