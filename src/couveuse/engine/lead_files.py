"""Leads as files: CSV for spreadsheets, NDJSON for programs; who took which filter out, and how many, is in the audit.

A file is written while it is read, page by page, so that its size is nobody's. In CSV a text that a spreadsheet would
work out as a formula has an apostrophe before it (OWASP, CSV injection).
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from psycopg import Connection

from couveuse.core.times import iso
from couveuse.engine.finding import Entry, Filters, Page
from couveuse.report.persons import person
from couveuse.store import audit

BEGAN: Final = "began to export leads"
DID: Final = "exported leads"
# What a spreadsheet takes for the beginning of a formula, in the width of Chinese and Japanese texts too.
FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
COLUMNS: Final = (
    "id", "lead", "name", "company", "job_title", "telephone", "source", "city", "country", "score", "band", "stage",
    "temperature", "class", "persona", "groups", "last_event_at", "created_at",
)  # fmt: skip


class Format(StrEnum):
    """How a file is written."""

    CSV = "csv"
    NDJSON = "ndjson"


MEDIA_TYPES: Final[Mapping[Format, str]] = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.NDJSON: "application/x-ndjson",
}


@dataclass(frozen=True, slots=True)
class Taken:
    """Who takes which leads out, and how."""

    by: str
    filters: Filters
    format: Format

    def about(self) -> dict[str, object]:
        """What the audit keeps: the names of the filters, and their words where they are ours."""
        ours = (
            "band", "stage", "temperature", "class", "active", "ripened", "entered", "score", "unsourced", "mine",
            "line", "import",
        )  # fmt: skip
        return {
            "format": self.format.value,
            "filters": sorted({name for name, _ in self.filters.pairs()}),
            "where": [f"{name}={value}" for name, value in self.filters.pairs() if name in ours],
        }


def written(
    pages: Iterable[Page], taken: Taken, connect: Callable[[], AbstractContextManager[Connection[Any]]],
    clock: Callable[[], int],
) -> Iterator[bytes]:  # fmt: skip
    """A file in pieces. That it began, and how many leads it held when it ended, is written into the audit."""
    _record(connect, taken, BEGAN, {}, clock())
    leads, is_whole = 0, False
    try:
        yield b"\xef\xbb\xbf" + _csv([COLUMNS]) if taken.format is Format.CSV else b""
        for page in pages:
            leads += len(page.entries)
            rows = [row_of(entry) for entry in page.entries]
            if taken.format is Format.CSV:
                yield _csv([[guarded(row[name]) for name in COLUMNS] for row in rows])
            else:
                traits = [dict(entry.card.traits) for entry in page.entries]
                yield b"".join(map(_line, rows, traits))
        is_whole = True
    finally:
        # Whoever hangs up has had what was sent.
        _record(connect, taken, DID, {"leads": leads, "whole": is_whole}, clock())


def row_of(entry: Entry) -> dict[str, Any]:
    """One lead as a row."""
    card, reading = entry.card, entry.reading
    who = person(card.traits)
    return {
        "id": card.lead_id,
        "lead": card.key,
        "name": who.name,
        "company": who.company or card.company or card.domain or "",
        "job_title": who.job_title,
        "telephone": who.telephone,
        "source": who.source,
        "city": _text(card.traits.get("city")),
        "country": _text(card.traits.get("country")),
        "score": round(reading.score, 6),
        "band": reading.band.id,
        "stage": "" if reading.stage is None else reading.stage.name.lower(),
        "temperature": reading.temperature.value,
        "class": "" if reading.lead_class is None else reading.lead_class.value,
        "persona": reading.persona or "",
        "groups": list(card.groups),
        "last_event_at": "" if reading.last_event_at is None else iso(reading.last_event_at),
        "created_at": iso(card.created_at),
    }


def _text(value: object) -> str:
    return str(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""


def guarded(value: object) -> object:
    """A cell that no spreadsheet works out; numbers are numbers.

    >>> guarded("=1+1"), guarded("Ada"), guarded(-3.5), guarded(["+33"])
    ("'=1+1", 'Ada', -3.5, "'+33")
    """
    if isinstance(value, list):
        value = "; ".join(map(str, value))
    if isinstance(value, str) and value.startswith(FORMULAS):
        return f"'{value}"
    return value


def _csv(rows: Sequence[Sequence[object]]) -> bytes:
    page = io.StringIO()
    csv.writer(page).writerows(rows)
    return page.getvalue().encode("utf-8", "replace")


def _line(row: Mapping[str, Any], traits: Mapping[str, Any]) -> bytes:
    empty = {name: None for name, value in row.items() if value == ""}
    return (json.dumps({**row, **empty, "traits": traits}, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def _record(
    connect: Callable[[], AbstractContextManager[Connection[Any]]], taken: Taken, did: str, more: Mapping[str, object],
    now: int,
) -> None:  # fmt: skip
    with connect() as connection, connection.transaction():
        audit.record(connection, by=taken.by, did=did, about={**taken.about(), **more}, now=now)
