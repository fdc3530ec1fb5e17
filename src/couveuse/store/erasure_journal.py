"""The journal of erasures as a file beside the backups: digests only, a line an erasure, so that whoever restores an
older backup erases again who was erased since.
"""

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from couveuse.errors import CouveuseError
from couveuse.store.erasures import Entry

NAME: Final = "erasures.ndjson"


class NoJournal(CouveuseError):
    """The journal of erasures cannot be written."""


def read(folder: Path) -> list[Entry]:
    """The erasures that stand in a folder's journal, in its order; a line that was cut short is no erasure."""
    try:
        lines = (folder / NAME).read_text(encoding="ascii", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    return [entry for line in lines if (entry := _read(line)) is not None]


def _read(line: str) -> Entry | None:
    try:
        row = json.loads(line)
        return Entry(int(row["at"]), str(row["by"]), tuple(row["digests"]), tuple(row["suppressed"]))
    except (ValueError, KeyError, TypeError):
        return None


def append(folder: Path, entries: Iterable[Entry]) -> None:
    """Write erasures that the journal does not have yet; they are on the disk when this returns. Raises NoJournal."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        known = {entry.key for entry in read(folder)}
        missing = [entry for entry in entries if entry.key not in known]
        if missing:
            _append(folder / NAME, [_line(entry) for entry in missing])
    except OSError as error:
        raise NoJournal(
            f"{folder / NAME}: the journal of erasures cannot be written ({error.strerror}); correct the folder's "
            "rights or free disk space, or set COUVEUSE_BACKUPS to another folder"
        ) from error


def _line(entry: Entry) -> str:
    row = {"at": entry.at, "by": entry.by, "digests": entry.digests, "suppressed": entry.suppressed}
    return json.dumps(row) + "\n"


def _append(path: Path, lines: Sequence[str]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "a", encoding="ascii") as file:
        if file.tell() and not path.read_bytes().endswith(b"\n"):
            file.write("\n")  # behind a line that was cut short
        file.write("".join(lines))
        file.flush()
        os.fsync(file.fileno())
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
