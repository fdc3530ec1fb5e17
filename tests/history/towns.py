"""Histories of many people for Spark: the random rows of the laws, household by household, and files that hold them."""

import csv
import gzip
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq

from couveuse.core.model import Model
from tests.laws import random_models, random_rows
from tests.laws import vocabulary as words
from tests.laws.strategies import World

Row = Mapping[str, object]
# A JVM that lives for seconds gains nothing from its second compiler.
QUICK_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
KEYS = ("event", "occurred_at", "email", "user_id", "anonymous_id", "message_id", "source")


def a_town(seed: int, households: int = 500) -> World:
    """A model, and people who each live in a household of their own: at least one lead or visitor in each."""
    rng = Random(seed)
    events = tuple(dict.fromkeys((rng.choice(words.COMMON), *rng.sample(words.EVENTS, rng.randint(3, 5)))))
    model = random_models.a_model(rng, events)
    rows = [row for number in range(households) for row in _household(rng, model, events, number)]
    rng.shuffle(rows)
    emails = sorted({str(row["email"]).strip().lower() for row in rows if row.get("email")})
    leads = [
        {**row, "email": email} for email in [*emails[::7], "quiet@example.com"] for row in random_rows.leads(rng)[:1]
    ]
    return World(seed, model, tuple(rows), tuple(leads))


def _household(rng: Random, model: Model, events: tuple[str, ...], number: int) -> Iterable[Row]:
    for row in random_rows.rows(rng, model, events, rng.choice((1, 3, 5, 8))):
        named = dict(row)
        for key in ("email", "user_id", "anonymous_id"):
            if key in row:
                named[key] = re.sub("alice|bob|shared", rf"\g<0>{number}", str(row[key]), flags=re.IGNORECASE)
        for key in ("message_id", "of"):
            if key in row:
                named[key] = f"{row[key]}-{number}"
        yield named


def shared_by(rows: Sequence[Row], files: int) -> list[list[Row]]:
    """The rows dealt out to several files, so that copies of one fact lie in different ones."""
    return [list(rows[number::files]) for number in range(files)]


def write_ndjson(path: Path, rows: Iterable[Row]) -> Path:
    """Lines of JSON, packed where the name says so."""
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def write_csv(path: Path, rows: Sequence[Row]) -> Path:
    """A table with a column for each name in any row; objects and lists as JSON."""
    columns = sorted({name for row in rows for name in row} | {"event", "occurred_at", "email"})
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return path


def _cell(value: object) -> object:
    return value if isinstance(value, str | None) else json.dumps(value, ensure_ascii=False)


def write_parquet(path: Path, rows: Sequence[Row], row_group: int = 100) -> Path:
    """Keys in columns of their own, all else in columns of JSON, in small row groups."""
    held: dict[str, list[str | None]] = {name: [] for name in (*KEYS, "properties", "context", "traits")}
    for row in rows:
        inner = row.get("properties")
        bare = {name: value for name, value in row.items() if name not in held}
        properties = {**bare, **(inner if isinstance(inner, Mapping) else {})}
        for name in KEYS:
            held[name].append(None if row.get(name) is None else str(row[name]))
        for name, value in (("properties", properties), ("context", row.get("context")), ("traits", row.get("traits"))):
            held[name].append(json.dumps(value, ensure_ascii=False) if value else None)
    columns = {name: pa.array(values, pa.string()) for name, values in held.items()}
    pq.write_table(pa.table(columns), path, row_group_size=row_group)
    return path
