"""What a file that came from outside is, by what it holds and not only by its name, and that it is no trap.

Nothing is inflated, parsed or believed beyond the limits stated here: what a workbook or a Parquet file says of itself
is read before it is opened by whoever trusts it.
"""

import codecs
import json
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from couveuse.history.inputs import COMPRESSIONS, ENDINGS, KNOWN, TRUNCATED, Format
from couveuse.history.limits import LIMITS, MIB, Limits, too_large
from couveuse.history.unfit import Unfit, UnfitFile

HEAD_BYTES: Final = MIB
_GZIP, _ZSTD, _ZIP, _PARQUET, _OLE = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"PAR1", b"\xd0\xcf\x11\xe0"
# What text of ours never begins with: pages, PDF, RTF, PostScript, scripts.
_NOT_OURS: Final = re.compile(rb"\s*(<|%PDF|\{\\rtf|%!PS|#!)", re.IGNORECASE)
_XML_TRAP: Final = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
# A Parquet file's description of itself stands at its end; one of ours has a few kilobytes.
_MOST_FOOTER: Final = 16 * MIB
# Windows' own encoding of the west: what Excel writes where it does not write UTF-8.
WINDOWS: Final = "cp1252"
_SPACES: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
MOST_NAME: Final = 120


@dataclass(frozen=True, slots=True)
class Sniffed:
    """What a file is: its format, `.gz` or `.zst` where it is compressed, and for text its encoding."""

    format: Format
    compression: str
    encoding: str

    @property
    def ending(self) -> str:
        """How the name of such a file ends."""
        return f".{self.format.value}{self.compression}"


def plain_name(text: str) -> str:
    """The name of a file without its folder, whatever wrote it: fit to be shown, and to be a name on any disk.

    >>> plain_name("../../etc/pass\\x00wd.csv"), plain_name("C:\\\\Users\\\\Ana\\\\leads.csv"), plain_name("..")
    ('pass wd.csv', 'leads.csv', 'file')
    """
    name = _SPACES.sub(" ", re.split(r"[/\\]", text)[-1]).strip().lstrip(".").strip()
    if len(name) > MOST_NAME:
        stem, dot, ending = name.rpartition(".")
        name = stem[: MOST_NAME - 20] + dot + ending[:19]
    return name or "file"


def sniff(path: Path, name: str, limits: Limits = LIMITS) -> Sniffed:
    """What a file is that somebody calls `name`; raises UnfitFile for what is none of ours, too large, or a trap."""
    size = path.stat().st_size
    if not size:
        raise UnfitFile(f"{name}: the file is empty; export it again, with a header and rows", Unfit.EMPTY)
    if size > limits.size:
        raise too_large(name, limits.size)
    if not _is_named(name):
        raise UnfitFile(f"{name}: not a known kind of file; it wants a name that ends in {KNOWN}", Unfit.WRONG_NAME)
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    compression = next((c for c, magic in ((".gz", _GZIP), (".zst", _ZSTD)) if head.startswith(magic)), "")
    if compression:
        head = _inflated(path, name, compression, limits)
    if head.startswith((_PARQUET, _ZIP, _OLE)):
        return _binary(path, name, head, compression, limits)
    return _text(name, head, compression)


def _is_named(name: str) -> bool:
    plain = name.lower()
    for compression in COMPRESSIONS:
        plain = plain.removesuffix(compression)
    return Path(plain).suffix in ENDINGS


def _wrong(name: str) -> UnfitFile:
    return UnfitFile(
        f"{name}: it does not hold what its name says; it wants CSV, NDJSON, Parquet or XLSX, or text in .gz or .zst",
        Unfit.WRONG_KIND,
    )


def _inflates(name: str, most: int) -> UnfitFile:
    return UnfitFile(
        f"{name}: it would inflate to more than {most // MIB:,} MB; split it, or import it with the command",
        Unfit.INFLATES,
        megabytes=most // MIB,
    )


def _inflated(path: Path, name: str, compression: str, limits: Limits) -> bytes:
    """The head of a compressed file, once it is inflated to its end, piece by piece, to see how much there is."""
    kind = {".gz": "gzip", ".zst": "zstd"}[compression]
    head, total = b"", 0
    try:
        with path.open("rb") as file, pa.CompressedInputStream(pa.PythonFile(file, "r"), kind) as stream:
            while piece := bytes(stream.read(HEAD_BYTES)):
                head = head or piece
                total += len(piece)
                if total > limits.inflated:
                    raise _inflates(name, limits.inflated)
    except TRUNCATED as error:
        raise UnfitFile(f"{name}: breaks off ({str(error)[:100]}); copy it again", Unfit.BROKEN) from None
    if not head:
        raise UnfitFile(f"{name}: the file is empty; export it again, with a header and rows", Unfit.EMPTY)
    return head


# ---- What is not text ------------------------------------------------------------------------------------------------


def _binary(path: Path, name: str, head: bytes, compression: str, limits: Limits) -> Sniffed:
    if head.startswith(_OLE):
        raise UnfitFile(
            f"{name}: an old or a protected workbook; save it as .xlsx, without a password", Unfit.OLD_EXCEL
        )
    if compression:
        raise _wrong(name)
    if head.startswith(_PARQUET):
        _check_parquet(path, name, limits)
        return Sniffed(Format.PARQUET, "", "")
    _check_workbook(path, name, limits)
    return Sniffed(Format.XLSX, "", "")


def _check_workbook(path: Path, name: str, limits: Limits) -> None:
    """A workbook is looked at from outside: how much its parts say they hold (which none may exceed), and no more."""
    not_one = UnfitFile(f"{name}: not a workbook that can be read; save it again as .xlsx", Unfit.NOT_A_WORKBOOK)
    if path.stat().st_size > limits.workbook:
        raise too_large(name, limits.workbook)
    try:
        with zipfile.ZipFile(path) as book:
            parts = book.infolist()
            names = {part.filename for part in parts}
            if "[Content_Types].xml" not in names or "xl/workbook.xml" not in names:
                raise _wrong(name)
            if any(part.flag_bits & 1 for part in parts):
                raise UnfitFile(f"{name}: a protected workbook; save it without a password", Unfit.LOCKED)
            texts = sum(part.file_size for part in parts if part.filename.lower() == "xl/sharedstrings.xml")
            if len(parts) > limits.parts or sum(part.file_size for part in parts) > limits.workbook_inflated:
                raise _inflates(name, limits.workbook_inflated)
            if texts > limits.workbook_texts:
                raise _inflates(name, limits.workbook_texts)
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    with book.open(part) as text:
                        if _XML_TRAP.search(text.read(4_096)):
                            raise not_one
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError):
        raise not_one from None


def _check_parquet(path: Path, name: str, limits: Limits) -> None:
    """What a Parquet file says of itself, with bounds on how much may be said."""
    broken = UnfitFile(f"{name}: not a Parquet file that can be read; write it again", Unfit.BROKEN)
    with path.open("rb") as file:
        size = file.seek(0, 2)
        if size < 12:
            raise broken
        file.seek(size - 8)
        end = file.read(8)
    length = struct.unpack("<I", end[:4])[0]
    if end[4:] != _PARQUET or not 0 < length <= min(size - 12, _MOST_FOOTER):
        raise broken
    try:
        with pq.ParquetFile(
            path, thrift_string_size_limit=_MOST_FOOTER, thrift_container_size_limit=1_000_000
        ) as opened:
            told = opened.metadata
            columns, rows, groups = told.num_columns, told.num_rows, told.num_row_groups
            if columns > limits.columns:
                raise too_many_columns(name, columns, limits.columns)
            if not 0 <= rows <= limits.rows or groups > limits.row_groups:
                raise UnfitFile(
                    f"{name}: more than {limits.rows:,} rows; split it, or import it with the command",
                    Unfit.TOO_MANY_ROWS,
                    rows=limits.rows,
                )
            sizes = [told.row_group(index).total_byte_size for index in range(groups)]
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError):
        raise broken from None
    if not rows:
        raise UnfitFile(f"{name}: no rows; export the rows, too", Unfit.NO_ROWS)
    if any(each < 0 for each in sizes) or sum(sizes) > limits.inflated:
        raise _inflates(name, limits.inflated)


def too_many_columns(name: str, columns: int, most: int) -> UnfitFile:
    """A file has more columns than anybody maps."""
    return UnfitFile(
        f"{name}: {columns:,} columns; keep {most:,} at most, those that say something of leads",
        Unfit.TOO_MANY_COLUMNS,
        columns=columns,
        most=most,
    )


# ---- Text ------------------------------------------------------------------------------------------------------------


def _text(name: str, head: bytes, compression: str) -> Sniffed:
    encoding = encoding_of(head)
    text = head.decode(encoding, "replace").lstrip("\ufeff")
    if _NOT_OURS.match(text.encode("utf-8", "replace")) or "\x00" in text:
        raise _wrong(name)
    first = text.lstrip()
    if not first:
        raise UnfitFile(f"{name}: the file is empty; export it again, with a header and rows", Unfit.EMPTY)
    if first[0] == "[" or (first[0] == "{" and not _is_an_object(first.partition("\n")[0], len(head))):
        raise UnfitFile(
            f"{name}: JSON as one document; write one object a line (NDJSON), as: jq -c '.[]'", Unfit.ONE_DOCUMENT
        )
    return Sniffed(Format.NDJSON if first[0] == "{" else Format.CSV, compression, encoding)


def _is_an_object(line: str, size: int) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return "\n" not in line and len(line) >= size // 2  # a first line longer than the head
    except RecursionError:
        return False


def encoding_of(head: bytes) -> str:
    """How text is encoded, as its beginning tells: UTF-8 if it can be, UTF-16 by its mark, else Windows' own.

    >>> encoding_of("déjà".encode()), encoding_of("déjà".encode("latin-1")), encoding_of("é".encode("utf-16"))
    ('utf-8', 'cp1252', 'utf-16')
    """
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # a character may be cut at the end of the head
    except UnicodeDecodeError:
        try:
            head.decode(WINDOWS)
        except UnicodeDecodeError:
            return "latin-1"
        return WINDOWS
    return "utf-8"
