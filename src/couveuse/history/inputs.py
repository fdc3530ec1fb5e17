"""The files of a history: which they are, how they are written, and what is wrong with them as a whole.

What is wrong with single rows is found when they are read (`couveuse.history.loose`).
"""

import csv
import glob
import gzip
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import pyarrow as pa

from couveuse.errors import BadInput


class Format(StrEnum):
    """How a file is written; a workbook is turned into lines of JSON before anything else reads it."""

    CSV = "csv"
    NDJSON = "ndjson"
    PARQUET = "parquet"
    XLSX = "xlsx"


ENDINGS = {
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".txt": Format.CSV,
    ".ndjson": Format.NDJSON,
    ".jsonl": Format.NDJSON,
    ".json": Format.NDJSON,
    ".parquet": Format.PARQUET,
    ".pq": Format.PARQUET,
    ".xlsx": Format.XLSX,
}
COMPRESSIONS = (".gz", ".zst")
KNOWN = ", ".join((*ENDINGS, *COMPRESSIONS))

# How much of a file is looked at to see how it is written.
HEAD_BYTES = 1 << 20
DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True)
class Input:
    """One file: where it is, how it is written, and for CSV its columns and delimiter."""

    path: str
    format: Format
    columns: tuple[str, ...] = ()
    delimiter: str = ","
    encoding: str = "utf-8"

    @property
    def name(self) -> str:
        """What the file is called in messages."""
        return Path(self.path).name


def find(arguments: Sequence[str], *, encoding: str = "utf-8", work: Path) -> list[Input]:
    """The files that the arguments name: files, folders, globs. Workbooks are rewritten into the folder `work`.

    Raises BadInput where there is nothing to read, or where a file cannot be what its name says.
    """
    paths = [path for argument in arguments for path in _paths(argument)]
    return [_look(path, encoding, work) for path in dict.fromkeys(paths)]


def _paths(argument: str) -> list[str]:
    path = Path(argument)
    if path.is_dir():
        found = sorted(str(p) for p in path.rglob("*") if p.is_file() and format_of(p) and not p.name.startswith("."))
        if not found:
            raise BadInput(f"{argument}: the folder holds no file to read; it wants one that ends in {KNOWN}")
        return found
    if path.exists():
        return [argument]
    found = sorted(glob.glob(argument, recursive=True))
    if not found:
        raise BadInput(f"{argument}: no such file; check the path, or quote a glob")
    return [inner for name in found for inner in _paths(name)]


def format_of(path: Path) -> Format | None:
    """How a file is written, by its name."""
    name = path.name.lower()
    for compression in COMPRESSIONS:
        name = name.removesuffix(compression)
    return ENDINGS.get(Path(name).suffix)


def _look(path: str, encoding: str, work: Path) -> Input:
    form = format_of(Path(path))
    if form is None:
        raise BadInput(f"{path}: not a known kind of file; it wants a name that ends in {KNOWN}")
    if Path(path).stat().st_size == 0:
        raise BadInput(f"{path}: the file is empty; export it again, with a header and rows")
    if form is Format.PARQUET:
        return Input(path, form)
    if form is Format.XLSX:
        return Input(_workbook(Path(path), work), Format.NDJSON)
    head = _head(path)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BadInput(f"{path}: the file is in UTF-16; save it as CSV UTF-8")
    if not head.strip():
        raise BadInput(f"{path}: the file is empty; export it again, with a header and rows")
    _check_encoding(path, head, encoding)
    if form is Format.NDJSON:
        return Input(path, form, encoding=encoding)
    return _csv(path, head, encoding)


def _head(path: str) -> bytes:
    """The beginning of a file, inflated."""
    try:
        with pa.input_stream(path, compression="detect") as stream:
            return bytes(stream.read(HEAD_BYTES))
    except (OSError, ValueError, pa.ArrowException) as error:
        raise BadInput(f"{path}: cannot be read ({_first_line(error)}); it may be cut off: copy it again") from None


def _check_encoding(path: str, head: bytes, encoding: str) -> None:
    try:
        io.TextIOWrapper(io.BytesIO(head), encoding=encoding).read()
    except LookupError:
        raise BadInput(f"--encoding {encoding}: no such encoding; write utf-8 or latin-1") from None
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4 and b"\n" not in head[: error.start]:
            raise BadInput(
                f"{path}: not in UTF-8 (byte {error.start}); save it as UTF-8, or say --encoding latin-1"
            ) from None


def _csv(path: str, head: bytes, encoding: str) -> Input:
    text = head.decode(encoding, errors="replace").removeprefix("\ufeff")
    first, _, rest = text.partition("\n")
    if not rest.strip():
        raise BadInput(f"{path}: a header and no rows; export the rows, too")
    counts = {mark: _outside_quotes(first, mark) for mark in DELIMITERS}
    delimiter = max(counts, key=lambda mark: counts[mark])
    if not counts[delimiter]:
        delimiter = ","
    columns = tuple(column.strip() for column in next(csv.reader([first.rstrip("\r")], delimiter=delimiter)))
    twice = {column for column in columns if column and columns.count(column) > 1}
    if twice:
        raise BadInput(f"{path}: two columns are called {sorted(twice)[0]!r}; rename one of them in the header")
    if "" in columns:
        raise BadInput(f"{path}: column {columns.index('') + 1} has no name; give it one in the header")
    return Input(path, Format.CSV, columns, delimiter, encoding)


def _outside_quotes(line: str, mark: str) -> int:
    return sum(part.count(mark) for part in line.split('"')[::2])


def _workbook(path: Path, work: Path) -> str:
    """The first sheet of a workbook as lines of JSON, cell by cell as it was typed."""
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # openpyxl raises whatever zip and XML raise
        raise BadInput(
            f"{path}: not a workbook that can be read ({_first_line(error)}); save it again as .xlsx"
        ) from None
    rows = book.worksheets[0].iter_rows(values_only=True)
    header = [str(cell).strip() if cell is not None else "" for cell in next(rows, ())]
    if not any(header):
        raise BadInput(f"{path}: the first sheet has no header; write the columns' names into its first row")
    target = work / f"{path.stem}-{abs(hash(str(path.resolve()))):x}.ndjson"
    written = 0
    with target.open("w", encoding="utf-8") as lines:
        for row in rows:
            cells = {name: _cell(cell) for name, cell in zip(header, row, strict=False) if name and cell is not None}
            if cells:
                lines.write(json.dumps(cells, ensure_ascii=False) + "\n")
                written += 1
    if not written:
        raise BadInput(f"{path}: a header and no rows; write the rows into the first sheet")
    return str(target)


def _cell(cell: object) -> object:
    return cell if isinstance(cell, (str, int, float, bool)) else getattr(cell, "isoformat", lambda: str(cell))()


def numbered_lines(file: Input) -> Iterator[tuple[int, bytes]]:
    """The lines of a text file with their numbers, from 1, blank ones left out.

    Raises BadInput where the file breaks off.
    """
    try:
        with pa.input_stream(file.path, compression="detect") as stream:
            for number, line in enumerate(io.BufferedReader(stream), 1):
                if line.strip():
                    yield number, line
    except (OSError, EOFError, gzip.BadGzipFile, pa.ArrowException) as error:
        raise BadInput(f"{file.path}: breaks off ({_first_line(error)}); copy it again") from None


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:160] or type(error).__name__
