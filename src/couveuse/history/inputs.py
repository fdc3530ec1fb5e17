"""The files of a history: which they are, how they are written, and what is wrong with them as a whole.

What is wrong with single rows is found when they are read (`couveuse.history.loose`).
"""

import codecs
import csv
import glob
import io
import json
import zipfile
import zlib
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from couveuse.errors import BadInput
from couveuse.history.unfit import Unfit, UnfitFile

if TYPE_CHECKING:
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet


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
UTF_8 = "utf-8"
# What is raised where compressed text ends too soon.
TRUNCATED = (OSError, EOFError, pa.ArrowException)


@dataclass(frozen=True, slots=True)
class Input:
    """One file: where it is, how it is written, and for CSV its columns and delimiter."""

    path: str
    format: Format
    columns: tuple[str, ...] = ()
    delimiter: str = ","
    was: str = ""  # the path that was given, where the file had to be rewritten before it could be read
    notice: str = ""  # what a careful reader should know of the file

    @property
    def given(self) -> str:
        """The path as it was given, for messages."""
        return self.was or self.path

    @property
    def name(self) -> str:
        """The file's name without its folder, for messages."""
        return Path(self.given).name


def find(arguments: Sequence[str], *, encoding: str = "utf-8", sheet: str = "", work: Path) -> list[Input]:
    """The files that the arguments name: files, folders, globs. Workbooks (of which one sheet is read, the first if
    none is named), and text that is not in UTF-8, are rewritten into the folder `work`.

    Raises BadInput where there is nothing to read, or where a file cannot be what its name says.
    """
    return [_look(path, encoding, sheet, work) for path in paths_of(arguments)]


def paths_of(arguments: Sequence[str]) -> list[str]:
    """The files that the arguments name, each once; raises BadInput where one names none."""
    return list(dict.fromkeys(path for argument in arguments for path in _paths(argument)))


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


def _look(path: str, encoding: str, sheet: str, work: Path) -> Input:
    form = format_of(Path(path))
    if form is None:
        raise UnfitFile(f"{path}: not a known kind of file; it wants a name that ends in {KNOWN}", Unfit.WRONG_NAME)
    if not Path(path).is_file():
        raise BadInput(
            f"{path}: not a regular file; write what it gives into a file first, for it is read more than once"
        )
    if Path(path).stat().st_size == 0:
        raise UnfitFile(f"{path}: the file is empty; export it again, with a header and rows", Unfit.EMPTY)
    if form is Format.PARQUET:
        return Input(path, form)
    if form is Format.XLSX:
        return _workbook(Path(path), sheet, work)
    head = _head(path)
    if not head.strip():
        raise UnfitFile(f"{path}: the file is empty; export it again, with a header and rows", Unfit.EMPTY)
    known = _encoding(path, head, encoding)
    where = path if known == UTF_8 else _recoded(path, known, work)
    if where != path:
        head = _head(where)
    if form is Format.NDJSON:
        return Input(where, form, was=path)
    columns, delimiter = header_of(path, head)
    return Input(where, form, columns, delimiter, was=path)


def _head(path: str) -> bytes:
    """The beginning of a file, inflated."""
    try:
        with pa.input_stream(path, compression="detect") as stream:
            return bytes(stream.read(HEAD_BYTES))
    except (OSError, ValueError, pa.ArrowException) as error:
        raise UnfitFile(
            f"{path}: cannot be read ({_first_line(error)}); it may be cut off: copy it again", Unfit.BROKEN
        ) from None


def _encoding(path: str, head: bytes, encoding: str) -> str:
    """How a file is encoded: as was said, but for a mark at its beginning; raises BadInput where that cannot be."""
    try:
        known = codecs.lookup(encoding).name
    except LookupError:
        raise BadInput(f"--encoding {encoding}: no such encoding; write utf-8 or latin-1") from None
    if known == UTF_8 and head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if known in (UTF_8, "ascii"):
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise UnfitFile(
                f"{path}: the file is in UTF-16; save it as CSV UTF-8, or say --encoding utf-16", Unfit.ENCODING
            )
        _check_utf_8(path, head)
        return UTF_8
    return known


def _check_utf_8(path: str, head: bytes) -> None:
    """A file with not one accent in UTF-8 is in another encoding; a row spoilt among good ones is that row's fault."""
    spoilt = 0
    for number, line in enumerate(head.split(b"\n")[: None if len(head) < HEAD_BYTES else -1], 1):
        try:
            if not line.decode(UTF_8).isascii():
                return
        except UnicodeDecodeError:
            spoilt = spoilt or number
    if spoilt:
        raise UnfitFile(
            f"{path}: not in UTF-8 (line {spoilt}); save it as UTF-8, or say --encoding latin-1", Unfit.ENCODING
        )


def _recoded(path: str, encoding: str, work: Path) -> str:
    """The file in UTF-8, without a mark at its beginning: nothing that reads it later knows another encoding."""
    name = Path(path).name.lower()
    for compression in COMPRESSIONS:
        name = name.removesuffix(compression)
    target = _rewritten(Path(path), work, Path(name).suffix)
    try:
        with pa.input_stream(path, compression="detect") as stream, target.open("wb") as out:
            decoder = codecs.getincrementaldecoder(encoding)()
            while chunk := stream.read(HEAD_BYTES):
                out.write(decoder.decode(chunk).encode(UTF_8, "replace"))
            out.write(decoder.decode(b"", final=True).encode(UTF_8, "replace"))
    except UnicodeError as error:
        raise UnfitFile(
            f"{path}: not in {encoding} ({_first_line(error)}); say another --encoding", Unfit.ENCODING
        ) from None
    except TRUNCATED as error:
        raise _broken(path, error) from None
    return str(target)


def _rewritten(path: Path, work: Path, ending: str) -> Path:
    """Where a rewritten file goes: under a name that is its own, and the same whenever it is read."""
    digest = blake2b(str(path.resolve()).encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
    return work / f"{digest}{ending}"


def header_of(path: str, head: bytes) -> tuple[tuple[str, ...], str]:
    """The columns of a CSV file, and what stands between them."""
    first, _, rest = head.decode(UTF_8, errors="replace").partition("\n")
    if not first.strip():
        raise UnfitFile(f"{path}: the first line is blank; put the header there", Unfit.NO_HEADER)
    if not rest.strip():
        raise UnfitFile(f"{path}: a header and no rows; export the rows, too", Unfit.NO_ROWS)
    counts = {mark: _outside_quotes(first, mark) for mark in DELIMITERS}
    delimiter = max(counts, key=lambda mark: counts[mark])
    if not counts[delimiter]:
        delimiter = ","
    columns = tuple(column.strip() for column in next(csv.reader([first.rstrip("\r")], delimiter=delimiter)))
    _check_header(path, columns)
    return columns, delimiter


def _check_header(path: str, columns: Sequence[str]) -> None:
    known: dict[str, str] = {}
    for place, column in enumerate(columns, 1):
        if not column:
            raise UnfitFile(
                f"{path}: column {place} has no name; give it one in the header", Unfit.NAMELESS, place=place
            )
        twin = known.get(column.lower())
        known[column.lower()] = column
        if twin is not None:
            names = f"called {column!r}" if twin == column else f"called {twin!r} and {column!r}"
            raise UnfitFile(
                f"{path}: two columns are {names}; rename one of them in the header", Unfit.TWICE, column=column
            )


def _outside_quotes(line: str, mark: str) -> int:
    return sum(part.count(mark) for part in line.split('"')[::2])


def _workbook(path: Path, named: str, work: Path) -> Input:
    """One sheet of a workbook as lines of JSON, each on the line of its row, cell by cell as it was typed."""
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        sheets = book.worksheets
        first = sheets[0]
    except Exception as error:  # noqa: BLE001 - openpyxl raises whatever zip and XML raise
        raise UnfitFile(
            f"{path}: not a workbook that can be read ({_first_line(error)}); save it again as .xlsx",
            Unfit.NOT_A_WORKBOOK,
        ) from None
    target = _rewritten(path, work, ".ndjson")
    try:
        sheet = next((each for each in sheets if each.title == named), None) if named else first
        if sheet is None:
            titles = ", ".join(each.title for each in sheets)
            raise UnfitFile(f"{path}: no sheet {named!r}; it has: {titles}", Unfit.NO_SHEET, sheet=named)
        _write_sheet(path, sheet, target)
    except (zipfile.BadZipFile, zlib.error, SyntaxError, EOFError, KeyError, ValueError) as error:
        raise _broken(str(path), error) from None
    finally:
        book.close()
    notice = ""
    if len(sheets) > 1 and not named:
        notice = f"{path}: only its first sheet, {first.title!r}, is read."
    return Input(str(target), Format.NDJSON, was=str(path), notice=notice)


def _write_sheet(path: Path, sheet: "ReadOnlyWorksheet", target: Path) -> None:
    sheet.reset_dimensions()  # what a workbook says of its size is not believed: each row would be as wide
    rows = sheet.iter_rows(values_only=True)  # type: ignore[misc]  # the stubs know only sheets that can be written
    header = [str(cell).strip() if cell is not None else "" for cell in next(rows, ())]
    if not any(header):
        raise UnfitFile(
            f"{path}: the first sheet has no header; write the columns' names into its first row", Unfit.NO_HEADER
        )
    _check_header(str(path), [name for name in header if name])
    written = False
    with target.open("w", encoding="utf-8") as lines:
        lines.write("\n")  # the header's own
        for row in rows:
            if any(cell is not None for cell in row[len(header) :]):
                raise _nameless(path)
            found = [(name, cell_of(cell)) for name, cell in zip(header, row, strict=False) if cell is not None]
            if not all(name for name, _ in found):
                raise _nameless(path)
            lines.write(json.dumps(dict(found), ensure_ascii=False) + "\n" if found else "\n")
            written = written or bool(found)
    if not written:
        raise UnfitFile(f"{path}: a header and no rows; write the rows into the first sheet", Unfit.NO_ROWS)


def _nameless(path: Path) -> UnfitFile:
    return UnfitFile(f"{path}: a column with cells has no name; give it one in the first row", Unfit.NAMELESS)


def cell_of(cell: object) -> object:
    """A cell of a workbook as JSON has it."""
    return cell if isinstance(cell, (str, int, float, bool)) else getattr(cell, "isoformat", lambda: str(cell))()


def numbered_lines(file: Input) -> Iterator[tuple[int, bytes]]:
    """The lines of a text file with their numbers, from 1, blank ones left out.

    Raises BadInput where the file breaks off.
    """
    for number, line in _lines(file):
        if line.strip():
            yield number, line


def _lines(file: Input) -> Iterator[tuple[int, bytes]]:
    try:
        with pa.input_stream(file.path, compression="detect") as stream:
            yield from enumerate(io.BufferedReader(stream), 1)
    except TRUNCATED as error:
        raise _broken(file.given, error) from None


def check_whole(file: Input) -> None:
    """Inflate a compressed file to its end, so that its checksums are looked at: DuckDB takes the part for the whole.

    Raises BadInput where the file is spoilt or cut off.
    """
    if not file.path.lower().endswith(COMPRESSIONS):
        return
    try:
        with pa.input_stream(file.path, compression="detect") as stream:
            while stream.read(HEAD_BYTES):
                pass
    except TRUNCATED as error:
        raise _broken(file.given, error) from None


def numbered_records(file: Input, also: Container[int]) -> Iterator[tuple[int, list[int]]]:
    """The rows of a CSV file: the line on which each begins, the header's being 1, and at which byte, from 1.

    A row goes on over the line's end within quotes; `also` are bytes at which a row is known to begin. The header
    is left out, and so are blank lines, but that a row may be said to begin at those before it.
    """
    mark = file.delimiter.encode()
    is_open, is_header, at = False, True, 1
    begins: list[int] = []
    for number, line in _lines(file):
        if not is_open or at in also:
            is_open = False
            begins.append(at)
            if line.strip(b"\r\n"):
                if not is_header:
                    yield number, begins
                is_header, begins = False, []
        is_open = _ends_open(line, mark, is_open=is_open)
        at += len(line)


def _ends_open(line: bytes, mark: bytes, *, is_open: bool) -> bool:
    """Whether a line of CSV ends within quotes: these open at the beginning of a cell, and only there."""
    if b'"' not in line:
        return is_open
    for cell in line.split(mark):
        is_odd = cell.count(b'"') % 2 == 1
        is_open = not is_odd if is_open else is_odd and cell.startswith(b'"')
    return is_open


def _broken(path: str, error: Exception) -> BadInput:
    return UnfitFile(f"{path}: breaks off ({_first_line(error)}); copy it again", Unfit.BROKEN)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:160] or type(error).__name__
