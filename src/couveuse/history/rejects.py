"""Rows that are no facts: where they stand, why, and what they hold, so that nothing is lost in silence."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from couveuse.core.events import CURES, Reject
from couveuse.history.inputs import Format, Input, numbered_lines
from couveuse.history.loose import REF_BITS
from couveuse.history.staging import Staging

ROW_MASK = (1 << REF_BITS) - 1
# What is kept of a rejected row's text.
MOST_TEXT = 10_000


@dataclass(frozen=True, slots=True)
class Rejected:
    """One rejected row: its file, its line there (the row for Parquet), the reason, the cure, and the row as it stood."""

    file: str
    line: int
    reason: Reject
    text: str

    @property
    def cure(self) -> str:
        """What to do about it."""
        return CURES[self.reason]


def rejected(staging: Staging, *, most: int | None = None) -> Iterator[Rejected]:
    """The rejected rows, file by file in the order of their lines; at most `most` of each file."""
    for number, file in enumerate(staging.files):
        limit = f" limit {most}" if most is not None else ""
        found = staging.sql(
            f"""select ref & {ROW_MASK}, reason, left(whole, {MOST_TEXT}) from judged
            where reason is not null and ref >> {REF_BITS} = {number} order by ref{limit}"""
        )
        rows = {
            int(str(place)): (Reject(str(reason)), None if text is None else str(text)) for place, reason, text in found
        }
        if file.format is Format.NDJSON:
            yield from _of_lines(file, rows)
        elif file.format is Format.CSV:
            yield from _of_csv(staging, file, rows, most)
        else:
            yield from (
                Rejected(file.path, place, reason, text or "") for place, (reason, text) in sorted(rows.items())
            )


def _of_lines(file: Input, rows: dict[int, tuple[Reject, str | None]]) -> Iterator[Rejected]:
    """Rows of NDJSON are counted without blank lines; the file itself says on which line they stand."""
    left = set(rows)
    for place, (number, line) in enumerate(numbered_lines(file), 1):
        if not left:
            return
        if place in left:
            left.discard(place)
            yield Rejected(file.path, number, rows[place][0], line.decode("utf-8", "replace").strip()[:MOST_TEXT])


def _of_csv(
    staging: Staging, file: Input, rows: dict[int, tuple[Reject, str | None]], most: int | None
) -> Iterator[Rejected]:
    """Rows that DuckDB could not cut into cells, and those that it could; lines count from the header's, 1."""
    cut = [(line, text) for path, line, text in staging.bad_cells if path == file.path]
    found = [Rejected(file.path, line, Reject.BAD_CELLS, text[:MOST_TEXT]) for line, text in cut[:most]]
    lines = sorted(line for line, _ in cut)
    for place, (reason, text) in rows.items():
        line = place + 1
        for bad in lines:
            line += bad <= line
        found.append(Rejected(file.path, line, reason, text or ""))
    yield from sorted(found, key=lambda reject: reject.line)[:most]


def write_rejects(staging: Staging, target: Path) -> int:
    """Write every rejected row as a line of JSON with its reason and cure; returns how many there were."""
    count = 0
    with target.open("w", encoding="utf-8") as file:
        for reject in rejected(staging):
            told = {
                "file": reject.file,
                "line": reject.line,
                "reason": reject.reason,
                "cure": reject.cure,
                "row": reject.text,
            }
            file.write(json.dumps(told, ensure_ascii=False) + "\n")
            count += 1
    return count
