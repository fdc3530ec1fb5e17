"""Rows that are no facts: where they stand, why, and what they hold, so that nothing is lost in silence."""

import json
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from couveuse.core.events import CURES, Reject
from couveuse.history.inputs import Format, Input, numbered_lines, numbered_records
from couveuse.history.loose import REF_BITS
from couveuse.history.staging import BadCells, Staging

ROW_MASK = (1 << REF_BITS) - 1
# What is kept of a rejected row's text.
MOST_TEXT = 10_000


@dataclass(frozen=True, slots=True)
class Rejected:
    """One rejected row: its file, its line there (for Parquet its row), the reason, and the row as it stood."""

    file: str
    line: int
    reason: Reject
    text: str
    is_lead: bool = False

    @property
    def cure(self) -> str:
        """What to do about it."""
        return CURES[self.reason]


_Found = tuple[int, Reject, str]
"""Line, reason and text."""


def rejected(staging: Staging, *, most: int | None = None) -> Iterator[Rejected]:
    """The rejected rows, of events and then of leads, in the order of their lines; at most `most` of each file."""
    yield from _of_view(staging, "judged", staging.files, staging.bad_cells, most)
    if staging.has_leads:
        for reject in _of_view(staging, "judged_leads", staging.lead_files, staging.bad_lead_cells, most):
            yield replace(reject, is_lead=True)


def _of_view(
    staging: Staging, view: str, files: Sequence[Input], bad_cells: Sequence[BadCells], most: int | None
) -> Iterator[Rejected]:
    for number, file in enumerate(files):
        limit = f" limit {most}" if most is not None else ""
        found = staging.sql(
            f"""select ref & {ROW_MASK}, reason, left(whole, {MOST_TEXT}) from {view}
            where reason is not null and ref >> {REF_BITS} = {number} order by ref{limit}"""
        )
        rows = {int(str(place)): (Reject(str(reason)), str(text or "")) for place, reason, text in found}
        if file.format is Format.NDJSON:
            told = _of_lines(file, rows)
        elif file.format is Format.CSV:
            told = _of_csv(file, rows, {place: text for path, place, text in bad_cells if path == file.path})
        else:
            told = ((place, reason, text) for place, (reason, text) in sorted(rows.items()))
        for line, reason, text in islice(told, most):
            yield Rejected(file.given, line, reason, text)


def _of_lines(file: Input, rows: Mapping[int, tuple[Reject, str]]) -> Iterator[_Found]:
    """Rows of NDJSON are counted without blank lines; the file itself says on which line they stand."""
    left = set(rows)
    for place, (number, line) in enumerate(numbered_lines(file), 1):
        if not left:
            return
        if place in left:
            left.discard(place)
            yield number, rows[place][0], line.decode("utf-8", "replace").strip()[:MOST_TEXT]


def _of_csv(file: Input, rows: Mapping[int, tuple[Reject, str]], cut: Mapping[int, str]) -> Iterator[_Found]:
    """Rows that could not be cut into cells are known by where they begin, the others by their number."""
    left = len(rows) + len(cut)
    place = 0
    for line, begins in numbered_records(file, cut):
        if not left:
            return
        bad = next((begin for begin in begins if begin in cut), None)
        if bad is not None:
            left -= 1
            yield line, Reject.BAD_CELLS, cut[bad].strip("\r\n")
            continue
        place += 1
        if place in rows:
            left -= 1
            yield line, *rows[place]


def without(text: str, left_out: Container[str]) -> str:
    """A rejected row's text without the columns that are not to be kept, where it can be told apart."""
    if not left_out:
        return text
    try:
        row = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(row, dict):
        return text
    return json.dumps({name: value for name, value in row.items() if name not in left_out}, ensure_ascii=False)


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
