"""The first rows of a file, as whoever maps its columns wants to see them; nothing is judged here."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final

import duckdb
import pyarrow as pa

from couveuse.history import inputs
from couveuse.history.columns import Preview
from couveuse.history.duck import quoted
from couveuse.history.inputs import Format
from couveuse.history.limits import LIMITS, Limits
from couveuse.history.sniffing import Sniffed, too_many_columns
from couveuse.history.unfit import Unfit, UnfitFile

ROWS: Final = 10
# So much of a cell is shown.
MOST_CELL: Final = 120
MEMORY: Final = "256MB"


def preview(
    path: Path, name: str, sniffed: Sniffed, *, sheet: str = "", encoding: str = "", limits: Limits = LIMITS
) -> Preview:
    """The first rows of a file that was sniffed; raises UnfitFile where there are none, or where none can be read."""
    if sniffed.format is Format.XLSX:
        return _workbook(path, name, sheet, limits)
    if sniffed.format is Format.PARQUET:
        return _parquet(path, name)
    encoding = encoding or sniffed.encoding
    text = _head(path, name, sniffed, encoding)
    return (
        _ndjson(name, text, encoding, limits) if sniffed.format is Format.NDJSON else _csv(name, text, encoding, limits)
    )


def _made(columns: Sequence[str], rows: Iterable[Sequence[object]], **told: Any) -> Preview:
    cells = tuple(tuple(_shown(cell) for cell in row) for row in rows)
    samples: dict[str, str] = {}
    for row in cells:
        for column, cell in zip(columns, row, strict=False):
            if cell and column not in samples:
                samples[column] = cell
    return Preview(tuple(columns), cells, samples=samples, **told)


def _shown(cell: object) -> str:
    if cell is None:
        return ""
    text = cell if isinstance(cell, str) else json.dumps(cell, ensure_ascii=False, default=str)
    text = text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
    return text if len(text) <= MOST_CELL else text[: MOST_CELL - 1] + "…"


# ---- Text ------------------------------------------------------------------------------------------------------------


def _head(path: Path, name: str, sniffed: Sniffed, encoding: str) -> str:
    """The beginning of a file as text, without its last line where this is cut."""
    compression = {".gz": "gzip", ".zst": "zstd", "": None}[sniffed.compression]
    try:
        with pa.input_stream(str(path), compression=compression) as stream:
            head = bytes(stream.read(inputs.HEAD_BYTES))
    except inputs.TRUNCATED as error:
        raise UnfitFile(f"{name}: breaks off ({str(error)[:100]}); copy it again", Unfit.BROKEN) from None
    try:
        text = head.decode(encoding, "replace").lstrip("\ufeff")
    except LookupError:
        raise UnfitFile(f"{name}: {encoding} is no encoding", Unfit.ENCODING) from None
    return text if len(head) < inputs.HEAD_BYTES or "\n" not in text else text[: text.rindex("\n") + 1]


def _csv(name: str, text: str, encoding: str, limits: Limits) -> Preview:
    most = limits.columns
    first = text.partition("\n")[0]
    widest = max(first.count(mark) for mark in inputs.DELIMITERS) + 1
    if widest > 2 * most:
        raise too_many_columns(name, widest, most)
    columns, delimiter = inputs.header_of(name, text.encode("utf-8", "replace"))
    if len(columns) > most:
        raise too_many_columns(name, len(columns), most)
    rows: list[list[str]] = []
    # At a cell larger than Python's bound the rows before it are shown; whether it can be read, the import tells.
    with suppress(csv.Error):
        rows.extend(islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 1, 10 * ROWS))
    shown = [row[: len(columns)] for row in rows if any(cell.strip() for cell in row)][:ROWS]
    return _made(columns, shown, encoding=encoding, delimiter=delimiter)


def _ndjson(name: str, text: str, encoding: str, limits: Limits) -> Preview:
    objects: list[dict[str, object]] = []
    for line in text.split("\n"):
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            continue  # one bad line is that row's fault: it is counted among the rejects
        if isinstance(found, dict):
            objects.append(found)
        if len(objects) == ROWS:
            break
    if not objects:
        raise UnfitFile(f"{name}: no line is a JSON object", Unfit.NO_ROWS)
    columns = list(dict.fromkeys(key for each in objects for key in each))
    if len(columns) > limits.columns:
        raise too_many_columns(name, len(columns), limits.columns)
    return _made(columns, [[each.get(column) for column in columns] for each in objects], encoding=encoding)


# ---- What is not text ------------------------------------------------------------------------------------------------


def _workbook(path: Path, name: str, wanted: str, limits: Limits) -> Preview:
    try:
        with path.open("rb") as file:
            titles, title, found = _sheet(file, name, wanted)
    except UnfitFile:
        raise
    except Exception as error:  # noqa: BLE001 - openpyxl raises whatever zip and XML raise
        raise UnfitFile(
            f"{name}: not a workbook that can be read ({str(error)[:100]}); save it again as .xlsx",
            Unfit.NOT_A_WORKBOOK,
        ) from None
    header = [str(cell).strip() if cell is not None else "" for cell in (found[0] if found else ())]
    if not any(header):
        return Preview((), (), titles, title)  # another sheet may be meant
    while header and not header[-1]:
        header.pop()
    if len(header) > limits.columns:
        raise too_many_columns(name, len(header), limits.columns)
    rows = [[inputs.cell_of(cell) for cell in row] for row in found[1:] if any(cell is not None for cell in row)]
    return _made(header, [row[: len(header)] for row in rows[:ROWS]], sheets=titles, sheet=title)


def _sheet(file: IO[bytes], name: str, wanted: str) -> tuple[tuple[str, ...], str, list[tuple[Any, ...]]]:
    """The names of the sheets, the one that is read, and its first rows."""
    import openpyxl

    book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    try:
        titles = tuple(sheet.title for sheet in book.worksheets)
        sheet = next((each for each in book.worksheets if each.title == wanted or not wanted), None)
        if sheet is None:
            raise UnfitFile(f"{name}: no sheet {wanted!r}; it has: {', '.join(titles)}", Unfit.NO_SHEET, sheet=wanted)
        sheet.reset_dimensions()  # what a workbook says of its size is not believed
        return titles, sheet.title, list(islice(sheet.iter_rows(values_only=True), 1 + 10 * ROWS))
    finally:
        book.close()


def _parquet(path: Path, name: str) -> Preview:
    """By DuckDB, which holds to its bound of memory whatever a page of the file says of its size."""
    try:
        with duckdb.connect() as connection:
            for setting in (f"memory_limit = '{MEMORY}'", "threads = 1", "autoinstall_known_extensions = false"):
                connection.execute(f"set {setting}")
            # Text of each cell is made there, too: no type of Parquet's is beyond it.
            told = connection.sql(f"select * from read_parquet({quoted(str(path))}) limit {ROWS}")
            columns = list(told.columns)
            rows = told.project(", ".join(f"cast(#{index + 1} as varchar)" for index in range(len(columns)))).fetchall()
    except duckdb.Error as error:
        raise UnfitFile(
            f"{name}: not a Parquet file that can be read ({str(error).partition(chr(10))[0][:100]}); write it again",
            Unfit.BROKEN,
        ) from None
    except UnicodeError as error:
        raise UnfitFile(f"{name}: its text is not in UTF-8 ({error}); write it again", Unfit.BROKEN) from None
    return _made(columns, rows)
