"""Judged rows: times without a zone on every clock, what typed columns say, and what the disk or memory refuses."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from couveuse.core.plan import plan
from couveuse.core.times import instant, microseconds
from couveuse.documents.presets import preset
from couveuse.documents.reading import parse_model
from couveuse.errors import BadInput
from couveuse.history.inputs import find
from couveuse.history.staging import Options, Staging, as_couveuse_error, connect, offset_sql
from tests.cli.files import ndjson

LATEST = 7_000_000_000_000_000
MODEL = parse_model(preset("bareme-complet"), "bareme-complet").model
ZONES = ("Europe/Paris", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kolkata", "UTC", "Africa/Casablanca")


def instants(folder: Path, events: Path, zone: str = "Europe/Paris") -> list[int | None]:
    with connect(folder, threads=1, memory="900MB") as connection:
        staging = Staging(connection, folder, plan(MODEL), Options(ZoneInfo(zone), LATEST))
        staging.stage_events(find([str(events)], work=folder))
        return [inst for (inst,) in staging.sql("select inst from judged order by ref")]  # type: ignore[misc]


@pytest.mark.parametrize("zone", ZONES)
def test_times_without_a_zone_are_read_as_the_core_reads_them(zone: str, tmp_path: Path) -> None:
    rng = Random(zone)
    walls = [datetime(1990, 1, 1) + timedelta(seconds=rng.randrange(40 * 365 * 86400)) for _ in range(200)]  # noqa: DTZ001
    for year in (2025, 2026):
        for hour in range(365 * 24):
            at = datetime(year, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
            before, after = (at + timedelta(hours=h) for h in (-1, 1))
            if before.astimezone(ZoneInfo(zone)).utcoffset() != after.astimezone(ZoneInfo(zone)).utcoffset():
                local = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
                walls += [local + timedelta(minutes=minutes) for minutes in range(-150, 150, 7)]
    texts = [wall.isoformat() for wall in walls]
    events = tmp_path / "e.ndjson"
    events.write_bytes(ndjson([{"event": "X", "occurred_at": text, "email": "a@example.com"} for text in texts]))
    assert instants(tmp_path, events, zone) == [instant(text, ZoneInfo(zone)) for text in texts]


MOMENT = datetime(2026, 3, 3, 15, 0, 0, 123456, tzinfo=UTC)
WALL = datetime(2026, 3, 3, 15, 0, 0, 123456)  # noqa: DTZ001 - without a zone on purpose


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (pa.timestamp("us", "UTC"), MOMENT, "2026-03-03T15:00:00.123456Z"),
        (pa.timestamp("ns", "UTC"), MOMENT, "2026-03-03T15:00:00.123456Z"),
        (pa.timestamp("us", "America/New_York"), MOMENT, "2026-03-03T15:00:00.123456Z"),
        (pa.timestamp("us"), WALL, "2026-03-03T15:00:00.123456"),
        (pa.timestamp("ns"), WALL, "2026-03-03T15:00:00.123456"),
        (pa.timestamp("ms"), WALL.replace(microsecond=0), "2026-03-03T15:00:00"),
        (pa.date32(), date(2026, 3, 3), "2026-03-03"),
        (pa.string(), "2026-03-03T15:00:00+02:00", "2026-03-03T15:00:00+02:00"),
    ],
)
def test_a_typed_time_is_its_instant(kind: pa.DataType, value: object, expected: str, tmp_path: Path) -> None:
    table = pa.table({"event": ["X"], "occurred_at": pa.array([value], kind), "email": ["a@example.com"]})
    pq.write_table(table, tmp_path / "e.parquet")
    assert instants(tmp_path, tmp_path / "e.parquet") == [instant(expected, ZoneInfo("Europe/Paris"))]


def test_a_number_is_no_time(tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"event": ["X"], "occurred_at": [1772550000], "email": ["a@example.com"]}), tmp_path / "e.parquet"
    )
    assert instants(tmp_path, tmp_path / "e.parquet") == [None]


def test_the_offsets_of_clocks_are_those_of_the_years_asked_for() -> None:
    first, last = (microseconds(datetime(year, 6, 1, tzinfo=UTC)) for year in (2026, 2026))
    assert offset_sql(ZoneInfo("UTC"), first, last) == "0"
    with duckdb.connect() as connection:
        case = offset_sql(ZoneInfo("Europe/Paris"), first, last)
        assert connection.execute(f"select {case} from (select {first} as wall)").fetchone() == (7_200_000_000,)


@pytest.mark.parametrize(
    ("error", "cure"),
    [
        (duckdb.IOException("IO Error: No space left on device"), "set TMPDIR to a folder on another disk"),
        (duckdb.OutOfMemoryException("Out of Memory Error: no"), "give more with --memory"),
        (duckdb.IOException("IO Error: oh"), "copy it again"),
        (duckdb.InternalException("INTERNAL Error: oh"), "please report it"),
    ],
)
def test_what_duckdb_cannot_do_is_said_in_one_line_with_a_cure(error: duckdb.Error, cure: str) -> None:
    said = str(as_couveuse_error(error))
    assert cure in said
    assert "\n" not in said


@pytest.mark.parametrize("memory", ["", "much", "12"])
def test_an_amount_of_memory_is_one(memory: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="write it as --memory 900MB"):
        connect(tmp_path, threads=1, memory=memory)
