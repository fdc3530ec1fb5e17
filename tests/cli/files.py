"""One small history in every form that files have."""

import csv
import gzip
import io
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

Row = Mapping[str, object]

# Two leads, one visitor; the second e-mail's clicks are a machine's.
HISTORY: tuple[Row, ...] = (
    {
        "event": "Page Viewed",
        "occurred_at": "2026-03-03T10:00:00Z",
        "email": "ada@example.com",
        "path": "/tarifs",
        "message_id": "m1",
    },
    {
        "event": "Document Downloaded",
        "occurred_at": "2026-03-04T10:00:00Z",
        "email": "ada@example.com",
        "message_id": "m2",
    },
    {
        "event": "Email Clicked",
        "occurred_at": "2026-03-05T10:00:00Z",
        "email": "bob@example.com",
        "url": "https://www.example.com/devis",
        "message_id": "m3",
    },
    {
        "event": "Quote Requested",
        "occurred_at": "2026-03-06T10:00:00Z",
        "email": "bob@example.com",
        "message_id": "m4",
        "amount": 12.5,
    },
    {
        "event": "Page Viewed",
        "occurred_at": "2026-03-07T10:00:00Z",
        "anonymous_id": "phone",
        "path": "/blog",
        "message_id": "m5",
    },
    {
        "event": "Score Adjusted",
        "occurred_at": "2026-03-08T10:00:00Z",
        "email": "ada@example.com",
        "kind": "add",
        "points": 4,
        "message_id": "m6",
    },
    {
        "event": "Page Viewed",
        "occurred_at": "2026-03-03T10:00:00Z",
        "email": "ada@example.com",
        "path": "/tarifs",
        "message_id": "m1",
    },
)
AT = "2026-03-10T00:00:00Z"
MODEL = "bareme-complet"


def a_view(day: int, email: str = "ada@example.com", **more: object) -> dict[str, object]:
    """A page viewed on a day of March."""
    return {"event": "Page Viewed", "occurred_at": f"2026-03-{day:02d}T10:00:00Z", "email": email, **more}


def ndjson(rows: Sequence[Row]) -> bytes:
    """Rows as lines of JSON."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def columns(rows: Sequence[Row]) -> list[str]:
    """The columns that rows have among them, in their order."""
    return list(dict.fromkeys(name for row in rows for name in row))


def text(rows: Sequence[Row], delimiter: str = ",") -> bytes:
    """Rows as CSV."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns(rows), restval="", delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def parquet(rows: Sequence[Row]) -> bytes:
    """Rows as a table whose times are typed."""
    named = columns(rows)
    table = [{name: row.get(name) for name in named} for row in rows]
    for row in table:
        row["occurred_at"] = datetime.fromisoformat(str(row["occurred_at"]))
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(table), out)
    return out.getvalue()


def workbook(rows: Sequence[Row]) -> bytes:
    """Rows as the first sheet of a workbook."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    named = columns(rows)
    sheet.append(named)
    for row in rows:
        sheet.append([row.get(name) for name in named])
    out = io.BytesIO()
    book.save(out)
    book.close()
    return out.getvalue()


def zstandard(content: bytes) -> bytes:
    """Compressed by Zstandard."""
    return bytes(pa.compress(content, codec="zstd", asbytes=True))


FORMS: Mapping[str, Callable[[Sequence[Row]], bytes]] = {
    "events.csv": text,
    "events.tsv": lambda rows: text(rows, "\t"),
    "semicolons.csv": lambda rows: text(rows, ";"),
    "windows.csv": lambda rows: text(rows).replace(b"\n", b"\r\n"),
    "marked.csv": lambda rows: b"\xef\xbb\xbf" + text(rows),
    "events.csv.gz": lambda rows: gzip.compress(text(rows)),
    "events.csv.zst": lambda rows: zstandard(text(rows)),
    "events.ndjson": ndjson,
    "marked.ndjson": lambda rows: b"\xef\xbb\xbf" + ndjson(rows),
    "events.jsonl.gz": lambda rows: gzip.compress(ndjson(rows)),
    "events.ndjson.zst": lambda rows: zstandard(ndjson(rows)),
    "events.parquet": parquet,
    "events.xlsx": workbook,
}


def write(folder: Path, name: str, content: bytes | Sequence[Row]) -> Path:
    """A file of the history, as its name says; or of bytes as they are."""
    path = folder / name
    if not isinstance(content, bytes):
        ending = name[name.index(".") :]
        makers = {".csv": text, ".ndjson": ndjson, ".parquet": parquet, ".xlsx": workbook}
        content = makers[ending](content)
    path.write_bytes(content)
    return path
